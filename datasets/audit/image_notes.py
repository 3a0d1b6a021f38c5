"""What an image is and its user may not know: kept by conversion, and worth a warning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from deeplab_tf.datasets.records.stored_images import UPRIGHT, orientation
from deeplab_tf.images.files import open_header, open_image

TINY = 32
DARK = 64
_SAMPLES_TAG = 277

# A kind of finding, and what a sentence says behind the file's name.
Note = tuple[str, str]


def notes_of_image(image: np.ndarray, file: str = "", refused: str = "") -> list[Note]:
    """What to warn of.

    Args:
        image: Its pixels, uint8 `[H, W, 3]`.
        file: Its file, which was read; empty in TFRecords.
        refused: Why TensorFlow does not decode the file, where it does not.
    """
    height, width = image.shape[:2]
    notes = []
    if min(height, width) < TINY:
        notes.append(("tiny_image", f"has {width}x{height} pixels. Replace it if it is a thumbnail."))
    if (brightest := int(image.max())) < DARK:
        notes.append(
            (
                "dark_image",
                f"has no value above {brightest} of 255. Scale its values if they were of fewer bits; or is it a mask?",
            )
        )
    if refused:
        notes.append(
            (
                "stored_anew",
                f"is refused by TensorFlow's decoder ({refused}) and read by Pillow's: conversion stores its pixels as "
                "PNG. Save it again if you read it yourself.",
            )
        )
    return [*notes, *_notes_of_file(Path(file), height == width)] if file else notes


def _notes_of_file(path: Path, square: bool) -> list[Note]:
    notes = []
    if (turn := orientation(path)) != UPRIGHT and (turn < 5 or square):
        notes.append(
            (
                "turned_image",
                f"has the EXIF orientation {turn}, by which it is turned; compare the overlay with the image, and turn "
                "the mask alike or remove the tag.",
            )
        )
    with open_header(path).image as image:
        bands = image.tag_v2.get(_SAMPLES_TAG, 1) if image.format == "TIFF" else 0
        left_out = bands - len(image.getbands()) if image.mode in ("L", "RGB", "CMYK", "P") else 0
        transparent = image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info
    if left_out > 0:
        notes.append(("extra_bands", f"has {bands} bands, of which the last {left_out} are left out."))
    if transparent and (share := _see_through(path)):
        notes.append(
            (
                "transparent_image",
                f"is not opaque in {share:.0%} of its pixels, which white shows through. Save red, green and blue "
                "alone if the fourth band is something else.",
            )
        )
    return notes


def _see_through(path: Path) -> float:
    """Share of the pixels that are not opaque."""
    alpha: Image.Image = open_image(path).image.convert("RGBA").getchannel("A")
    return float((np.asarray(alpha) < 255).mean())
