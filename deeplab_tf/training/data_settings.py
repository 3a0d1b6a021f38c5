"""The group of a run's settings that says what it reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from deeplab_tf import checks
from deeplab_tf.labels import LabelSpec, label_spec
from deeplab_tf.settings import TEXT, Kind, Settings, number, one_of, setting, size

SAMPLINGS = ("uniform", "class_balanced")


def _labels(name: str, value: Any) -> str | int | dict:
    if not (isinstance(value, str) and value.endswith(".txt")):
        label_spec(value)
    return value.to_dict() if isinstance(value, LabelSpec) else value


LABELS = Kind("labels", _labels)


def _ids(name: str, value) -> tuple[int, ...]:
    return checks.whole_numbers(name, value, least=0, remedy="Try (0, 255).")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataSettings(Settings):
    """What the run reads, and the size at which it does.

    Raises:
        ValueError: If a value is not possible; the message says what is.

    Example:
        >>> DataSettings(folder="voc-tfrecords", crop_size=(257, 513)).crop
        (257, 513)
    """

    folder: str = setting(
        TEXT,
        "Folder of TFRecords, of images and masks, of an annotator's JSON files, or of TFDS.",
        more="What `deeplab_tf.datasets.open_data` takes.",
        name="data",
    )
    masks: str | None = setting(TEXT, "Folder of the masks, where --data is one of images.", default=None)
    mask_suffix: str | None = setting(
        TEXT, "What follows the image's name in a mask's.", unset="_mask, _labels, ...", default=None
    )
    ids: tuple[int, ...] | None = setting(
        Kind("ids", _ids), "The value that each class has in the masks, in order: 0,255.", default=None
    )
    labels: str | int | Mapping[str, Any] | None = setting(
        LABELS,
        "Label set where --data does not say its own: pascal_voc, ..., a number, or a .txt file of class names.",
        default=None,
    )
    train_split: str = setting(TEXT, "Split to train on.", default="train")
    val_split: str | None = setting(TEXT, "Split to validate on.", unset="val, if there", default=None)
    val_data: str | None = setting(
        TEXT, "Where the images to validate on are, if elsewhere; anything that --data may be.", default=None
    )
    val_masks: str | None = setting(TEXT, "Folder of their masks, where --val-data is one of images.", default=None)
    val_share: float | None = setting(
        number(least=0, below=1, remedy="0.2 takes every fifth image."),
        "Share of a folder of images and masks to validate on, the same for every seed.",
        unset="0.1, where nothing else says what to validate on",
        default=None,
    )
    crop_size: int | tuple[int, int] = setting(
        size(remedy="Try 257."),
        "Side or HEIGHTxWIDTH of the crops.",
        more="In pixels, larger than the output stride; output stride x k + 1 is best. Prediction pads smaller images "
        "to it.",
        default=257,
    )
    max_side: int | tuple[int, int] | None = setting(
        Kind("limit", size(remedy="Try 513.").check),
        "Scale larger images down to this side first.",
        more="Or to fit this (height, width). Validation compares at the images' own size.",
        default=None,
    )
    sampling: str = setting(
        one_of(SAMPLINGS),
        "How images are drawn.",
        more="Uniform: every image once per epoch. Class-balanced: as if a class were drawn and then an image in "
        "which it occurs, each evenly; this reads all masks first.",
        default="uniform",
    )

    @property
    def crop(self) -> tuple[int, int]:
        """(height, width) of the training crops."""
        return self.crop_size if isinstance(self.crop_size, tuple) else (self.crop_size, self.crop_size)
