"""An image file as TFRecords keep it: its own bytes where the decoder that will read them can, or else its pixels."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from deeplab_tf.datasets.records.record import decode_image
from deeplab_tf.files.reading import reading, reason
from deeplab_tf.images import read_image
from deeplab_tf.images.files import open_header
from deeplab_tf.images.scaling import shrunk

ORIENTATION = 0x0112
UPRIGHT = 1
# Of a JPEG that is encoded again.
QUALITY = 95
_FORMATS = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png"}
# Where a PNG has none of these, looking for its EXIF would decode it.
_EXIF_MARKS = (b"eXIf", b"Raw profile type")


@dataclasses.dataclass(frozen=True)
class StoredImage:
    """An image and how it is stored.

    Args:
        pixels: uint8 `[H, W, 3]`.
        encoded: The bytes of the file, where they may be stored as they are.
        format: `"jpeg"` or `"png"`.
        refused: What TensorFlow's decoder said about bytes that would otherwise have been stored.
    """

    pixels: np.ndarray
    encoded: bytes | None = None
    format: str = "png"
    refused: str = ""

    def to_bytes(self) -> bytes:
        """What to store: the file's own bytes, or a PNG of the pixels."""
        return png_bytes(self.pixels) if self.encoded is None else self.encoded


def read_stored(path: Path) -> StoredImage:
    """Reads an image file the way that training will.

    Upright RGB JPEG and PNG files are decoded by TensorFlow, whose decoder refuses some that Pillow takes, such as a
    JPEG without its last two bytes. Those, and all others, are what `read_image` gives.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: As `read_image`.
    """
    format_, size = _stored_format(path)
    if format_ is None:
        return StoredImage(read_image(path))
    encoded = path.read_bytes()
    try:
        pixels = decode_image(tf.constant(encoded)).numpy()
    except tf.errors.OpError as error:
        return StoredImage(read_image(path), refused=reason(error))
    if pixels.shape[1::-1] != size:
        return StoredImage(read_image(path), refused=f"it decodes {pixels.shape[1]}x{pixels.shape[0]} pixels")
    return StoredImage(pixels, encoded, format_)


def scaled(image: StoredImage, size: tuple[int, int]) -> StoredImage:
    """The image scaled down to (height, width), antialiased; a JPEG stays one, of high quality."""
    pixels = shrunk(image.pixels[None], size)[0].numpy()
    if image.format != "jpeg":
        return StoredImage(pixels)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return StoredImage(pixels, buffer.getvalue(), "jpeg")


def _stored_format(path: Path) -> tuple[str | None, tuple[int, int]]:
    """The format under which the file may be stored as it is, or None where it has to be encoded; and its size."""
    file = open_header(path)
    with reading(path, "an image"), file.image as image:
        plain = image.mode == "RGB" and "transparency" not in image.info and file.largest == 255
        if image.format not in _FORMATS or not plain or orientation(path) != UPRIGHT:
            return None, image.size
        if image.format == "PNG":
            # Of what TensorFlow skips it does not check the sums.
            image.verify()
        return _FORMATS[image.format], image.size


def orientation(path: Path) -> int:
    """The EXIF orientation of an image file, 1 to 8; 1 is upright."""
    with reading(path, "an image"), open_header(path).image as image:
        if image.format == "PNG" and not any(mark in path.read_bytes() for mark in _EXIF_MARKS):
            return UPRIGHT
        return image.getexif().get(ORIENTATION, UPRIGHT)


def png_bytes(pixels: np.ndarray) -> bytes:
    """Pixels as a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
