"""COCO's outlines and segments as masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np

from deeplab_tf.checks import SHOWN, is_whole, listing
from deeplab_tf.datasets.records.pairs import size_to_draw
from deeplab_tf.files.reading import reading
from deeplab_tf.images import read_image

# The rasteriser allocates by the length of the outline.
_FARTHEST = 1e5
_LONGEST = 2e6
# No run of an image needs more bits.
_MOST_BITS = 40


class Region(NamedTuple):
    """One annotated object: the annotation's id, the label id to write, and its polygons or run lengths."""

    annotation: int | None
    value: int
    outline: Sequence | Mapping | None


def region_mask(
    path: Path,
    *,
    size: tuple[int, int],
    regions: Sequence[Region],
    ignore_label: int,
    image: Path,
    dtype: np.dtype | type = np.uint8,
) -> np.ndarray:
    """The label ids of an image, drawn from its regions.

    Ignored regions lie below all others. Of two others the smaller lies above: what covers a part of a larger object
    (a bottle on a table, a person on a sofa) is mostly smaller than it, and the file's order says nothing.

    Args:
        path: The annotation file, for messages.
        size: Rows and columns that the file states.
        regions: What to draw on 0.
        ignore_label: The value of the regions to ignore.
        image: The image, which must have that size.
        dtype: uint8, or uint16 for more than 256 classes.

    Returns:
        `dtype` `[H, W]`.

    Raises:
        ValueError: If the image has another size, or a region has no outline, a damaged one, or one for another size.
        ImportError: If pycocotools are missing; the message names the extra to install.
    """
    coco = _pycocotools()
    with reading(path, "a COCO annotation file", "Restore its annotations or leave the image out."):
        size = size_to_draw(path, image, size)
        drawn = [(region.value, _run_lengths(path, region, size)) for region in regions]
        drawn.sort(key=lambda item: (item[0] != ignore_label, -int(coco.area(item[1]))))
        mask = np.zeros(size, dtype)
        for value, run_lengths in drawn:
            mask[coco.decode(run_lengths).astype(bool)] = value
        return mask


def covered_pixels(path: Path, *, size: tuple[int, int], regions: Sequence[Region]) -> int:
    """How many pixels at least one of the regions covers. Takes and raises what `region_mask` does."""
    coco = _pycocotools()
    with reading(path, "a COCO annotation file", "Restore its annotations or leave the image out."):
        return int(coco.area(coco.merge([_run_lengths(path, region, size) for region in regions]))) if regions else 0


def _run_lengths(path: Path, region: Region, size: tuple[int, int]) -> dict:
    """The region as pycocotools' compressed run lengths."""
    coco, outline = _pycocotools(), region.outline
    where = f"{path}: annotation {region.annotation}"
    if isinstance(outline, Mapping):
        stated = outline.get("size")
        if not isinstance(stated, list) or stated != list(size):
            raise ValueError(
                f"{where} has run lengths for {stated} rows and columns; its image has {list(size)}. Restore the "
                "annotation or leave the image out."
            )
        runs = _runs(outline.get("counts"))
        # Runs that end early would leave pycocotools with memory that nobody wrote, or in an endless loop.
        if sum(runs) != size[0] * size[1] or min(runs) < 0:
            raise ValueError(f"{where} has damaged run lengths. Restore the annotation or leave the image out.")
        return coco.frPyObjects({"counts": runs, "size": list(size)}, *size)
    polygons = outline if isinstance(outline, list) else []
    if not polygons or any(len(polygon) < 6 or len(polygon) % 2 for polygon in polygons):
        raise ValueError(
            f"{where} has no outline: expected polygons of at least three points, x and y each; received "
            f"{[len(polygon) for polygon in polygons[:SHOWN]]} numbers. A box (bbox) alone is not a mask: draw the "
            "outline, or leave the image out."
        )
    if not all(np.abs(polygon).max() < _FARTHEST for polygon in polygons) or _length(polygons) > _LONGEST:
        raise ValueError(f"{where} has points far outside its image. Fix the annotation or leave the image out.")
    return coco.merge(coco.frPyObjects(list(polygons), *size))


def _length(polygons: Sequence[Sequence[float]]) -> float:
    """Pixels along the outlines."""
    corners = (np.reshape(polygon, (-1, 2)) for polygon in polygons)
    return sum(float(np.abs(points - np.roll(points, 1, axis=0)).sum()) for points in corners)


def _runs(counts: Sequence[int] | str | None) -> list[int]:
    """Run lengths out of COCO's string of them; [0] for what are none.

    A character carries five bits from '0' up, lowest first, and one that says whether more follow. From the fourth run
    on the difference to the run before the last is coded.
    """
    if not isinstance(counts, str):
        whole = isinstance(counts, Sequence) and all(map(is_whole, counts))
        return list(counts or [0]) if whole else [0]
    runs, value, shift = [], 0, 0
    for character in counts:
        code = ord(character) - ord("0")
        if shift > _MOST_BITS or not 0 <= code < 64:
            return [0]
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
            f"{path} is not the PNG of its annotation: the segments {listing(which[0])} have {which[1]}. Give "
            "the PNG folder that came with the JSON."
        )
    return np.array([table[number] for number in known.tolist()], np.uint8)[index]


def _pycocotools() -> ModuleType:
    try:
        from pycocotools import mask
    except ImportError as error:
        raise ImportError("Drawing COCO's outlines needs pycocotools: pip install 'deeplab-tf[coco]'") from error
    return mask
