"""COCO's annotation files: read, checked and grouped by image; and their outlines and segments as masks."""

from __future__ import annotations

import array
import collections
import dataclasses
import os
import reprlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from deeplab_tf.checks import is_number, is_whole, listing
from deeplab_tf.files import read_json
from deeplab_tf.files.reading import reading

_LONGEST_SIDE = 1e6


def _is_id(value: Any) -> bool:
    return is_whole(value) or isinstance(value, str)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _is_side(value: Any) -> bool:
    return is_number(value, 1, _LONGEST_SIDE) and int(value) == value


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


_FIELDS = {
    "instances": {"image_id": _is_id, "category_id": is_whole},
    "panoptic": {"image_id": _is_id, "file_name": _is_text, "segments_info": _is_list},
}
_IMAGE_FIELDS = {"id": _is_id, "file_name": _is_text, "height": _is_side, "width": _is_side}
_CATEGORY_FIELDS = {"id": is_whole, "name": _is_text}
_SEGMENT_FIELDS = {"id": is_whole, "category_id": is_whole, "area": is_number}


@dataclasses.dataclass(frozen=True)
class AnnotationFile:
    """What an annotation file says.

    Args:
        path: The file.
        categories: Names by category id, in the order of the ids.
        images: The entries of `images`.
        annotations: The entries of `annotations`, by image id.
        supercategories: What the categories belong to, by category id.
    """

    path: Path
    categories: dict[int, str]
    images: list[dict]
    annotations: dict[int, list[dict]]
    supercategories: dict[int, Any]


def read_annotations(path: str | os.PathLike, kind: str) -> AnnotationFile:
    """Reads an annotation file and checks that its parts fit each other.

    Args:
        path: The JSON file.
        kind: `"instances"` or `"panoptic"`.

    Returns:
        What it says.

    Raises:
        ValueError: If it is missing, no JSON, of another kind (captions, say), or annotates an image or a category
            that it does not list.
    """
    path = Path(path)
    try:
        content = read_json(path, object_hook=_compact, most_bytes=2**32)
    except FileNotFoundError as error:
        there = sorted(file.name for file in path.parent.glob("*.json")) if path.parent.is_dir() else []
        raise ValueError(f"{path} is missing; its folder has {there}. Add it or name the right root and split.") from (
            error
        )
    with reading(path, "a COCO annotation file", "Restore it or export it again."):
        return _checked(path, content, kind)


def _checked(path: Path, content: Any, kind: str) -> AnnotationFile:
    parts = ("images", "annotations", "categories")
    if not isinstance(content, dict) or not all(isinstance(content.get(part, []), list) for part in parts):
        raise ValueError(f"{path} is not a COCO annotation file. Give {kind}_train2017.json or one like it.")
    _check_fields(path, "an annotation", content.get("annotations", ()), _FIELDS[kind], kind)
    _check_fields(path, "the file", [content], dict.fromkeys(parts, _is_list), kind)
    _check_fields(path, "an image", content["images"], _IMAGE_FIELDS, kind)
    _check_fields(path, "a category", content["categories"], _CATEGORY_FIELDS, kind)
    for part in ("images", "categories"):
        _check_unique(path, part, content[part])
    images = [image | {side: int(image[side]) for side in ("height", "width")} for image in content["images"]]
    categories = sorted(content["categories"], key=lambda entry: entry["id"])
    grouped = collections.defaultdict(list)
    for entry in content["annotations"]:
        grouped[entry["image_id"]].append(entry)
    _check_known(path, "images", grouped.keys(), {image["id"] for image in images})
    marked = content["annotations"]
    if kind == "panoptic":
        marked = [info for entry in marked for info in entry["segments_info"]]
        _check_fields(path, "a segment", marked, _SEGMENT_FIELDS, kind)
    names = {entry["id"]: entry["name"] for entry in categories}
    _check_known(path, "categories", {entry["category_id"] for entry in marked}, names.keys())
    above = {entry["id"]: entry.get("supercategory") for entry in categories}
    return AnnotationFile(path, names, images, dict(grouped), above)


def _compact(entry: dict) -> dict:
    """The same entry with its polygons as C doubles, which take a quarter of the memory of Python's numbers."""
    polygons = entry.get("segmentation")
    if isinstance(polygons, list):
        # Some write a single polygon without the list around it.
        flat = bool(polygons) and all(is_number(value) for value in polygons)
        try:
            entry["segmentation"] = [array.array("d", polygon) for polygon in ([polygons] if flat else polygons)]
        except (TypeError, OverflowError):
            entry["segmentation"] = None
    return entry


def _check_fields(path: Path, what: str, entries: Sequence, needed: Mapping[str, Callable], kind: str) -> None:
    for entry in entries:
        fields = entry.keys() if isinstance(entry, dict) else set()
        if not needed.keys() <= fields:
            raise ValueError(
                f"{path} is no {kind} file of COCO: {what} has the fields {reprlib.repr(sorted(fields))} and lacks "
                f"{sorted(needed.keys() - fields)}. Give {kind}_train2017.json or one like it."
            )
        for field, is_right in needed.items():
            if not is_right(entry[field]):
                raise ValueError(
                    f"{path}: {what} (id {reprlib.repr(entry.get('id'))}) has the {field} "
                    f"{reprlib.repr(entry[field])}, which cannot be. Restore the file or export it again."
                )


def _check_unique(path: Path, what: str, entries: Sequence[dict]) -> None:
    counts = collections.Counter(entry["id"] for entry in entries)
    double = [number for number, count in counts.items() if count > 1]
    if double:
        raise ValueError(
            f"{path} lists {what} of the same id: {reprlib.repr(double)[1:-1]}. Export the file again; files that were "
            "put together need new ids."
        )


def _check_known(path: Path, what: str, used: set, listed: set) -> None:
    unknown = sorted(used - listed, key=str)
    if unknown:
        raise ValueError(
            f"{path} annotates {what} that it does not list: the ids {listing(map(repr, unknown))}. Restore the "
            f"file, or list these {what} in it."
        )
