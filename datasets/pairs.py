"""An image file and its mask file: verified against each other and the labels, and ready to be stored."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from deeplab_tf.datasets.records import Record
from deeplab_tf.images import read_image, read_mask
from deeplab_tf.labels import LabelSpec

_ORIENTATION = 0x0112
_UPRIGHT = 1
_FORMATS = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png"}
_VALUES_NAMED = 8


@dataclasses.dataclass(frozen=True)
class Pair:
    """An image file, its mask file, and what the two are called together.

    Args:
        name: Unique in its split; stored with the image.
        image: The image's file.
        mask: The file that the mask comes from: a PNG of ids, or whatever else `read` understands.
        read: Makes the mask, uint8 ids `[H, W]`, from `mask`. It raises `ValueError` naming the file where it
            cannot, and `FileNotFoundError` where the file is missing.
    """

    name: str
    image: Path
    mask: Path
    read: Callable[[Path], np.ndarray] = read_mask


def load_pair(pair: Pair, labels: LabelSpec) -> Record:
    """Reads and verifies a pair completely.

    Args:
        pair: The files.
        labels: Which label ids are allowed.

    Returns:
        The record to store. RGB JPEG and PNG files are kept byte for byte; another image becomes an RGB PNG of
        the pixels that `read_image` gives. The mask becomes a grey PNG of its ids.

    Raises:
        ValueError: If a file is missing or damaged, the sizes differ, or the mask holds colours or ids that
            are no class.
    """
    pixels = _existing(read_image, pair.image, "image")
    mask = _existing(pair.read, pair.mask, "mask")
    height, width = pixels.shape[:2]
    if mask.shape != (height, width):
        raise ValueError(
            f"{pair.mask} has {mask.shape[1]}x{mask.shape[0]} pixels but its image {pair.image} has "
            f"{width}x{height} (upright). Make the mask anew at the image's size."
        )
    values = np.flatnonzero(mask_values(mask))
    wrong = values[~labels.is_valid(values)]
    if wrong.size:
        raise ValueError(
            f"{pair.mask} holds the value(s) {_listed(wrong)}; expected class ids 0-{labels.classes - 1} or "
            f"{labels.ignore_label} (ignore). Map them to ids or give the labels that fit."
        )
    stored = _stored_format(pair.image)
    return Record(
        filename=pair.name,
        image=pair.image.read_bytes() if stored else _png(pixels),
        image_format=stored or "png",
        height=height,
        width=width,
        label=_png(mask),
    )


def mask_values(mask: np.ndarray) -> np.ndarray:
    """Which of the 256 possible values occur in `mask`, uint8 `[H, W]`; boolean `[256]`."""
    return np.bincount(mask.ravel(), minlength=256) > 0


def _existing(read: Callable[[Path], np.ndarray], path: Path, kind: str) -> np.ndarray:
    try:
        return read(path)
    except FileNotFoundError as error:
        raise ValueError(f"{path} is missing; it should be the {kind}. Add it or take its pair out.") from error


def _stored_format(path: Path) -> str | None:
    """The format under which the file may be stored as it is, or None where it has to be written anew."""
    with Image.open(path) as image:
        plain = image.mode == "RGB" and "transparency" not in image.info
        upright = image.getexif().get(_ORIENTATION, _UPRIGHT) == _UPRIGHT
        return _FORMATS.get(image.format) if plain and upright else None


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _listed(values: np.ndarray) -> str:
    named = ", ".join(str(value) for value in values[:_VALUES_NAMED])
    return named + (f" and {values.size - _VALUES_NAMED} more" if values.size > _VALUES_NAMED else "")
