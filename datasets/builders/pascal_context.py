"""PASCAL-Context, whose masks are MATLAB files over the images of PASCAL VOC 2010, into TFRecords."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from deeplab_tf.checks import one_of
from deeplab_tf.datasets.builders.image_lists import read_names
from deeplab_tf.datasets.builders.matlab import read_mat
from deeplab_tf.datasets.records.pairs import Pair
from deeplab_tf.files.reading import reading
from deeplab_tf.labels import LabelSpec

# The frequent ones of the 459, in the order of their ids there, which is that of most published results. The data
# set's own 59_labels.txt has another order and spells three names in another way.
NAMES = (
    "aeroplane", "bag", "bed", "bedclothes", "bench", "bicycle", "bird", "boat", "book", "bottle", "building", "bus",
    "cabinet", "car", "cat", "ceiling", "chair", "cloth", "computer", "cow", "cup", "curtain", "dog", "door", "fence",
    "floor", "flower", "food", "grass", "ground", "horse", "keyboard", "light", "motorbike", "mountain", "mouse",
    "person", "plate", "platform", "pottedplant", "road", "rock", "sheep", "shelves", "sidewalk", "sign", "sky",
    "snow", "sofa", "table", "track", "train", "tree", "truck", "tvmonitor", "wall", "water", "window", "wood",
)  # fmt: skip
_LABELS = {
    59: LabelSpec(NAMES, name="pascal_context_59"),
    60: LabelSpec(("background", *NAMES), name="pascal_context"),
}
_DEVKITS = ("VOCdevkit/VOC2010", "VOC2010", ".")
_LISTS = ("ImageSets/SegmentationContext", "ImageSets/Main")


def pascal_context_pairs(
    root: str | os.PathLike, split: str, *, classes: int = 60, voc: str | os.PathLike | None = None
) -> tuple[list[Pair], LabelSpec]:
    """The pairs of one split of PASCAL-Context and what their label ids mean.

    Args:
        root: The folder with `trainval/*.mat` and `labels.txt`, and, unless `voc` says otherwise, with the devkit of
            PASCAL VOC 2010 (`VOCdevkit/VOC2010`, or its folders themselves).
        split: `train`, `val` or `trainval`: lists in the devkit's `ImageSets/Main`.
        classes: 60 for the 59 frequent classes behind a background of all else, as the DeepLab papers have it; 59
            for these alone, all else ignored (255); 459 for all classes of `labels.txt`, in masks of 16 bits, with
            what has none ignored (65535).
        voc: The folder of VOC 2010 that holds `JPEGImages` and `ImageSets`.

    Returns:
        The pairs, and the label specification.

    Raises:
        ValueError: If the folders are not laid out so, or `labels.txt` is another.
        ImportError: If SciPy is missing; the message names the extra to install. Reading a mask raises it.

    Example:
        >>> pairs, labels = pascal_context_pairs("pascal-context", "train")
        >>> len(pairs), labels.classes
        (4998, 60)
    """
    root = Path(root)
    names = _read_labels(root / "labels.txt")
    if one_of("classes", classes, (*_LABELS, 459)) == 459:
        labels = LabelSpec(tuple(names.values()), ignore_label=65535, name="pascal_context_459")
    else:
        labels = _LABELS[classes]
    table = _table(root / "labels.txt", names, labels)
    if not (root / "trainval").is_dir():
        raise ValueError(f"{root} has no folder trainval. Give the folder that holds trainval/*.mat and labels.txt.")
    devkit = _devkit(root, voc)
    lists = {path.stem: path for place in reversed(_LISTS) for path in sorted((devkit / place).glob("*.txt"))}
    if split not in lists:
        plain = sorted(name for name in lists if "_" not in name)
        raise ValueError(
            f"{devkit} has no list {split}.txt in {' or '.join(_LISTS)}; it has {plain}. Name one of them."
        )
    read = functools.partial(_read_map, table=table)
    images, masks = devkit / "JPEGImages", root / "trainval"
    pairs = [Pair(name, images / f"{name}.jpg", masks / f"{name}.mat", read) for name in read_names(lists[split])]
    return pairs, labels


def _devkit(root: Path, voc: str | os.PathLike | None) -> Path:
    places = [root / place for place in _DEVKITS] if voc is None else [Path(voc)]
    for place in places:
        if (place / "JPEGImages").is_dir() and any((place / lists).is_dir() for lists in _LISTS):
            return place
    raise ValueError(
        f"{root if voc is None else voc} has no JPEGImages and ImageSets of PASCAL VOC 2010. Give the devkit's folder "
        "VOC2010 as voc, or move it there."
    )


def _read_labels(path: Path) -> dict[int, str]:
    """The names of `labels.txt` by id, 1 to 459, from lines such as `2: aeroplane`."""
    if not path.is_file():
        raise ValueError(f"{path} is missing. Give the folder that holds trainval/*.mat and labels.txt.")
    with reading(path, "a file of lines such as '2: aeroplane'", "Restore PASCAL-Context's labels.txt."):
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        names = {int(number): name.strip() for number, name in (line.split(":", 1) for line in lines)}
    # Some names come with a blank (potted plant), some without.
    lost = sorted(set(NAMES) - {name.replace(" ", "") for name in names.values()})
    if lost or sorted(names) != list(range(1, len(names) + 1)):
        raise ValueError(
            f"{path} is another file: expected the ids 1 to 459 and among their names the 59 frequent ones; it has "
            f"{len(names)} ids{f' and lacks {lost[:5]}' if lost else ''}. Restore PASCAL-Context's labels.txt."
        )
    return names


def _table(path: Path, names: Mapping[int, str], labels: LabelSpec) -> np.ndarray:
    """The label id of every id of the files, of which 0 is none."""
    ids = {name.replace(" ", ""): value for value, name in enumerate(labels.names)}
    other = ids.get("background", labels.ignore_label)
    values = [other, *(ids.get(names[number].replace(" ", ""), other) for number in sorted(names))]
    return np.array(values, np.uint16 if labels.ignore_label > 255 else np.uint8)


def _read_map(path: Path, *, table: np.ndarray) -> np.ndarray:
    found = read_mat(path, "LabelMap")
    if found.min() < 0 or found.max() >= table.size:
        raise ValueError(
            f"{path} holds ids from {found.min()} to {found.max()}; labels.txt has 1 to {table.size - 1}. Give "
            "PASCAL-Context's own files."
        )
    return table[found]
