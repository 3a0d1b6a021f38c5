"""Label maps as labelme's JSON files, to be corrected by hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from deeplab_tf.checks import number
from deeplab_tf.datasets.builders.label_names import BACKGROUNDS
from deeplab_tf.datasets.builders.labelme_file import IGNORED
from deeplab_tf.datasets.builders.outlines import outlines, paint
from deeplab_tf.files import write_json
from deeplab_tf.labels import LabelSpec

# A version whose files labelme 5 and 6 both take as their own.
VERSION = "5.5.0"
TOLERANCE, SMALLEST = 1.0, 10


def write_labelme(
    path: str | os.PathLike,
    labels: np.ndarray,
    spec: LabelSpec,
    image: str | os.PathLike,
    *,
    tolerance: float = TOLERANCE,
    smallest: float = SMALLEST,
) -> Path:
    """Writes a label map as a file that labelme opens and `convert_labelme` reads back.

    Every connected region becomes a polygon. What lies within another comes after it, since labelme has no holes: a
    hole is a polygon of its own. The background is what no polygon covers; only where it lies within a region it has
    polygons, of its own name. Ignored regions are called `__ignore__`. Among classes without a background a polygon of
    that name lies below all others, so that what they leave open is ignored.

    Args:
        path: The JSON file; labelme looks for it beside the image, by the image's name. One that is there is replaced.
        labels: Label ids, integer `[H, W]`.
        spec: Their names.
        image: The image file, upright as `labels` are. Its path is written relative to the JSON file's folder.
        tolerance: How far, in pixels, a polygon may be from the true boundary, at least 0.
        smallest: Regions of fewer pixels become part of what is around them.

    Returns:
        `path`.

    Raises:
        ValueError: If there are other label ids, `tolerance` or `smallest` is negative, or the file cannot be written.

    Example:
        >>> mask = np.zeros((375, 500), np.uint8)
        >>> mask[100:200, 150:300] = 8
        >>> write_labelme("cat.json", mask, label_spec("pascal_voc"), "cat.jpg")
        PosixPath('cat.json')
    """
    path, image = Path(path), Path(image)
    check_polygons(tolerance, smallest)
    labels = np.asarray(labels)
    if not spec.is_valid(labels).all():
        wrong = np.unique(labels[~spec.is_valid(labels)]).tolist()
        raise ValueError(
            f"{image}: expected label ids below {spec.classes}, or {spec.ignore_label}; received {wrong[:5]}. Give the "
            "labels that belong to the classes."
        )
    height, width = labels.shape
    content = {
        "version": VERSION,
        "flags": {},
        "shapes": _shapes(labels, spec, tolerance, smallest),
        "imagePath": _relative(image, path.parent),
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }
    write_json(path, content)
    return path


def check_polygons(tolerance: float, smallest: float) -> None:
    """Raises `ValueError` where what `write_labelme` takes is not possible."""
    number("tolerance", tolerance, least=0, remedy="It is in pixels; try 1.")
    number("smallest", smallest, least=0, remedy="It is a number of pixels; try 10.")


def _shapes(labels: np.ndarray, spec: LabelSpec, tolerance: float, smallest: float) -> list[dict[str, Any]]:
    background = next((spec.names.index(name) for name in BACKGROUNDS if name in spec.names), None)
    names = {**dict(enumerate(spec.names)), spec.ignore_label: IGNORED}
    # What labelme will make of the file, so far.
    painted = Image.new("I", labels.shape[::-1], background or 0)
    shapes = []
    if background is None:
        right, bottom = painted.width - 1, painted.height - 1
        shapes.append(_polygon(IGNORED, np.array([[0, 0], [right, 0], [right, bottom], [0, bottom]])))
    for outline in outlines(labels, tolerance, smallest, background):
        corners = outline.corners
        if outline.label == background:
            box = (*corners.min(0).tolist(), *(corners.max(0) + 1).tolist())
            below = painted.crop(box)
            above = below.copy()
            paint(above, corners - corners.min(0), outline.label)
            if above == below:
                continue
        paint(painted, corners, outline.label)
        # A polygon has three corners or more.
        shapes.append(_polygon(names[outline.label], np.resize(corners, (max(3, len(corners)), 2))))
    return shapes


def _polygon(label: str, corners: np.ndarray) -> dict[str, Any]:
    return {
        "label": label,
        "points": corners.astype(float).tolist(),
        "group_id": None,
        "description": "",
        "shape_type": "polygon",
        "flags": {},
    }


def _relative(image: Path, folder: Path) -> str:
    # A link in a path would lead ".." elsewhere, but a link to an image has the name that is meant.
    image = image.parent.resolve() / image.name
    try:
        return Path(os.path.relpath(image, folder.resolve())).as_posix()
    except ValueError:
        # On Windows, another drive.
        return image.as_posix()
