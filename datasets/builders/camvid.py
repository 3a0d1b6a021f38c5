"""CamVid into TFRecords: the 11 classes of the SegNet tutorial's copy, or the 32 of the original colour masks."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from deeplab_tf.checks import one_of
from deeplab_tf.datasets.builders.color_masks import read_color_mask
from deeplab_tf.datasets.builders.image_lists import read_names
from deeplab_tf.datasets.records.pairs import Pair
from deeplab_tf.images import IMAGE_SUFFIXES, read_mask
from deeplab_tf.labels import KNOWN, label_spec

SPLITS = ("train", "val", "test")
# What the 11 classes of the field are made of; Void is left over.
GROUPS = {
    "sky": ("Sky",),
    "building": ("Archway", "Bridge", "Building", "Tunnel", "Wall"),
    "pole": ("Column_Pole", "TrafficCone"),
    "road": ("LaneMkgsDriv", "LaneMkgsNonDriv", "Road"),
    "pavement": ("ParkingBlock", "RoadShoulder", "Sidewalk"),
    "tree": ("Tree", "VegetationMisc"),
    "sign_symbol": ("Misc_Text", "SignSymbol", "TrafficLight"),
    "fence": ("Fence",),
    "car": ("Car", "OtherMoving", "SUVPickupTruck", "Train", "Truck_Bus"),
    "pedestrian": ("Animal", "CartLuggagePram", "Child", "Pedestrian"),
    "bicyclist": ("Bicyclist", "MotorcycleScooter"),
}
_NARROW, _WIDE = KNOWN["camvid"], KNOWN["camvid_32"]
_TO_11 = np.full(_WIDE.classes, _NARROW.ignore_label, np.uint8)
for _id, _members in enumerate(GROUPS[name] for name in _NARROW.names):
    _TO_11[[_WIDE.names.index(member) for member in _members]] = _id

_NESTINGS = (Path(), Path("CamVid"))
# Folders of all images and all colour masks, undivided.
_WHOLE = (("701_StillsRaw_full", "LabeledApproved_full"), ("images", "labels"))
_COLOR_MASK = "_L"
_VAL_FRAMES = range(7959, 8160)
_FIRST_TEST_FRAME = 8550


def camvid_pairs(root: str | os.PathLike, split: str, *, classes: int = 11) -> list[Pair]:
    """The pairs of one split of CamVid, in the order of its list or else of their names.

    Args:
        root: A folder in one of three layouts: `train`, `trainannot` (grey ids of 11 classes) and so on, as in the
            SegNet tutorial; `train`, `train_labels` (colour masks `*_L.png`) and so on; or `701_StillsRaw_full` and
            `LabeledApproved_full` (or `images` and `labels`), undivided with colour masks.
        split: `train`, `val` or `test`: 367, 101 and 233 images of the field's usual division. A list such
            as `train.txt` in `root` says which; an undivided folder without one is divided by sequence and frame.
        classes: 11 or 32. The 32 of the colour masks, of which Void is ignored, become 11 by `GROUPS`, the
            grouping of MathWorks' and others' examples.

    Raises:
        ValueError: If the folder is not laid out so, an argument is unknown, or 32 classes are wanted of grey masks.

    Example:
        >>> camvid_pairs("CamVid", "val")[0].name
        '0016E5_07959'
    """
    split = one_of("split", split, SPLITS)
    classes = one_of("classes", classes, (_NARROW.classes, _WIDE.classes))
    images, masks, whole = _folders(Path(root), split)
    colored = any(masks.glob(f"*{_COLOR_MASK}.png"))
    if not colored and classes == _WIDE.classes:
        raise ValueError(
            f"{masks} has grey masks, of 11 classes. For 32 get CamVid's colour masks, *{_COLOR_MASK}.png."
        )
    ending = _COLOR_MASK if colored else ""
    image_paths, mask_paths = _by_name(images), _by_name(masks, ending)
    read: Callable[[Path], np.ndarray] = read_mask
    if colored:
        read = functools.partial(read_camvid_colors, classes=classes)
    names = _names(images.parent / f"{split}.txt", split, image_paths.keys() | mask_paths.keys(), whole)
    if not names:
        raise ValueError(
            f"{images} has no images of the split {split!r}, whose sequences and frames CamVid's division says. Give "
            f"the whole CamVid, or a list {split}.txt beside the folder."
        )
    return [
        Pair(
            name,
            image_paths.get(name, images / f"{name}.png"),
            mask_paths.get(name, masks / f"{name}{ending}.png"),
            read,
        )
        for name in names
    ]


def prepared_camvid(root: Path) -> dict[str, list[Pair]]:
    """`train` and `val`, and `test` where it is there."""
    divided = any((root / nesting / "train").is_dir() for nesting in _NESTINGS)
    test = not divided or any((root / nesting / "test").is_dir() for nesting in _NESTINGS)
    return {split: camvid_pairs(root, split) for split in (SPLITS if test else SPLITS[:2])}


def _folders(root: Path, split: str) -> tuple[Path, Path, bool]:
    """The folders of images and masks, and whether they hold all splits together."""
    for base in (root / nesting for nesting in _NESTINGS):
        divided = [(split, f"{split}annot"), (split, f"{split}_labels")]
        for images, masks in (*divided, *_WHOLE):
            if (base / images).is_dir() and (base / masks).is_dir():
                return base / images, base / masks, (images, masks) in _WHOLE
    raise ValueError(
        f"{root} has neither folders {split} and {split}annot (or {split}_labels) nor {' and '.join(_WHOLE[0])}. Give "
        "the folder of CamVid that holds them."
    )


def _by_name(folder: Path, ending: str = "") -> dict[str, Path]:
    files = (path for path in sorted(folder.iterdir()) if path.suffix.lower() in IMAGE_SUFFIXES)
    return {path.stem.removesuffix(ending): path for path in files}


def _names(listed: Path, split: str, present: set[str], whole: bool) -> list[str]:
    if listed.is_file():
        return read_names(listed)
    return sorted(name for name in present if not whole or _usual_split(name) == split)


def _usual_split(name: str) -> str:
    """The split of an image by its name, such as `0016E5_07959`, where no list says it.

    This is the division of the SegNet tutorial's lists, said by sequence and frame.
    """
    sequence, _, frame = name.partition("_")
    number = int("".join(filter(str.isdigit, frame)) or 0)
    if sequence == "Seq05VD" or (sequence == "0001TP" and number >= _FIRST_TEST_FRAME):
        return "test"
    return "val" if sequence == "0016E5" and number in _VAL_FRAMES else "train"


def read_camvid_colors(path: Path, classes: int) -> np.ndarray:
    """A colour mask of CamVid as ids, uint8 `[H, W]`: of 32 classes, or of 11 and 11 for void.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not an image or has an unknown colour; the message names the file and the colour.
    """
    ids = read_color_mask(path, label_spec("camvid_32"))
    return _TO_11[ids] if classes == _NARROW.classes else ids
