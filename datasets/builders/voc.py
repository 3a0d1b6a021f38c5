"""PASCAL VOC's devkit folder into TFRecords, with SBD's masks for train_aug."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from deeplab_tf.datasets.audit.faults import BadPair
from deeplab_tf.datasets.audit.findings import Finding
from deeplab_tf.datasets.builders.image_lists import read_lines, read_names
from deeplab_tf.datasets.builders.sbd import read_sbd_mask, sbd_folder, train_aug_names
from deeplab_tf.datasets.records.pairs import Pair, mask_values
from deeplab_tf.images import read_mask
from deeplab_tf.labels import voc_colors

TRAIN_AUG = "train_aug"
LISTS = Path("ImageSets", "Segmentation")
_NESTINGS = (Path(), Path("VOC2012"), Path("VOCdevkit", "VOC2012"))
_TRAIN_AUG_LISTS = (
    LISTS / "train_aug.txt",
    LISTS / "trainaug.txt",
    Path("ImageSets", "SegmentationAug", "train_aug.txt"),
    Path("ImageSets", "SegmentationAug", "trainaug.txt"),
    Path("list", "train_aug.txt"),
)
_AUG_MASKS = ("SegmentationClassAug", "SegmentationClass_aug", "SegmentationAug")
# What SBD's archive unpacks to.
_SBD = "benchmark_RELEASE"
_COLORS = np.array(voc_colors(256), np.uint8)
_GREYS = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


def voc_pairs(root: str | os.PathLike, split: str, *, sbd: str | os.PathLike | None = None) -> list[Pair]:
    """The pairs of one split of PASCAL VOC.

    `train_aug` is the field's training set of 10,582 images: PASCAL VOC's train, and what SBD has beyond PASCAL VOC's
    train and val. With `sbd`, PASCAL VOC's own masks serve for its train and SBD's `.mat` files for the rest, and where
    the devkit has no list `train_aug.txt` or `trainaug.txt`, the names come from the lists of both. Without it,
    list and masks are those of the usual download, `SegmentationClassAug/*.png`.

    Args:
        root: The folder that holds `JPEGImages`, `SegmentationClass` and `ImageSets/Segmentation` (or the
            `VOCdevkit` folder above it).
        split: The name of a list in `ImageSets/Segmentation`: `train`, `val`, `trainval`; or `train_aug`. The list's
            order is kept.
        sbd: For `train_aug`: SBD's folder, with the `.mat` files in `cls`.

    Returns:
        The pairs, in the list's order.

    Raises:
        ValueError: If the folders are not laid out so, or there is no such list.

    Example:
        >>> len(voc_pairs("VOCdevkit/VOC2012", "train_aug", sbd="benchmark_RELEASE"))
        10582
    """
    root = devkit_folder(Path(root))
    if split in (TRAIN_AUG, "trainaug"):
        return _train_aug_pairs(root, None if sbd is None else sbd_folder(Path(sbd)))
    if sbd is not None:
        raise ValueError(f"sbd is for the split {TRAIN_AUG!r}; received split {split!r}. Leave sbd out.")
    return [_pair(root, name, root / "SegmentationClass" / f"{name}.png") for name in _listed(root, split)]


def prepared_voc(root: Path) -> dict[str, list[Pair]]:
    """`train` and `val`, and `train_aug` where its masks, or SBD's folder `benchmark_RELEASE`, lie in the root."""
    sbd = root / _SBD if (root / _SBD).is_dir() else None
    found = {split: voc_pairs(root, split) for split in ("train", "val")}
    if sbd or any(devkit_folder(root).glob("Segmentation*[aA]ug")):
        found[TRAIN_AUG] = voc_pairs(root, TRAIN_AUG, sbd=sbd)
    return found


