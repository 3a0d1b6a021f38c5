"""COCO JSON files that annotation tools export: CVAT, Roboflow, Label Studio and others."""

from __future__ import annotations

import collections
import dataclasses
import functools
import os
import reprlib
from collections.abc import Sequence
from pathlib import Path

from deeplab_tf.checks import one_of
from deeplab_tf.datasets.builders.coco_annotations import AnnotationFile
from deeplab_tf.datasets.builders.coco_listing import CocoExport, classes_of, list_coco_export, listed, used_categories
from deeplab_tf.datasets.builders.coco_masks import Region, region_mask
from deeplab_tf.datasets.builders.division import divide
from deeplab_tf.datasets.builders.folder import present_labels
from deeplab_tf.datasets.builders.image_finder import ImageFinder
from deeplab_tf.datasets.builders.label_names import BACKGROUNDS, tidy_label
from deeplab_tf.datasets.common_options import with_common_options
from deeplab_tf.datasets.convert import ConversionReport, convert_pairs
from deeplab_tf.datasets.records.pairs import Pair
from deeplab_tf.files.reading import reading, shown
from deeplab_tf.labels import LabelSpec
from deeplab_tf.progress import track

CROWDS = ("class", "ignore")


@with_common_options
def convert_coco_export(
    annotations: str | os.PathLike,
    output: str | os.PathLike,
    *,
    images: str | os.PathLike | None = None,
    split: str | None = None,
    val_share: float = 0.0,
    crowds: str = "class",
    seed: int = 0,
    **options,
) -> ConversionReport:
    """Converts COCO JSON with outlines or run lengths, as annotation tools export it, with its own categories.

    Classes are the categories in the order of their ids, behind a background; a category of that name is the
    background itself, and one that only stands above others, as Roboflow's first does, is left out. Of two objects the
    smaller lies above.

    Args:
        annotations: A JSON file; or the folder of an export, with `annotations/instances_default.json` (CVAT),
            `train/_annotations.coco.json`, `valid/...` (Roboflow) or `result.json` (Label Studio), of which each file
            becomes a split.
        output: The data set's folder; other splits in it stay.
        images: The folder of the images, at any depth. The one of the export when left out.
        split: What the images of the one file are; told from the file's name, or else `train`, when left out.
        val_share: Share of the images of the one file, 0 to below 1, drawn by `seed`, that become `val` instead.
        crowds: What to make of annotations marked `iscrowd`: `class`, for CVAT marks every brushed mask so; or
            `ignore`, as COCO itself means it.
        seed: Draws the validation images.
        **options: `shards`, `workers`, `skip_bad`, `overwrite` and `max_side`, as for `convert_pairs`.

    Returns:
        What was written and what was skipped.

    Raises:
        ValueError: If there is no such file, it is not COCO JSON or has boxes alone, a pair is missing or bad, or the
            output cannot be written.
        ImportError: If pycocotools are missing; the message names the extra to install.

    Example:
        >>> convert_coco_export("export/result.json", "tfrecords", val_share=0.2).images
        {'train': 80, 'val': 20}
    """
    found = list_coco_export(annotations, split)
    if len(found.files) > 1 and val_share:
        raise ValueError(
            f"{annotations} has {len(found.files)} annotation files, each a split: "
            f"{listed([file.path for file in found.files.values()])}. Give one of them, or leave val_share out."
        )
    labels = found.labels
    present = present_labels(
        Path(output), {*found.files, "val"} if val_share else found.files, options.get("overwrite", False)
    )
    if present is not None and present.names[0] == labels.names[0] and set(labels.names) <= set(present.names):
        labels = present
    pairs = {}
    for name, members in exported_pairs(found, labels, images=images, crowds=crowds).items():
        file = found.files[name]
        pairs |= divide(members, name, val_share, seed, [classes_of(file, image["id"]) for image in file.images])
    report = convert_pairs(pairs, labels, output, **options)
    crowds_notes = [note for file in found.files.values() for note in _notes_of_crowds(file, crowds)]
    return dataclasses.replace(report, notes=(*report.notes, *found.notes, *crowds_notes))


