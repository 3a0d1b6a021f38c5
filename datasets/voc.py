"""PASCAL VOC's devkit folder into TFRecords."""

from __future__ import annotations

import os
from pathlib import Path

from deeplab_tf.datasets.convert import ConversionReport, convert_pairs
from deeplab_tf.datasets.pairs import Pair
from deeplab_tf.labels import label_spec

_LISTS = Path("ImageSets", "Segmentation")
_NESTINGS = (Path(), Path("VOC2012"), Path("VOCdevkit", "VOC2012"))


def convert_voc(
    root: str | os.PathLike,
    split: str,
    output: str | os.PathLike,
    *,
    shards: int | None = None,
    workers: int | None = None,
    skip_bad: bool = False,
    overwrite: bool = False,
) -> ConversionReport:
    """Converts one split of PASCAL VOC, or of a data set laid out like it.

    Args:
        root: The folder that holds `JPEGImages`, `SegmentationClass` and `ImageSets/Segmentation` (or the
            `VOCdevkit` folder above it).
        split: The name of a list in `ImageSets/Segmentation`: `train`, `val`, `trainval`. The list's order is
            kept.
        output: The data set's folder; other splits in it stay.
        shards: Number of files; one for every 256 images when left out.
        workers: Threads that read and verify; one a core when left out.
        skip_bad: Leave bad pairs out and list them in the report, instead of failing.
        overwrite: Replace the split if it is there already.

    Returns:
        What was written and what was skipped.

    Raises:
        ValueError: If the folder is not laid out so, there is no such list, a pair is missing or bad, or the
            output cannot be written.

    Example:
        >>> convert_voc("VOCdevkit/VOC2012", "train", "voc-tfrecords").images
        {'train': 1464}
    """
    root = _devkit(Path(root))
    lists = {path.stem: path for path in sorted((root / _LISTS).glob("*.txt"))}
    if split not in lists:
        raise ValueError(f"{root / _LISTS} has no list {split}.txt; it has {sorted(lists)}. Name one of them.")
    names = lists[split].read_text(encoding="utf-8").split()
    pairs = [
        Pair(name, root / "JPEGImages" / f"{name}.jpg", root / "SegmentationClass" / f"{name}.png") for name in names
    ]
    return convert_pairs(
        {split: pairs},
        label_spec("pascal_voc"),
        output,
        shards=shards,
        workers=workers,
        skip_bad=skip_bad,
        overwrite=overwrite,
    )


def _devkit(root: Path) -> Path:
    for nesting in _NESTINGS:
        if (root / nesting / _LISTS).is_dir():
            return root / nesting
    raise ValueError(
        f"{root} has no {_LISTS.as_posix()} folder. Give the folder that holds JPEGImages, SegmentationClass and "
        "ImageSets."
    )
