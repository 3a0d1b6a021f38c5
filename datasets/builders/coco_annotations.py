"""COCO's annotation files: read, checked and grouped by image; and their outlines and segments as masks."""

from __future__ import annotations

import array
import collections
import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np

from deeplab_tf.files import read_json
from deeplab_tf.images import read_image

_FIELDS = {
    "instances": {"image_id", "category_id", "segmentation"},
    "panoptic": {"image_id", "file_name", "segments_info"},
}
_IMAGE_FIELDS = {"id", "file_name", "height", "width"}
_NAMED = 5
# The rasteriser allocates by the length of the outline.
_FARTHEST = 1e5


class Region(NamedTuple):
    """One annotated object: the annotation's id, the label id to write, and its polygons or run lengths."""

    annotation: int
    value: int
    outline: Sequence | Mapping


@dataclasses.dataclass(frozen=True)
class AnnotationFile:
    """What an annotation file says.

    Args:
        path: The file.
        categories: Names by category id, in the order of the ids.
        images: The entries of `images`.
        annotations: The entries of `annotations`, by image id.
    """

    path: Path
    categories: dict[int, str]
    images: list[dict]
    annotations: dict[int, list[dict]]


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
    parts = ("images", "annotations", "categories")
    if not isinstance(content, dict) or not all(isinstance(content.get(part, []), list) for part in parts):
        raise ValueError(f"{path} is no COCO annotation file. Give {kind}_train2017.json or one like it.")
    _check_fields(path, "an annotation", content.get("annotations", ()), _FIELDS[kind], kind)
    _check_fields(path, "the file", [content], set(parts), kind)
    _check_fields(path, "an image", content["images"], _IMAGE_FIELDS, kind)
    _check_fields(path, "a category", content["categories"], {"id", "name"}, kind)
    categories = {entry["id"]: entry["name"] for entry in sorted(content["categories"], key=lambda entry: entry["id"])}
    grouped = collections.defaultdict(list)
    for entry in content["annotations"]:
        grouped[entry["image_id"]].append(entry)
    _check_known(path, "images", grouped.keys(), {entry["id"] for entry in content["images"]})
    marked = content["annotations"]
    if kind == "panoptic":
        marked = [info for entry in marked for info in entry["segments_info"]]
        _check_fields(path, "a segment", marked, {"id", "category_id", "area"}, kind)
    _check_known(path, "categories", {entry["category_id"] for entry in marked}, categories.keys())
    return AnnotationFile(path, categories, content["images"], dict(grouped))


def _compact(entry: dict) -> dict:
    """The same entry with its polygons as C doubles, which take a quarter of the memory of Python's numbers."""
    polygons = entry.get("segmentation")
    if isinstance(polygons, list):
        try:
            entry["segmentation"] = [array.array("d", polygon) for polygon in polygons]
        except TypeError:
            entry["segmentation"] = None
    return entry


def _check_fields(path: Path, what: str, entries: Sequence, needed: set[str], kind: str) -> None:
    for entry in entries:
        fields = entry.keys() if isinstance(entry, dict) else set()
        if not needed <= fields:
            raise ValueError(
                f"{path} is no {kind} file of COCO: {what} has the fields {sorted(fields)} and lacks "
                f"{sorted(needed - fields)}. Give {kind}_train2017.json or one like it."
            )


def _check_known(path: Path, what: str, used: set, listed: set) -> None:
    unknown = sorted(used - listed, key=str)
    if unknown:
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        raise ValueError(
            f"{path} annotates {what} that it does not list: the ids {str(unknown[:_NAMED])[1:-1]}{more}. Restore the "
            f"file, or list these {what} in it."
        )


def region_mask(path: Path, *, size: tuple[int, int], regions: Sequence[Region], ignore_label: int) -> np.ndarray:
    """The label ids of an image, drawn from its regions.

    Ignored regions lie below all others. Of two others the smaller lies above: what covers a part of a larger object
    (a bottle on a table, a person on a sofa) is mostly smaller than it, and the file's order says nothing.

    Args:
        path: The annotation file, for messages.
        size: Rows and columns.
        regions: What to draw on 0.
        ignore_label: The value of the regions to ignore.

    Returns:
        uint8 `[H, W]`.

    Raises:
        ValueError: If a region has no outline, a damaged one, or one for another size.
        ImportError: If pycocotools are missing; the message names the extra to install.
    """
    coco = _pycocotools()
    drawn = [(region.value, _run_lengths(path, region, size)) for region in regions]
    drawn.sort(key=lambda item: (item[0] != ignore_label, -int(coco.area(item[1]))))
    mask = np.zeros(size, np.uint8)
    for value, run_lengths in drawn:
        mask[coco.decode(run_lengths).astype(bool)] = value
    return mask