def exported_pairs(
    found: CocoExport, labels: LabelSpec, *, images: str | os.PathLike | None = None, crowds: str = "class"
) -> dict[str, list[Pair]]:
    """The pairs of every split, their masks to be drawn with the ids of `labels`; the rest as `convert_coco_export`."""
    crowds = one_of("crowds", crowds, CROWDS)
    lacking = sorted(set(found.labels.names[1:]) - set(labels.names))
    if lacking or labels.names[0].casefold() not in BACKGROUNDS:
        also = f", also {lacking[0]!r}" if lacking else ""
        raise ValueError(
            f"The labels are {reprlib.repr(list(labels.names))[1:-1]}; expected the background first, and among the "
            f"others every category{also}. Leave labels out to take the categories."
        )
    pairs = {}
    for name, file in found.files.items():
        # A wrong folder is not the file's fault.
        finder = ImageFinder(_image_folder(file.path) if images is None else Path(images))
        with reading(file.path, "a COCO annotation file", "Restore it or export it again."):
            pairs[name] = _pairs(file, finder, labels, crowds)
    return pairs


def _notes_of_crowds(file: AnnotationFile, crowds: str) -> list[str]:
    marked = sum(bool(entry.get("iscrowd")) for entries in file.annotations.values() for entry in entries)
    if not marked:
        return []
    became = "their class, as CVAT marks brushed masks so" if crowds == "class" else "ignored"
    other = "ignore" if crowds == "class" else "class"
    return [f"{marked} annotations are marked iscrowd: {became}. --crowds {other} is the other way."]


def _pairs(file: AnnotationFile, finder: ImageFinder, labels: LabelSpec, crowds: str) -> list[Pair]:
    entries = [entry for entries in file.annotations.values() for entry in entries]
    if entries and not any(entry.get("segmentation") for entry in entries):
        raise ValueError(
            f"{file.path} has no outlines: all {len(entries)} annotations are boxes (bbox) or empty, and a box is no "
            "mask. Draw polygons or masks, or export the project as instance segmentation."
        )
    ids = {name: value for value, name in enumerate(labels.names)}
    # The background itself may be among the categories, under one of its names.
    background = next((ids[name] for name in BACKGROUNDS if name in ids), 0)
    values = {number: ids.get(tidy_label(file.categories[number]), background) for number in used_categories(file)}
    pairs = []
    for image in track(file.images, len(file.images), "list images"):
        regions = tuple(
            Region(
                entry.get("id"),
                labels.ignore_label if entry.get("iscrowd") and crowds == "ignore" else values[entry["category_id"]],
                entry.get("segmentation"),
            )
            for entry in file.annotations.get(image["id"], [])
        )
        path, note = finder.find(image["file_name"])
        read = functools.partial(
            region_mask,
            size=(image["height"], image["width"]),
            regions=regions,
            ignore_label=labels.ignore_label,
            image=path,
            dtype=labels.mask_dtype,
        )
        note = f"{shown(file.path)} names the image {image['file_name']!r}{note}."
        pairs.append(Pair(finder.name_of(path), path, file.path, read, image_note=note))
    return _told_apart(pairs)


def _image_folder(path: Path) -> Path:
    """Where the images of an export lie: beside the file, or beside its folder `annotations`."""
    return path.parent.parent if path.parent.name == "annotations" else path.parent


def _told_apart(pairs: Sequence[Pair]) -> list[Pair]:
    """The same pairs; images that only their suffix tells apart have it in their names."""
    files = collections.defaultdict(set)
    for pair in pairs:
        files[pair.name].add(pair.image)
    return [
        dataclasses.replace(pair, name=f"{pair.name}{pair.image.suffix}") if len(files[pair.name]) > 1 else pair
        for pair in pairs
    ]
