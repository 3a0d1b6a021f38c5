"""Recognising a folder of image and mask files that is not converted yet, and listing its pairs."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from deeplab_tf.datasets.class_names import read_class_names
from deeplab_tf.datasets.dataset import INDEX_NAME
from deeplab_tf.datasets.findings import Finding
from deeplab_tf.datasets.folder import folder_pairs, infer_labels
from deeplab_tf.datasets.image_lists import read_lines
from deeplab_tf.datasets.pairs import Pair
from deeplab_tf.datasets.voc import LISTS, devkit_folder, voc_pairs
from deeplab_tf.labels import LabelSpec, label_spec

_DEFAULT_SPLITS = ("train", "val")
_NAMES_FILE = "class_names.txt"


@dataclasses.dataclass(frozen=True)
class RawSource:
    """A data set before conversion: its labels, its pairs by split, and what its lists show already."""

    labels: LabelSpec
    pairs: dict[str, list[Pair]]
    findings: tuple[Finding, ...] = ()


def find_source(
    path: Path,
    splits: Sequence[str] | None,
    labels: LabelSpec | Mapping | str | int | None,
    masks: str | os.PathLike | None,
) -> RawSource | None:
    """What `path` holds, where it is no folder of TFRecords.

    Args:
        path: The folder.
        splits: As for `inspect_dataset`.
        labels: As for `inspect_dataset`.
        masks: As for `inspect_dataset`.

    Returns:
        The pairs, or None for a folder of TFRecords and for one that is missing.

    Raises:
        ValueError: If it is neither, or a list or folder is missing.
    """
    if masks is not None:
        return _folder_source(path, Path(masks), path / _NAMES_FILE, splits, labels)
    if not path.is_dir() or (path / INDEX_NAME).is_file() or any(path.glob("*-?????-of-?????*")):
        return None
    if (path / "images").is_dir() and (path / "masks").is_dir():
        return _folder_source(path / "images", path / "masks", path / _NAMES_FILE, splits, labels)
    try:
        root = devkit_folder(path)
    except ValueError as error:
        raise ValueError(
            f"{path} holds neither TFRecords, nor PASCAL VOC's {LISTS.as_posix()}, nor the folders images and masks. "
            "Give one of these, or a folder of images with that of its masks (--masks)."
        ) from error
    return _voc_source(root, splits, labels)


def _folder_source(
    images: Path,
    masks: Path,
    names: Path,
    splits: Sequence[str] | None,
    labels: LabelSpec | Mapping | str | int | None,
) -> RawSource:
    if splits is not None and len(splits) > 1:
        raise ValueError(f"A folder of images is one split; received {list(splits)}. Name one, or leave it out.")
    pairs = folder_pairs(images, masks)
    if labels is not None:
        spec = label_spec(labels)
    elif names.is_file():
        spec = read_class_names(names)
    else:
        try:
            spec = infer_labels(pairs, 255, os.cpu_count() or 1)
        except ValueError:
            # Masks of fewer than two ids: what is wrong with them is for the audit to say.
            spec = label_spec(2)
    return RawSource(spec, {splits[0] if splits else "train": pairs})


def _voc_source(root: Path, splits: Sequence[str] | None, labels: LabelSpec | Mapping | str | int | None) -> RawSource:
    spec = label_spec("pascal_voc")
    if labels is not None and label_spec(labels) != spec:
        raise ValueError(f"{root} is laid out as PASCAL VOC, whose labels are 'pascal_voc'. Leave labels out.")
    lists = {path.stem: path for path in sorted((root / LISTS).glob("*.txt"))}
    if splits is None:
        splits = [name for name in _DEFAULT_SPLITS if name in lists] or list(lists)
    pairs = {split: voc_pairs(root, split) for split in splits}
    listed = {pair.name for split in lists for pair in voc_pairs(root, split)}
    findings = [*_blank_lines(lists, splits), *_unlisted(root, listed)]
    return RawSource(spec, pairs, tuple(findings))


def _blank_lines(lists: dict[str, Path], splits: Sequence[str]) -> list[Finding]:
    return [
        Finding("blank_line", f"{lists[split]}: line {number} is blank. Remove it.", split, file=str(lists[split]))
        for split in splits
        if split in lists
        for number, line in enumerate(read_lines(lists[split]), start=1)
        if not line.strip()
    ]


def _unlisted(root: Path, listed: set[str]) -> list[Finding]:
    return [
        Finding(
            "unlisted",
            f"{mask} has an image, but no list in {LISTS.as_posix()} names it. Add it to one, or remove it.",
            name=mask.stem,
            file=str(mask),
        )
        for mask in sorted((root / "SegmentationClass").glob("*.png"))
        if mask.stem not in listed and (root / "JPEGImages" / f"{mask.stem}.jpg").is_file()
    ]
