"""The settings of a search."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from deeplab_tf.checks import one_of as checked_one_of
from deeplab_tf.settings import FLAG, TEXT, Kind, Settings, number, one_of, setting, size, whole
from deeplab_tf.training.data_settings import LABELS
from deeplab_tf.training.groups import check_devices, devices_setting

if TYPE_CHECKING:
    from deeplab_tf.nas.space import SearchSpace


@dataclasses.dataclass(frozen=True, kw_only=True)
class SearchSettings(Settings):
    """What a search does; the defaults are the Auto-DeepLab paper's (section 5.1).

    Raises:
        ValueError: If a value is not possible; the message says what is.

    Example:
        >>> SearchSettings(data="camvid", output="searches/camvid", layers=6, blocks=3, crop_size=129).space.alpha_shape
        (9, 8)
    """

    data: str = setting(TEXT, "Folder of TFRecords, of images and masks, or of TFDS.")
    output: str = setting(TEXT, "Folder of the search; one that was cut off goes on.")
    masks: str | None = setting(TEXT, "Folder of the masks, where --data is one of images.", default=None)
    labels: str | None = setting(LABELS, "Label set where --data does not say its own.", default=None)
    train_split: str = setting(
        TEXT, "Split that is halved: one for the weights, one for the architecture.", default="train"
    )
    layers: int = setting(whole(most=100, remedy="The paper has 12."), "Cells in a row.", default=12)
    blocks: int = setting(whole(most=32, remedy="The paper has 5."), "Sums of two operations in a cell.", default=5)
    filters: int = setting(whole(most=1024, remedy="The paper has 8."), "Channels at stride 4.", default=8)
    crop_size: int | tuple[int, int] = setting(
        size(remedy="Try 129."), "Side or HEIGHTxWIDTH of the crops, a multiple of 32 and 1 more.", default=321
    )
    max_side: int | tuple[int, int] | None = setting(
        Kind("limit", size(remedy="Try 513.").check),
        "Scale larger images down to this side, or to fit HEIGHTxWIDTH, first.",
        default=None,
    )
    batch_size: int = setting(whole(remedy="The paper has 2."), "Images per step.", default=2)
    epochs: int = setting(whole(remedy="The paper has 40."), "Times that the weights see their half.", default=40)
    architecture_epoch: int = setting(
        whole(least=0, remedy="The paper has 20."), "Epochs before the architecture learns too.", default=20
    )
    learning_rate: float = setting(number(above=0, remedy="The paper has 0.025."), "Of the weights.", default=0.025)
    end_learning_rate: float = setting(
        number(least=0, remedy="The paper has 0.001."), "At the end of its cosine.", default=0.001
    )
    momentum: float = setting(number(least=0, below=1, remedy="Try 0.9."), "Of the weights' SGD.", default=0.9)
    weight_decay: float = setting(number(least=0, remedy="Try 3e-4."), "Of the weights.", default=3e-4)
    architecture_learning_rate: float = setting(
        number(above=0, remedy="The paper has 0.003."), "Of the architecture's Adam.", default=3e-3
    )
    architecture_weight_decay: float = setting(
        number(least=0, remedy="The paper has 0.001."), "Of the architecture.", default=1e-3
    )
    recompute: bool = setting(
        FLAG, "Compute each cell again for its gradient: a fifth more time, and less memory.", default=False
    )
    eval_images: int = setting(
        whole(remedy="Try 100."), "Crops of the architecture's half to measure the mean IoU on.", default=100
    )
    checkpoint_minutes: float = setting(
        number(above=0, remedy="Try 5."), "Minutes between checkpoints within an epoch.", default=5.0
    )
    seed: int = setting(whole(least=0, remedy="Try 0."), "Of the initial values, the halves, and the data.", default=0)
    strategy: str = setting(
        one_of(("one", "mirrored")), "Who shares a step: one device, or those of this host.", default="one"
    )
    devices: int | None = devices_setting()

    def __post_init__(self):
        super().__post_init__()
        check_devices(self.devices, self.strategy)
        if self.architecture_epoch >= self.epochs:
            raise ValueError(
                f"architecture_epoch must be below epochs, {self.epochs}, for the architecture to learn at all; "
                f"received {self.architecture_epoch}. Take half the epochs, as the paper does."
            )

    @property
    def space(self) -> SearchSpace:
        """What is searched over."""
        from deeplab_tf.nas.space import SearchSpace

        return SearchSpace(self.layers, self.blocks, self.filters)

    @property
    def crop(self) -> tuple[int, int]:
        """(height, width) of the crops."""
        return self.crop_size if isinstance(self.crop_size, tuple) else (self.crop_size, self.crop_size)


# Small enough for two cores: minutes for a first look, and an hour.
SEARCHES: dict[str, dict[str, Any]] = {
    "published": {"max_side": (512, 1024)},
    "hour_cpu": {
        "layers": 6, "blocks": 3, "filters": 8, "crop_size": 129, "max_side": (180, 240), "epochs": 24,
        "architecture_epoch": 8, "batch_size": 2,
    },
    "minutes_cpu": {
        "layers": 4, "blocks": 2, "filters": 4, "crop_size": 65, "max_side": 129, "epochs": 4, "architecture_epoch": 2,
    },
}  # fmt: skip


def search_settings(recipe: str = "published", **given: Any) -> SearchSettings:
    """The settings of a recipe, of which any may be given; `published` is the Auto-DeepLab paper's.

    Args:
        recipe: A key of `SEARCHES`.
        **given: Those of `SearchSettings`.

    Returns:
        The recipe's, and the defaults of `SearchSettings` for the rest.

    Raises:
        ValueError: If there is no such recipe, or a value is not possible.

    Example:
        >>> search_settings("hour_cpu", data="camvid", output="searches/1", epochs=20).layers
        6
    """
    return SearchSettings(**{**SEARCHES[checked_one_of("recipe", recipe, SEARCHES)], **given})
