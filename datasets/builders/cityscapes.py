"""Cityscapes into TFRecords, its 34 label ids as the 19 train ids, and back for the evaluation server."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from deeplab_tf.checks import one_of
from deeplab_tf.datasets.records.pairs import Pair
from deeplab_tf.images import read_mask
from deeplab_tf.progress import counted

# The label id of every train id, from the data set's official table; all other label ids are void.
LABEL_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
_LAST_LABEL_ID = 33
_IGNORE = 255
_UNLABELED = 0
_TO_TRAIN_IDS = np.full(256, _IGNORE, np.uint8)
_TO_TRAIN_IDS[list(LABEL_IDS)] = np.arange(len(LABEL_IDS))
_TO_LABEL_IDS = np.full(256, _UNLABELED, np.uint8)
_TO_LABEL_IDS[: len(LABEL_IDS)] = LABEL_IDS

# A split is made of folders of the images, with one kind of annotation.
SPLITS = {
    "train": (("train",), "gtFine"),
    "val": (("val",), "gtFine"),
    "test": (("test",), "gtFine"),
    "trainval": (("train", "val"), "gtFine"),
    "train_extra": (("train_extra",), "gtCoarse"),
    "train_coarse": (("train", "train_extra"), "gtCoarse"),
    "val_coarse": (("val",), "gtCoarse"),
    "trainval_coarse": (("train", "train_extra", "val"), "gtCoarse"),
}
_SUFFIXES = {"train": "labelTrainIds", "label": "labelIds"}
IDS = ("auto", *_SUFFIXES)


def cityscapes_pairs(root: str | os.PathLike, split: str, *, ids: str = "auto") -> list[Pair]:
    """The pairs of one split of Cityscapes, named `CITY_SEQUENCE_FRAME`, in the order of their names.

    Args:
        root: The folder that holds `leftImg8bit` and `gtFine` or `gtCoarse`.
        split: A key of `SPLITS`: `train`, `val`, `test`, `trainval` with fine annotations, or
            `train_extra`, `train_coarse`, `val_coarse`, `trainval_coarse` with coarse ones. Every pixel of `test` is
            ignored: its annotations are not published.
        ids: Which masks to read: `train` for `*_labelTrainIds.png`, `label` for `*_labelIds.png`, which are mapped
            here, and `auto` for the former where every image of the split has one, the latter otherwise.

    Returns:
        The pairs, whose masks are read as train ids.

    Raises:
        ValueError: If the folder is not laid out so, or an argument is unknown.

    Example:
        >>> cityscapes_pairs("cityscapes", "val")[0].name
        'frankfurt_000000_000294'
    """
    split = one_of("split", split, SPLITS)
    ids = one_of("ids", ids, IDS)
    folders, annotation = SPLITS[split]
    frames = [frame for folder in folders for frame in _frames(Path(root), folder, annotation)]
    paths = {kind: [frame.mask(kind) for frame in frames] for kind in _SUFFIXES}
    present = {kind: sum(path.is_file() for path in paths[kind]) for kind in _SUFFIXES}
    if not any(present.values()):
        raise ValueError(
            f"{Path(root) / annotation} has no *_{annotation}_labelIds.png for {counted(len(frames), 'image')} of "
            f"{split!r}. Unpack Cityscapes' {annotation} archive there."
        )
    kind = ids
    if kind == "auto":
        kind = "train" if present["train"] == len(frames) else "label"
    if not present[kind]:
        other = "label" if kind == "train" else "train"
        raise ValueError(
            f"{Path(root) / annotation} has no {kind} ids for {split!r}, such as {paths[kind][0].name}, but {other} "
            f"ids. Give ids {other!r}."
        )
    read: Callable[[Path], np.ndarray] = read_train_ids if kind == "train" else read_label_ids
    return [Pair(frame.name, frame.image, mask, read) for frame, mask in zip(frames, paths[kind])]


@dataclasses.dataclass(frozen=True)
class _Frame:
    """One image of Cityscapes: where it and its masks should be."""

    root: Path
    split: str
    annotation: str
    city: str
    name: str

    @property
    def image(self) -> Path:
        return self.root / "leftImg8bit" / self.split / self.city / f"{self.name}_leftImg8bit.png"

    def mask(self, kind: str) -> Path:
        folder = self.root / self.annotation / self.split / self.city
        return folder / f"{self.name}_{self.annotation}_{_SUFFIXES[kind]}.png"


def _frames(root: Path, split: str, annotation: str) -> list[_Frame]:
    """All frames with an image or a mask, by name; verification reports the missing halves."""
    images, masks = root / "leftImg8bit" / split, root / annotation / split
    if not any(images.glob("*/*_leftImg8bit.png")):
        raise ValueError(
            f"{images} has no CITY/*_leftImg8bit.png. Give the folder that holds leftImg8bit and gtFine or gtCoarse."
        )
    kinds = [(images, "_leftImg8bit.png"), *((masks, f"_{annotation}_{end}.png") for end in _SUFFIXES.values())]
    found = {
        (path.parent.name, path.name.removesuffix(end)) for folder, end in kinds for path in folder.glob(f"*/*{end}")
    }
    return [_Frame(root, split, annotation, city, name) for city, name in sorted(found)]


def read_train_ids(path: Path) -> np.ndarray:
    """A `*_labelTrainIds.png`: train ids 0-18 and 255, uint8 `[H, W]`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a mask or holds label ids instead; the message names it.
    """
    mask = read_mask(path)
    wrong = np.unique(mask[(mask >= len(LABEL_IDS)) & (mask != _IGNORE)])
    if wrong.size and wrong.max() <= _LAST_LABEL_ID:
        raise ValueError(
            f"{path} holds {wrong.tolist()}; expected train ids 0-{len(LABEL_IDS) - 1} or {_IGNORE}. These are label "
            "ids: make train ids of them again, or read the *_labelIds.png instead (ids 'label', --ids label)."
        )
    return mask


def read_label_ids(path: Path) -> np.ndarray:
    """A `*_labelIds.png` as train ids, uint8 `[H, W]`: 0-18, and 255 for all that is not evaluated.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a mask or holds other ids; the message names it.
    """
    mask = read_mask(path)
    wrong = np.unique(mask[mask > _LAST_LABEL_ID])
    if wrong.size:
        raise ValueError(
            f"{path} holds {wrong.tolist()}; expected label ids 0-{_LAST_LABEL_ID}. Where they are train ids, which "
            "have 255, restore the file from Cityscapes' archive."
        )
    return _TO_TRAIN_IDS[mask]


def cityscapes_eval_ids(labels: np.ndarray) -> np.ndarray:
    """Train ids as the label ids that Cityscapes' evaluation server expects.

    Args:
        labels: Train ids, integer 0-18, or 255 for unlabelled, any shape.

    Returns:
        Label ids, uint8, same shape; 0 (unlabeled) for 255.

    Raises:
        ValueError: If there are other values.

    Example:
        >>> cityscapes_eval_ids(np.array([[0, 10, 18]]))
        array([[ 7, 23, 33]], dtype=uint8)
    """
    labels = np.asarray(labels)
    wrong = np.unique(labels[((labels < 0) | (labels >= len(LABEL_IDS))) & (labels != _IGNORE)])
    if wrong.size:
        raise ValueError(
            f"Received the ids {wrong.tolist()[:8]}; expected Cityscapes' train ids 0-{len(LABEL_IDS) - 1}, or "
            f"{_IGNORE}. Use a model of Cityscapes' 19 classes."
        )
    return _TO_LABEL_IDS[labels]
