"""Image and mask files, and arrays, in; 8-bit arrays out, whatever the mode; and palette PNGs back."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from deeplab_tf.files import replacing
from deeplab_tf.files.reading import reading, shown
from deeplab_tf.images.files import IMAGE_SUFFIXES, LOSSY_FORMATS, ImageFile, UnfitImage, open_image

__all__ = [
    "IMAGE_SUFFIXES",
    "LOSSY_FORMATS",
    "as_rgb",
    "open_image",
    "read_image",
    "read_mask",
    "write_image",
    "write_label_png",
]

# Transparency that the file declares: associated, unassociated, and Corel's own number.
_ALPHA_SAMPLES = (1, 2, 999)
_EXTRA_SAMPLES_TAG, _SAMPLE_FORMAT_TAG, _SIGNED = 338, 339, 2
# Whose largest value lies below a sixteenth of the range is more likely of 12 bits than so dark.
_RANGE_USED = 16


def read_image(path: str | os.PathLike) -> np.ndarray:
    """An image file as RGB.

    Grey, palette, CMYK and 16-bit images are converted, transparency is laid over white, and the EXIF
    orientation is applied. Values of 16 bits are scaled from 0-65535 (or from what the file states); of 32 bits and
    floats only 0-255 is taken, as `as_rgb` does.

    Args:
        path: A regular file in any format that Pillow reads, of at most `MAX_PIXELS` (134 million) pixels; HEIC with
            the extra `heic`.

    Returns:
        uint8 `[H, W, 3]`, 0-255.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, not an image, too large, or has no pixels; holds several pages or frames; a fourth
            band that is not transparency; or values whose range cannot be told. The message names the file.

    Example:
        >>> read_image("cat.jpg").shape
        (375, 500, 3)
    """
    file = open_image(path)
    with reading(path, "an image"):
        name = shown(path)
        if file.image.format == "TIFF":
            _check_bands(file.image, name)
        image = ImageOps.exif_transpose(file.image)
        if image.mode.startswith("I") or image.mode == "F":
            # Pillow scales PPM's itself.
            return as_rgb(_values(image, file), name, 65535 if file.image.format == "PPM" else file.largest)
        if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        rgb = np.array(image.convert("RGB"))
        if file.largest is not None and file.largest > 255:
            # Pillow has dropped the lower byte already.
            _check_range(int(rgb.max()) * 257, file.largest, name)
        return rgb


def _values(image: Image.Image, file: ImageFile) -> np.ndarray:
    # Some versions of Pillow hold the 16 bits of these formats in 32.
    wide = image.mode.startswith("I;16") or (image.mode == "I" and file.image.format in ("PNG", "PPM"))
    values = np.asarray(image)
    return values.astype(np.uint16) if wide else values


def _check_bands(image: Image.Image, name: str) -> None:
    """Refuses what Pillow takes for transparency, or for unsigned, although the file does not say so."""
    if image.mode == "L" and _SIGNED in np.atleast_1d(image.tag_v2.get(_SAMPLE_FORMAT_TAG, 1)):
        raise _unclear(name, "signed values of 8 bits")
    if image.mode not in ("RGBA", "LA", "La", "RGBa", "PA"):
        return
    declared = set(np.atleast_1d(image.tag_v2.get(_EXTRA_SAMPLES_TAG, ())).tolist()) & set(_ALPHA_SAMPLES)
    alpha = np.asarray(image.getchannel("A" if image.mode[-1] == "A" else "a"))
    if not declared or ((alpha > 0) & (alpha < 255)).mean() > 0.5:
        raise UnfitImage(
            "unclear_band",
            f"{name} has a band beyond its colours that is not transparency, infra-red perhaps. Save its red, green "
            "and blue alone.",
        )


def _unclear(name: str, received: str, remedy: str = "Scale the pixels to 0-255 and store 8 bits.") -> UnfitImage:
    return UnfitImage(
        "unclear_range",
        f"{name}: expected pixels of 0-255, or of 16 bits over their whole range; received {received}. {remedy}",
    )


def _check_range(high: int, largest: int, name: str) -> None:
    if 0 < high <= largest // _RANGE_USED:
        raise _unclear(name, f"values up to {high} of {largest}: black, or fewer bits in a wider type")


def as_rgb(image: np.ndarray, name: str = "The image", largest: int | None = None) -> np.ndarray:
    """An array or eager tensor as RGB, uint8 `[H, W, 3]`.

    Files and arrays follow one rule: what has 8 bits stays; uint16 is scaled from its whole range, of which it must use
    a sixteenth at least; of other types only 0-255 is taken. Negative values and floats of 0-1 are refused.

    Args:
        image: RGB `[H, W, 3]` or grey `[H, W]` or `[H, W, 1]`, integer or float.
        name: What to call it in an error.
        largest: The end of the range of uint16, where it is another than 65535.

    Raises:
        ValueError: If the shape, type or range is another.

    Example:
        >>> as_rgb(np.full((2, 2), 99.6)).shape
        (2, 2, 3)
    """
    image = np.asarray(image)
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[-1] not in (1, 3) or not image.size:
        raise ValueError(
            f"Expected one RGB image [H, W, 3] or a grey one [H, W]; received the shape {list(image.shape)}. "
            "Pass the images of a batch one by one, and drop an alpha channel."
        )
    if not (np.issubdtype(image.dtype, np.integer) or np.issubdtype(image.dtype, np.floating)):
        raise ValueError(
            f"Expected integer or float pixels, 0-255; received {image.dtype}. Convert the image to uint8."
        )
    if np.issubdtype(image.dtype, np.uint16):
        largest = largest or 65535
        _check_range(int(image.max()), largest, name)
        table = np.rint(np.arange(65536) * (255 / largest)).clip(0, 255).astype(np.uint8)
        image = table[image]
    elif image.dtype != np.uint8:
        low, high = image.min(), image.max()
        # Written so that NaN fails.
        if not (low >= 0 and high <= 255):
            raise _unclear(name, f"{low} to {high}")
        if np.issubdtype(image.dtype, np.floating) and 0 < high <= 1:
            raise _unclear(name, f"floats of {low} to {high}", "Multiply by 255.")
        image = np.rint(image).astype(np.uint8)
    return np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image


def read_mask(path: str | os.PathLike, dtype: np.dtype | type = np.uint8) -> np.ndarray:
    """A mask file as label ids: the index of a palette PNG, the value of a grey one.

    Ids are those that the file stores, of fewer than 8 bits too; the EXIF orientation is applied, as to images.

    Args:
        path: A palette or grey image of up to 8 bits (PNG, BMP, TIFF), or a grey one of more bits with values that
            `dtype` can hold.
        dtype: uint8, or uint16 for more than 256 classes; `LabelSpec.mask_dtype`.

    Returns:
        `dtype` `[H, W]`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, has no pixels, holds several pages, is a JPEG, or holds colours or greater values;
            the message names it.
    """
    file = open_image(path)
    with reading(path, "a mask"):
        name = shown(path)
        if file.image.format in LOSSY_FORMATS:
            raise ValueError(
                f"{name} is a JPEG, whose compression changes label ids. Make the mask again as an 8-bit PNG."
            )
        image = ImageOps.exif_transpose(file.image)
        if image.mode in ("P", "1"):
            return np.array(image, dtype)
        values = np.asarray(image)
        if image.mode in ("L", "I") and file.largest not in (None, 255, 65535):
            # Pillow stretches what has fewer bits over the range of the mode.
            values = np.rint(values * (file.largest / (255 if image.mode == "L" else 65535))).astype(np.int64)
        if image.mode == "L":
            return values.astype(dtype)
        if image.mode.startswith("I") and values.max(initial=0) <= np.iinfo(dtype).max and values.min(initial=0) >= 0:
            return values.astype(dtype)
        raise ValueError(
            f"{name} is a {image.mode} image; a mask holds one label id (0-255) a pixel, as an 8-bit palette or "
            "grey PNG, or a 16-bit grey one for labels of more than 256 classes. Map its colours or values to ids "
            "first."
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


def check_image_path(path: str | os.PathLike) -> None:
    """Refuses a path whose suffix is no format that `write_image` writes, before the work that leads to it.

    Raises:
        ValueError: If it is none; the message names the path.

    Example:
        >>> check_image_path("next.png")
    """
    Image.init()
    if Image.registered_extensions().get(Path(path).suffix.lower()) not in Image.SAVE:
        raise ValueError(f"{shown(path)} cannot be written as an image: its suffix is no format. Give a .png file.")


def _save(image: Image.Image, path: str | os.PathLike, **options) -> None:
    # Pictures are many and can be made again: after a power cut, not worth the milliseconds that each would wait.
    with replacing(path, durable=False) as temporary:
        image.save(temporary, format=Image.registered_extensions()[Path(path).suffix.lower()], **options)