def covered_pixels(path: Path, *, size: tuple[int, int], regions: Sequence[Region]) -> int:
    """How many pixels at least one of the regions covers. Takes and raises what `region_mask` does."""
    coco = _pycocotools()
    return int(coco.area(coco.merge([_run_lengths(path, region, size) for region in regions]))) if regions else 0


def _run_lengths(path: Path, region: Region, size: tuple[int, int]) -> dict:
    """The region as pycocotools' compressed run lengths."""
    coco, outline = _pycocotools(), region.outline
    where = f"{path}: annotation {region.annotation}"
    if isinstance(outline, Mapping):
        if list(outline.get("size") or ()) != list(size):
            raise ValueError(
                f"{where} has run lengths for {outline.get('size')} rows and columns; its image has {list(size)}. "
                "Restore the annotation or leave the image out."
            )
        runs = _runs(outline.get("counts"))
        # Runs that end early would leave pycocotools with memory that nobody wrote, or in an endless loop.
        if sum(runs) != size[0] * size[1] or min(runs) < 0:
            raise ValueError(f"{where} has damaged run lengths. Restore the annotation or leave the image out.")
        return coco.frPyObjects({"counts": runs, "size": list(size)}, *size)
    polygons = outline or ()
    if not polygons or any(len(polygon) < 6 or len(polygon) % 2 for polygon in polygons):
        raise ValueError(
            f"{where} has no outline: expected polygons of at least three points, x and y each; received "
            f"{[len(polygon) for polygon in polygons]} numbers. Mend the annotation or leave the image out."
        )
    if not all(np.abs(polygon).max() < _FARTHEST for polygon in polygons):
        raise ValueError(f"{where} has points far outside its image. Mend the annotation or leave the image out.")
    return coco.merge(coco.frPyObjects(list(polygons), *size))


def _runs(counts: Sequence[int] | str | None) -> list[int]:
    """Run lengths out of COCO's string of them; [0] for what are none.

    A character carries five bits from '0' up, lowest first, and one that says whether more follow. From the fourth run
    on the difference to the run before the last is coded.
    """
    if not isinstance(counts, str):
        whole = isinstance(counts, Sequence) and all(isinstance(run, int) for run in counts)
        return list(counts or [0]) if whole else [0]
    runs, value, shift = [], 0, 0
    for character in counts:
        code = ord(character) - ord("0")
        value |= (code & 31) << shift
        shift += 5
        if not code & 32:
            value -= (code >> 4 & 1) << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    return runs or [0]


def segment_mask(path: Path, *, segments: Mapping[int, int], ignore_label: int) -> np.ndarray:
    """The label ids of an image from its panoptic PNG, whose colours number the segments.

    Args:
        path: The PNG: the segment of a pixel is R + 256 G + 65536 B, and 0 is no segment.
        segments: The label id of every segment.
        ignore_label: The label id of no segment.

    Returns:
        uint8 `[H, W]`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, or its segments are not those of `segments`.
    """
    numbers = read_image(path).astype(np.int32) @ np.array([1, 256, 65536], np.int32)
    table = {0: ignore_label, **segments}
    known = np.array(sorted(table))
    index = np.searchsorted(known, numbers).clip(max=known.size - 1)
    strange = np.unique(numbers[known[index] != numbers])
    without = known[np.bincount(index.ravel(), minlength=known.size) == 0]
    if strange.size or (lost := without[without != 0]).size:
        which = (strange, "no annotation") if strange.size else (lost, "no pixels")
        raise ValueError(
            f"{path} is not the PNG of its annotation: the segments {which[0][:_NAMED].tolist()} have {which[1]}. Give "
            "the PNG folder that came with the JSON."
        )
    return np.array([table[number] for number in known.tolist()], np.uint8)[index]


def _pycocotools() -> ModuleType:
    try:
        from pycocotools import mask
    except ImportError as error:
        raise ImportError("Drawing COCO's outlines needs pycocotools: pip install 'deeplab-tf[coco]'") from error
    return mask
