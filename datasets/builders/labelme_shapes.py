"""The shapes in a labelme JSON file as a mask, painted as labelme itself paints them."""

from __future__ import annotations

import base64
import binascii
import io
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from deeplab_tf.files import read_json
from deeplab_tf.images import read_image

IGNORED = "__ignore__"
# Least and greatest number of points.
_POINTS = {
    "polygon": (3, math.inf),
    "rectangle": (2, 2),
    "oriented_rectangle": (4, 4),
    "circle": (2, 2),
    "line": (2, 2),
    "linestrip": (2, math.inf),
    "point": (1, 1),
    "mask": (2, 2),
}
# Painting takes time by the extent of a shape, also by that outside.
_FARTHEST = 1e5


def read_labelme(path: str | os.PathLike) -> dict[str, Any]:
    """The content of a labelme file, with `shapes` a list of dictionaries that have a `label`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no JSON, or none of labelme's.
    """
    content = read_json(path)
    shapes = content.get("shapes") if isinstance(content, dict) else None
    if not isinstance(shapes, list) or not isinstance(content.get("imagePath"), str):
        keys = sorted(content)[:8] if isinstance(content, dict) else type(content).__name__
        raise ValueError(
            f"{path} is no labelme file: expected imagePath and a list of shapes, received {keys}. Take it out of the "
            "folder or label its image again."
        )
    for number, shape in enumerate(shapes, start=1):
        if not isinstance(shape, dict) or not isinstance(shape.get("label"), str):
            raise ValueError(f"{path}: shape {number} has no label. Label it in labelme or take it out.")
    return content


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
        image: Its image, whose size is taken where the file, of an early version, does not say it.
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
        ValueError: If it is no labelme file, a label is unknown, or a shape is of an unknown type, lacks points, or
            lies outside the image as a whole. A shape that reaches out is clipped.
    """
    content = read_labelme(path)
    height, width = _size(content, image)
    values = {**values, IGNORED: ignore_label}
    unknown = sorted({shape["label"] for shape in content["shapes"]} - values.keys())
    if unknown and not ignore_unknown:
        raise ValueError(
            f"{path} has shapes of unknown labels: {', '.join(map(repr, unknown))}; known are "
            f"{', '.join(map(repr, values))}. Correct them, add them to the class names, or ignore them with "
            "--ignore-unknown (ignore_unknown=True)."
        )
    mask = Image.new("L", (width, height), background)
    for number, shape in enumerate(content["shapes"], start=1):
        where = f"{path}: shape {number} ({shape['label']!r})"
        _paint(mask, shape, values.get(shape["label"], ignore_label), line_width, point_radius, where)
    return np.array(mask)


def _size(content: Mapping[str, Any], image: Path) -> tuple[int, int]:
    size = (content.get("imageHeight"), content.get("imageWidth"))
    if all(isinstance(side, int) and side > 0 for side in size):
        return size
    return read_image(image).shape[:2]


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
        _paste(mask, _decoded(shape.get("mask"), where), points, value, where)
    elif kind in ("circle", "point"):
        draw.ellipse([left, top, right, bottom], fill=value, outline=value)
    elif kind == "rectangle":
        draw.rectangle([left, top, right, bottom], fill=value, outline=value)
    elif kind in ("line", "linestrip"):
        draw.line(points, fill=value, width=line_width)
    else:
        draw.polygon(points, fill=value, outline=value)


def _points(points: Any, kind: str, where: str) -> list[tuple[float, float]]:
    if kind not in _POINTS:
        raise ValueError(f"{where} is of the unknown type {kind!r}; known are {', '.join(_POINTS)}. Draw it as one.")
    try:
        found = [(float(x), float(y)) for x, y in points]
    except (TypeError, ValueError):
        found = []
    least, most = _POINTS[kind]
    if not least <= len(found) <= most or not np.all(np.abs(found) < _FARTHEST):
        count = f"at least {least}" if most > least else least
        raise ValueError(f"{where}: a {kind} needs {count} points of x and y; received {points}. Draw it again.")
    return found


def _decoded(mask: Any, where: str) -> np.ndarray:
    """The PNG inside a shape of type mask; boolean `[h, w]`."""
    try:
        with Image.open(io.BytesIO(base64.b64decode(mask, validate=True))) as image:
            return np.asarray(image).astype(bool)
    except (TypeError, binascii.Error, ValueError, OSError) as error:
        raise ValueError(f"{where} has a mask that is no PNG in base64 ({error}). Draw it again.") from error


def _paste(mask: Image.Image, cover: np.ndarray, points: Sequence[tuple], value: int, where: str) -> None:
    (left, top), (right, bottom) = np.array(points).astype(int).tolist()
    if cover.shape != (bottom - top + 1, right - left + 1):
        raise ValueError(
            f"{where} has a mask of {'x'.join(map(str, cover.shape[::-1]))} pixels in a box of "
            f"{right - left + 1}x{bottom - top + 1}. Draw it again."
        )
    mask.paste(value, (left, top), Image.fromarray(cover))