def _train_aug_pairs(root: Path, sbd: Path | None) -> list[Pair]:
    given = next((root / path for path in _TRAIN_AUG_LISTS if (root / path).is_file()), None)
    if sbd is not None:
        train = _listed(root, "train")
        names = read_names(given) if given else train_aug_names(train, _listed(root, "val"), sbd)
        own = set(train)
        return [
            _pair(root, name, root / "SegmentationClass" / f"{name}.png")
            if name in own
            else _pair(root, name, sbd / "cls" / f"{name}.mat", read_sbd_mask)
            for name in names
        ]
    masks = next((root / name for name in _AUG_MASKS if (root / name).is_dir()), None)
    if masks is None or given is None:
        missing = " or ".join(_AUG_MASKS) if masks is None else "ImageSets/Segmentation/train_aug.txt or trainaug.txt"
        raise ValueError(
            f"{root} has no {missing}, which the split {TRAIN_AUG!r} needs. Add it, or give SBD's folder (sbd, --sbd)."
        )
    return [_pair(root, name, masks / f"{name}.png") for name in read_names(given)]


def _pair(root: Path, name: str, mask: Path, read: Callable[[Path], np.ndarray] | None = None) -> Pair:
    return Pair(name, root / "JPEGImages" / f"{name}.jpg", mask, read or read_voc_mask)


def _listed(root: Path, split: str) -> list[str]:
    lists = {path.stem: path for path in sorted((root / LISTS).glob("*.txt"))}
    if split not in lists:
        raise ValueError(f"{root / LISTS} has no list {split}.txt; it has {sorted(lists)}. Name one of them.")
    return read_names(lists[split])


def devkit_folder(root: Path) -> Path:
    """The folder at or below `root` that holds `ImageSets/Segmentation`.

    Raises:
        ValueError: If there is none.
    """
    for nesting in _NESTINGS:
        if (root / nesting / LISTS).is_dir():
            return root / nesting
    raise ValueError(
        f"{root} has no {LISTS.as_posix()} folder. Give the folder that holds JPEGImages, SegmentationClass and "
        "ImageSets."
    )


def findings_of_lists(root: Path, splits: Iterable[str]) -> list[Finding]:
    """What PASCAL VOC's lists show: blank lines, and pairs of files that none of them names.

    Args:
        root: As for `voc_pairs`.
        splits: The splits whose lists are looked at for blank lines.
    """
    root = devkit_folder(root)
    lists = {path.stem: path for path in sorted((root / LISTS).glob("*.txt"))}
    findings = [
        Finding("blank_line", f"{lists[split]}: line {number} is blank. Remove it.", split, file=str(lists[split]))
        for split in splits
        if split in lists
        for number, line in enumerate(read_lines(lists[split]), start=1)
        if not line.strip()
    ]
    listed = {name for path in lists.values() for name in read_names(path)}
    for mask in sorted((root / "SegmentationClass").glob("*.png")):
        if mask.stem not in listed and (root / "JPEGImages" / f"{mask.stem}.jpg").is_file():
            text = f"{mask} has an image, but no list in {LISTS.as_posix()} names it. Add it to one, or remove it."
            findings.append(Finding("unlisted", text, name=mask.stem, file=str(mask)))
    return findings


def read_voc_mask(path: Path) -> np.ndarray:
    """A mask of PASCAL VOC as ids, uint8 `[H, W]`; grey, or in PASCAL VOC's colours.

    Ids alone do not say which classes they mean; a palette in which an id of this mask has another colour says that
    they mean others.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a mask, or its palette is another; the message names it.
    """
    mask = read_mask(path)
    with Image.open(path) as image:
        if image.mode != "P":
            return mask
        order, entries = image.palette.getdata()
    if order != "RGB" or len(entries) % 3:
        return mask
    palette = np.frombuffer(entries, np.uint8).reshape(-1, 3)
    ids = np.flatnonzero(mask_values(mask)[: len(palette)])
    foreign = ids[(palette[ids] != _COLORS[ids]).any(axis=1)]
    if foreign.size and (palette[ids] != _GREYS[ids]).any():
        shown, expected = (tuple(table[foreign[0]].tolist()) for table in (palette, _COLORS))
        raise BadPair(
            "foreign_palette",
            path,
            f"{path} shows id {foreign[0]} in the colour {shown}; PASCAL VOC's is {expected}, so its ids mean other "
            "classes or the palette is damaged. Map it to PASCAL VOC's ids, or convert it as a folder with its own "
            "class names.",
            tuple(foreign.tolist()),
        )
    return mask
