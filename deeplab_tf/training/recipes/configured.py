"""Published settings with the user's in their place, for one run or for stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deeplab_tf.training.config import TrainConfig, stage_folder
from deeplab_tf.training.optimisation.tables import LOSSES

# How the original release updates weights, whatever is trained: its own form of momentum, biases at twice the rate.
RELEASE = {"optimizer": "momentum", "momentum": 0.9, "optimizer_settings": {"multipliers": {"biases": 2}}}
# What belongs to another setting, and goes where that is another one.
_BELONGS = {
    "network": "model",
    "loss_settings": "loss",
    "schedule_settings": "schedule",
    "optimizer_settings": "optimizer",
}
# What a stage on data of its own does not take from the user's.
_OF_DATA = (
    "data", "masks", "mask_suffix", "ids", "labels", "train_split", "val_split", "val_data", "val_masks", "val_share",
)  # fmt: skip


def configured(given: Mapping[str, Any], **published: Any) -> TrainConfig:
    """The settings of a run.

    Args:
        given: The user's settings; each replaces the published one. Of further arguments, such as those of the network,
            each single one does.
        **published: The recipe's.

    Raises:
        ValueError: As `TrainConfig`.

    Example:
        >>> configured({"data": "voc", "output": "run", "steps": 6}, model="v3plus", steps=30_000).steps
        6
    """
    settings = {**published, **given}
    for name, owner in _BELONGS.items():
        if owner in given and given[owner] != published.get(owner):
            settings[name] = given.get(name)
        elif published.get(name) and given.get(name):
            settings[name] = {**published[name], **given[name]}
    # They belong to losses of pixels, of whichever name.
    loss = LOSSES.get(given.get("loss", ""))
    if loss and settings.get("class_weights") and "class_weights" not in given and not loss.takes("class_weights"):
        settings["class_weights"] = None
    return TrainConfig(**settings)


def staged(given: Mapping[str, Any], *stages: Mapping[str, Any]) -> list[TrainConfig]:
    """The settings of runs that follow one another, each from the weights of the one before.

    Args:
        given: The user's settings, which hold for every stage; `weights` are those of the first. A stage that names
            its own `data` takes nothing from them that is about data.
        *stages: The published settings of each stage.

    Raises:
        ValueError: As `TrainConfig`.

    Example:
        >>> [stage.output for stage in staged({"data": "voc", "output": "run"}, {"steps": 9}, {"steps": 3})]
        ['run/stage-1', 'run/stage-2']
    """
    output, found = given["output"], []
    for number, published in enumerate(stages, 1):
        own = {name: value for name, value in given.items() if "data" not in published or name not in _OF_DATA}
        own["output"] = stage_folder(output, number)
        if number > 1:
            own["weights"] = stage_folder(output, number - 1)
        found.append(configured(own, **published))
    return found


def with_coco(
    given: Mapping[str, Any], coco: str, after: float, first: Mapping[str, Any], *others: Mapping[str, Any]
) -> list[TrainConfig]:
    """A stage on COCO before those of PASCAL VOC, as `staged`.

    It has the settings of the first of them; the papers do not state those of COCO.

    Args:
        given: The user's settings.
        coco: Folder of COCO with PASCAL VOC's classes, as `deeplab-tf convert coco` makes it, with train and val.
        after: The learning rate at which the first stage on PASCAL VOC then begins.
        first: The settings of that stage.
        *others: Those of the stages after it.
    """
    of_coco = {**first, "data": coco, "train_split": "train"}
    return staged(given, of_coco, {**first, "learning_rate": after}, *others)
