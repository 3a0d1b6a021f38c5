"""The shapes in a labelme JSON file as a mask, painted as labelme itself paints them."""

from __future__ import annotations

import base64
import io
import math
import reprlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from deeplab_tf.checks import is_number, nearest
from deeplab_tf.datasets.builders.labelme_file import IGNORED, read_labelme
from deeplab_tf.datasets.records.pairs import size_to_draw
from deeplab_tf.files.reading import reading, reason

# How many points a shape may have: these numbers, or so many and more.
_POINTS = {
    "polygon": range(3, 1 << 31),
    # Two corners across, or all four as X-AnyLabeling has them.
    "rectangle": (2, 4),
    "oriented_rectangle": (4,),
    # X-AnyLabeling's.
    "rotation": (4,),
    "quadrilateral": (4,),
    "circle": (2,),
    "line": (2,),
    "linestrip": range(2, 1 << 31),
    "point": (1,),
    "mask": (2,),
}
# Painting takes time by the extent of a shape, also by that outside.
_FARTHEST = 1e5
# Corners of a rectangle may be this far from level, for rounding.
_LEVEL = 0.01


def labelme_mask(
    path: Path,
    *,
    image: Path,
    values: Mapping[str, int],
    background: int = 0,
    ignore_label: int = 255,
    ignore_unknown: bool = False,
    line_width: int = 10,
    point_radius: int = 5,
) -> np.ndarray:
    """The label ids of a labelme file. Later shapes lie above earlier ones.

    Args:
        path: The file.
        image: Its image, which has the size; one that the file states must be the same.
        values: The label id of every label; `__ignore__` needs none.
        background: The label id of what no shape covers.
        ignore_label: What shapes of `__ignore__` become.
        ignore_unknown: Whether shapes of other labels become that too, instead of an error.
        line_width: Pixels across lines and line strips.
        point_radius: Pixels around points.

    Returns:
        uint8 `[H, W]`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a labelme file, its image has another size, a label is unknown, or a shape is of an
            unknown type, lacks points, or lies outside the image as a whole. A shape that reaches out is clipped.
    """
    file = read_labelme(path)
    with reading(path, "a labelme file", "Take it out of the folder or label its image again."):
        height, width = size_to_draw(file.path, image, file.size)
        values = {**values, IGNORED: ignore_label}
        unknown = sorted(file.labels - values.keys())
        if unknown and not ignore_unknown:
            meant = [name for label in unknown for name in nearest(label, values)]
            hint = f" Did you mean {_listed(meant)}?" if meant else ""
            raise ValueError(
                f"{path} has shapes of unknown labels: {_listed(unknown)}; known are {_listed(values)}.{hint} Correct "
                "them, add them to the class names, or ignore them with --ignore-unknown (ignore_unknown=True)."
            )
        mask = Image.new("L", (width, height), background)
        for number, shape in enumerate(file.shapes, start=1):
            where = f"{path}: shape {number} ({reprlib.repr(shape['label'])})"
            _paint(mask, shape, values.get(shape["label"], ignore_label), line_width, point_radius, where)
        return np.array(mask)


def _listed(labels: Sequence[str] | Mapping[str, int]) -> str:
    return ", ".join(map(reprlib.repr, labels))


def _paint(mask: Image.Image, shape: Mapping[str, Any], value: int, line_width: int, radius: int, where: str) -> None:
    """Paints one shape into `mask`."""
    kind = shape.get("shape_type") or "polygon"
    points = _points(shape.get("points"), kind, where)
    reach = {"line": line_width / 2, "linestrip": line_width / 2, "point": radius}.get(kind, 0)
    if kind == "circle":
        reach = math.dist(*points)
        points = points[:1]
    (left, top), (right, bottom) = np.min(points, axis=0) - reach, np.max(points, axis=0) + reach
    if right < 0 or bottom < 0 or left >= mask.width or top >= mask.height:
        raise ValueError(
            f"{where} lies outside its image: x {left:g} to {right:g} and y {top:g} to {bottom:g} of "
            f"{mask.width}x{mask.height} pixels. Remove it, or give the image that was labelled."
        )
    draw = ImageDraw.Draw(mask)
    if kind == "mask":
        _paste(mask, shape.get("mask"), points, value, where)
    elif kind in ("circle", "point"):
        draw.ellipse([left, top, right, bottom], fill=value, outline=value)
    elif kind == "rectangle" and _is_level(points):
        draw.rectangle([left, top, right, bottom], fill=value, outline=value)
    elif kind in ("line", "linestrip"):
        draw.line(points, fill=value, width=line_width)
    else:
        draw.polygon(points, fill=value, outline=value)


def _is_level(corners: Sequence[tuple[float, float]]) -> bool:
    """Whether the corners of a rectangle, two or four, are those of one with level sides."""
    if len(corners) == 2:
        return True
    found = np.array(corners)
    sides = np.sort(found, axis=0)
    return bool((np.minimum(abs(found - sides[0]), abs(found - sides[-1])) <= _LEVEL).all())


def _points(points: Any, kind: Any, where: str) -> list[tuple[float, float]]:
    if not isinstance(kind, str) or kind not in _POINTS:
        raise ValueError(
            f"{where} is of the unknown type {reprlib.repr(kind)}; known are {', '.join(_POINTS)}. Draw it as one."
        )
    counts, found = _POINTS[kind], points if isinstance(points, list) else []
    pairs = all(isinstance(point, list) and len(point) == 2 and all(map(_is_near, point)) for point in found)
    if len(found) not in counts or not pairs:
        count = f"at least {counts[0]}" if isinstance(counts, range) else " or ".join(map(str, counts))
        raise ValueError(
            f"{where}: a {kind} needs {count} points of x and y; received {reprlib.repr(points)}. Draw it again."
        )
    return [(float(x), float(y)) for x, y in found]


def _is_near(value: Any) -> bool:
    """Whether it is a coordinate, and not far outside; NaN is not."""
    return is_number(value, above=-_FARTHEST, below=_FARTHEST)


def _paste(mask: Image.Image, encoded: Any, points: Sequence[tuple], value: int, where: str) -> None:
    """Pastes the PNG inside a shape of type mask."""
    (left, top), (right, bottom) = np.array(points).astype(int).tolist()
    box = (right - left + 1, bottom - top + 1)
    try:
        cover = Image.open(io.BytesIO(base64.b64decode(encoded, validate=True)))
        # Before the pixels are: a few bytes may state any number of them.
        if cover.size == box and cover.width <= mask.width and cover.height <= mask.height:
            cover = np.asarray(cover).astype(bool)
    # What Pillow raises depends on where the damage lies.
    except Exception as error:
        raise ValueError(f"{where} has a mask that is no PNG in base64 ({reason(error)}). Draw it again.") from error
    if not isinstance(cover, np.ndarray):
        raise ValueError(
            f"{where} has a mask of {cover.width}x{cover.height} pixels in a box of {box[0]}x{box[1]}, in an image of "
            f"{mask.width}x{mask.height}. Draw it again."
        )
    mask.paste(value, (left, top), Image.fromarray(cover))
