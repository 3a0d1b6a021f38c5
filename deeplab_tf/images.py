"""Image and mask files in, 8-bit arrays out, whatever the file's mode; and palette PNGs back."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from deeplab_tf.files import replacing

LOSSY_FORMATS = frozenset({"JPEG", "MPO"})
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif"})


def open_image(path: str | os.PathLike) -> Image.Image:
    """An image file, decoded, in the file's own mode.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, not an image, or has no pixels; the message names the file.
    """
    try:
        image = Image.open(path)
        if image.format == "PNG":
            # Decoding does not look at the checksums of the pixels; other readers do, and so refuse the file later.
            image.verify()
            image = Image.open(path)
        image.load()
    except FileNotFoundError:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise ValueError(
            f"{path} cannot be decoded as an image ({error}). Replace the file or leave it out."
        ) from error
    if not all(image.size):
        raise ValueError(f"{path} has no pixels: its size is {image.size}. Replace the file or leave it out.")
    return image


def _to_8_bit(values: np.ndarray) -> np.ndarray:
    """16-bit, 32-bit or float grey values as 8 bits, by the range of their type.

    32-bit and float files have no agreed range: values up to 255, then up to 65535, then their own largest one.
    """
    largest = 65535.0
    if values.dtype != np.uint16:
        found = float(values.max(initial=0))
        largest = next((top for top in (255.0, 65535.0) if found <= top), found)
    return np.clip(np.rint(values * (255.0 / largest)), 0, 255).astype(np.uint8)


def read_image(path: str | os.PathLike) -> np.ndarray:
    """An image file as RGB.

    Grey, palette, CMYK and 16-bit images are converted, transparency is laid over white, and the EXIF
    orientation is applied.

    Args:
        path: A file in any format that Pillow reads.

    Returns:
        uint8 `[H, W, 3]`, 0-255.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, not an image, or has no pixels; the message names the file.

    Example:
        >>> read_image("cat.jpg").shape
        (375, 500, 3)
    """
    image = ImageOps.exif_transpose(open_image(path))
    if image.mode.startswith("I") or image.mode == "F":
        grey = _to_8_bit(np.asarray(image))
        return np.repeat(grey[..., None], 3, axis=-1)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.array(image.convert("RGB"))


def read_mask(path: str | os.PathLike, dtype: np.dtype | type = np.uint8) -> np.ndarray:
    """A mask file as label ids: the index of a palette PNG, the value of a grey one.

    Args:
        path: An 8-bit palette or grey image (PNG, BMP, TIFF), or a grey one of more bits with values that `dtype` can
            hold.
        dtype: uint8, or uint16 for more than 256 classes; `LabelSpec.mask_dtype`.

    Returns:
        `dtype` `[H, W]`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, has no pixels, is a JPEG, or holds colours or greater values; the
            message names it.
    """
    image = open_image(path)
    if image.format in LOSSY_FORMATS:
        raise ValueError(f"{path} is a JPEG, whose compression changes label ids. Make the mask anew as an 8-bit PNG.")
    if image.mode in ("P", "L"):
        return np.array(image, dtype)
    if image.mode == "1":
        return np.array(image, dtype)
    values = np.asarray(image)
    if image.mode.startswith("I") and values.max(initial=0) <= np.iinfo(dtype).max and values.min(initial=0) >= 0:
        return values.astype(dtype)
    raise ValueError(
        f"{path} is a {image.mode} image; a mask holds one label id (0-255) a pixel, as an 8-bit palette or "
        "grey PNG, or a 16-bit grey one for labels of more than 256 classes. Map its colours or values to ids first."
    )


def write_label_png(path: str | os.PathLike, labels: np.ndarray, palette: np.ndarray) -> None:
    """Writes label ids, integer `[H, W]`, as a PNG with `palette`, uint8 `[256, 3]`, in one move.

    A palette of more colours than a PNG can have means ids of 16 bits, which become grey values.
    """
    wide = len(palette) > 256
    image = Image.fromarray(np.ascontiguousarray(labels, np.uint16 if wide else np.uint8))
    if not wide:
        image.putpalette(palette.astype(np.uint8).tobytes())
    _save(image, path)


def write_image(path: str | os.PathLike, image: np.ndarray, **options) -> None:
    """Writes an RGB or grey array, uint8, in the format of the suffix, in one move."""
    _save(Image.fromarray(np.ascontiguousarray(image, np.uint8)), path, **options)


def _save(image: Image.Image, path: str | os.PathLike, **options) -> None:
    with replacing(path) as temporary:
        image.save(temporary, format=Image.registered_extensions()[Path(path).suffix.lower()], **options)
