"""COCO into TFRecords: instance and panoptic annotations, and the pixel maps of COCO-Stuff."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from deeplab_tf.checks import one_of
from deeplab_tf.datasets.builders.coco_annotations import AnnotationFile, read_annotations
from deeplab_tf.datasets.builders.coco_labels import STUFF, STUFF_RAW, VOC_OF_COCO
from deeplab_tf.datasets.builders.coco_masks import Region, covered_pixels, region_mask, segment_mask
from deeplab_tf.datasets.records.pairs import Pair
from deeplab_tf.files.reading import reading
from deeplab_tf.images import read_mask
from deeplab_tf.labels import LabelSpec, label_spec
from deeplab_tf.progress import track

_CLASSES = {"instances": ("voc", "all"), "panoptic": ("voc", "all"), "stuff": ("all", "raw")}
_PLACES = {
    "image": ("{}", "images/{}"),
    "panoptic": ("annotations/panoptic_{}", "panoptic_{}"),
    "stuff": ("stuffthingmaps/{}", "annotations/{}", "stuffthingmaps_trainval2017/{}"),
}
# COCO-Stuff's raw ids to ids without gaps; the number of classes stands for no class.
_CONTIGUOUS = np.full(256, STUFF.classes, np.uint8)
_CONTIGUOUS[[STUFF_RAW.names.index(name) for name in STUFF.names]] = np.arange(STUFF.classes)
_CONTIGUOUS[STUFF.ignore_label] = STUFF.ignore_label


def coco_pairs(
    root: str | os.PathLike,
    split: str,
    *,
    annotations: str = "instances",
    classes: str | None = None,
    year: int = 2017,
    min_pixels: int = 1000,
) -> tuple[list[Pair], LabelSpec]:
    """The pairs of one split of COCO and what their label ids mean.

    An annotation file is held in memory as a whole: one of 554 MB and 860,001 annotations, made up like that of
    train2017, took 2.2 GiB at the most. Masks are drawn one at a time, when a pair is read.

    Args:
        root: The folder with `train2017` and so on (or `images/train2017`), and with `annotations/
            instances_train2017.json`, `annotations/panoptic_train2017.json` and the folder of PNGs of that name, or
            `stuffthingmaps/train2017`.
        split: `train` or `val`.
        annotations: `instances`, `panoptic` or `stuff` (COCO-Stuff's PNGs of all pixels).
        classes: `voc`: the 21 classes of PASCAL VOC, all else background, as the papers pre-train. `all`: the
            categories that the annotation file lists in the order of their ids (80 behind a background with
            `instances`, 133 with `panoptic`), or COCO-Stuff's 171. `raw`: COCO-Stuff's 182 ids as they are, 11 of
            which no image has. The first that fits when left out. Crowds of a class and pixels without a panoptic
            segment are ignored (255); a crowd of what is background is background.
        year: That of the files' names.
        min_pixels: With `voc`, only images with more pixels of VOC's 20 classes than this are taken; 0 takes all
            images. The papers took those with more than 1000.

    Returns:
        The pairs, and the label specification.

    Raises:
        ValueError: If the files are not laid out so, or the annotations are of another kind or do not fit their images.
        ImportError: If pycocotools are missing; the message names the extra to install.

    Example:
        >>> pairs, labels = coco_pairs("coco", "val", annotations="panoptic", classes="all")
        >>> len(pairs), labels.classes
        (5000, 133)
    """
    root, name = Path(root), f"{split}{year}"
    annotations = one_of("annotations", annotations, _CLASSES)
    classes = classes or _CLASSES[annotations][0]
    if classes not in _CLASSES[annotations]:
        raise ValueError(
            f"{annotations!r} can become the classes {' or '.join(_CLASSES[annotations])}; received {classes!r}."
        )
    images = _folder(root, name, "image")
    if annotations == "stuff":
        return _stuff_pairs(images, _folder(root, name, "stuff"), classes)
    file = read_annotations(root / "annotations" / f"{annotations}_{name}.json", annotations)
    labels, values = _classes_of(file, classes, background=annotations == "instances")
    masks = _folder(root, name, "panoptic") if annotations == "panoptic" else None
    pairs = []
    for image in track(file.images, len(file.images), f"list {name}"):
        entries = file.annotations.get(image["id"], [])
        path = images / image["file_name"]
        if masks is None:
            mask, read, pixels = _drawn_mask(file.path, path, image, entries, values, labels.ignore_label)
        else:
            mask, read, pixels = _segment_mask(file.path, masks, image, entries, values, labels.ignore_label)
        if classes == "voc" and min_pixels and pixels() <= min_pixels:
            continue
        pairs.append(Pair(Path(image["file_name"]).with_suffix("").as_posix(), path, mask, read))
    if not pairs and file.images:
        raise ValueError(
            f"{file.path}: none of the {len(file.images)} images has more than {min_pixels} pixels of VOC's classes. "
            "Lower min_pixels; 0 takes all images."
        )
    return pairs, labels


def _folder(root: Path, name: str, kind: str) -> Path:
    places = [root / place.format(name) for place in _PLACES[kind]]
    for place in places:
        if place.is_dir():
            return place
    raise ValueError(
        f"{root} has none of the {kind} folders {[place.relative_to(root).as_posix() for place in places]}. Give the "
        "folder that holds one, and the split and year that name it."
    )


def _classes_of(file: AnnotationFile, classes: str, background: bool) -> tuple[LabelSpec, dict[int, int]]:
    """The label specification, and the label id of every category that is not background."""
    if classes == "voc":
        labels = label_spec("pascal_voc")
        missing = sorted(VOC_OF_COCO.keys() - set(file.categories.values()))
        if missing:
            raise ValueError(
                f"{file.path} lists no category {missing[0]!r}, so it is not COCO's own of objects. Give that, or take "
                "its categories as they are with classes 'all'."
            )
        voc = {coco: labels.names.index(name) for coco, name in VOC_OF_COCO.items()}
        return labels, {number: voc[name] for number, name in file.categories.items() if name in voc}
    names = (("background",) if background else ()) + tuple(file.categories.values())
    values = {number: value for value, number in enumerate(file.categories, start=int(background))}
    with reading(file.path, "a COCO file", "Correct its categories."):
        return LabelSpec(names, name="coco_instances" if background else "coco_panoptic"), values


def _drawn_mask(
    path: Path, file: Path, image: dict, entries: list[dict], values: dict[int, int], ignore_label: int
) -> tuple[Path, Callable, Callable]:
    """The file of the mask of an image's instances, what draws it, and what counts its pixels of the classes."""
    size = (image["height"], image["width"])
    regions = tuple(
        Region(
            entry.get("id"),
            ignore_label if entry.get("iscrowd") else values[entry["category_id"]],
            entry.get("segmentation"),
        )
        for entry in entries
        if entry["category_id"] in values
    )

    def pixels() -> float:
        objects = [region for region in regions if region.value != ignore_label]
        try:
            return covered_pixels(path, size=size, regions=objects)
        except ValueError:
            # Kept, so that the conversion reports it with the other bad ones.
            return float("inf")

    read = functools.partial(region_mask, size=size, regions=regions, ignore_label=ignore_label, image=file)
    return path, read, pixels


def _segment_mask(
    path: Path, masks: Path, image: dict, entries: list[dict], values: dict[int, int], ignore_label: int
) -> tuple[Path, Callable, Callable]:
    """The PNG of an image's segments, what reads it, and what counts its pixels of the classes."""
    if len(entries) != 1:
        raise ValueError(
            f"{path} has {len(entries)} annotations of {image['file_name']}; a panoptic file has one an image. Restore "
            "it."
        )
    (entry,) = entries
    segments = {
        info["id"]: ignore_label
        if info.get("iscrowd") and info["category_id"] in values
        else values.get(info["category_id"], 0)
        for info in entry["segments_info"]
    }
    mask = masks / entry["file_name"]

    def pixels() -> int:
        infos = (info for info in entry["segments_info"] if segments[info["id"]] not in (0, ignore_label))
        return sum(info["area"] for info in infos)

    return mask, functools.partial(segment_mask, segments=segments, ignore_label=ignore_label), pixels


def _stuff_pairs(images: Path, masks: Path, classes: str) -> tuple[list[Pair], LabelSpec]:
    names = sorted(_stems(images.glob("*.jpg")) | _stems(masks.glob("*.png")))
    read = read_mask if classes == "raw" else _contiguous_stuff
    pairs = [Pair(name, images / f"{name}.jpg", masks / f"{name}.png", read) for name in names]
    return pairs, STUFF_RAW if classes == "raw" else STUFF


def _stems(paths: Iterable[Path]) -> set[str]:
    return {path.stem for path in paths}


def _contiguous_stuff(path: Path) -> np.ndarray:
    """COCO-Stuff's raw ids as ids without gaps."""
    raw = read_mask(path)
    mask = _CONTIGUOUS[raw]
    wrong = np.unique(raw[mask == STUFF.classes])
    if wrong.size:
        raise ValueError(
            f"{path} holds the value(s) {wrong.tolist()}, which are no class of COCO-Stuff. Give its stuffthingmaps, "
            "or take the ids as they are with classes 'raw'."
        )
    return mask
