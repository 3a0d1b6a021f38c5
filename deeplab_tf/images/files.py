"""Opening image files: what is refused before anything in a header is trusted."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import stat
import warnings

from PIL import Image, UnidentifiedImageError

from deeplab_tf.files.reading import reading, shown

LOSSY_FORMATS = frozenset({"JPEG", "MPO"})
IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".ppm", ".pgm", ".pbm"}
    | {".pnm", ".heic", ".heif", ".avif"}
)
# Others that Pillow knows run programs (EPS), or hold no photographs.
_FORMATS = ("JPEG", "MPO", "PNG", "BMP", "DIB", "TIFF", "WEBP", "GIF", "PPM", "AVIF", "JPEG2000", "TGA")
# 134 million: more than the largest cameras but one have, and half a gigabyte as RGB and alpha.
MAX_PIXELS = 2**27
# Images between Pillow's own first limit and ours are no reason for a warning; above it they are refused.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# The first picture of these is the image by definition; what follows are previews and depth maps.
_FIRST_COUNTS = frozenset({"MPO", "HEIF", "AVIF"})
_HEIC = (b"ftyphei", b"ftyphev", b"ftypmif1", b"ftypmsf1")
_BITS_TAG, _SUBFILE_TAG = 258, 254
_REDUCED_OR_MASK = 0b101


class UnfitImage(ValueError):
    """An image file or array that would mean something else as 8-bit RGB.

    Args:
        kind: What is wrong: a key of `deeplab_tf.datasets.audit.findings.KINDS`.
        message: What was received, what was expected, and what to do.
    """

    def __init__(self, kind: str, message: str):
        super().__init__(message)
        self.kind = kind

    def __reduce__(self):
        return UnfitImage, (self.kind, str(self))


@dataclasses.dataclass(frozen=True)
class ImageFile:
    """An image file that may be decoded.

    Args:
        image: In the file's own mode.
        largest: The largest value that a sample of the file can have; None of floats and of 32 bits.
    """

    image: Image.Image
    largest: int | None


def open_image(path: str | os.PathLike) -> ImageFile:
    """An image file, decoded, in the file's own mode.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a regular file, damaged, not an image, states more than `MAX_PIXELS` or no pixels, or
            holds several images; the message names the file.
    """
    with reading(path, "an image"):
        file = open_header(path)
        if file.image.format == "PNG":
            # Decoding does not look at the checksums of the pixels; other readers do, and so refuse the file later.
            file.image.verify()
            file = open_header(path)
        if file.image.format == "TIFF":
            # Read later, Pillow 10 and 11 would miss the file, which they close behind several pages.
            file.image.getexif()
        file.image.load()
    return file


def open_header(path: str | os.PathLike) -> ImageFile:
    """The same with its pixels not decoded yet; its `image` is to be closed.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: As `open_image`, as far as the header tells.
    """
    name = shown(path)
    with reading(path, "an image"):
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise UnfitImage("not_a_file", f"{name} cannot be read: it is not a regular file. Give an image file.")
        try:
            image = _identified(path)
        except Image.DecompressionBombError as error:
            raise _too_large(name, "far more") from error
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(name, f"{image.width}x{image.height}")
        if not all(image.size):
            raise ValueError(f"{name} has no pixels: its size is {image.size}. Replace the file or leave it out.")
        pages = _pages(image)
        if pages > 1:
            raise UnfitImage(
                "several_pages",
                f"{name} holds {pages} images; expected one. Save the page or frame that is meant as a file of its "
                "own.",
            )
        return ImageFile(image, _largest(image))


def _too_large(name: str, size: str) -> UnfitImage:
    return UnfitImage(
        "too_large",
        f"{name} states a size of {size} pixels; expected at most {MAX_PIXELS // 10**6} million, as anything above is "
        "taken for damage or an attack. Cut the image into tiles, or scale it down.",
    )


@functools.cache
def _known_formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _identified(path: str | os.PathLike) -> Image.Image:
    try:
        return Image.open(path, formats=_known_formats())
    except UnidentifiedImageError:
        with open(path, "rb") as file:
            start = file.read(12)[4:]
        if not start.startswith(_HEIC):
            raise
        try:
            import pillow_heif
        except ImportError as error:
            raise UnfitImage(
                "no_plugin",
                f'{shown(path)} is a HEIC image, which needs a plugin of Pillow: pip install "deeplab-tf[heic]". '
                "Or save it as JPEG or PNG.",
            ) from error
        pillow_heif.register_heif_opener()
        return Image.open(path, formats=("HEIF",))


def _pages(image: Image.Image) -> int:
    """How many images of full size a file holds."""
    frames = getattr(image, "n_frames", 1)
    if frames == 1 or image.format in _FIRST_COUNTS:
        return 1
    if image.format != "TIFF":
        return frames
    pages = 0
    for frame in range(frames):
        image.seek(frame)
        pages += not image.tag_v2.get(_SUBFILE_TAG, 0) & _REDUCED_OR_MASK
    image.seek(0)
    return pages


def _largest(image: Image.Image) -> int | None:
    """The largest value of a sample in the file, which Pillow may scale."""
    if image.format == "PPM":
        arguments = _decoder(image)
        if image.mode in ("L", "RGB", "I"):
            return arguments[1] if isinstance(arguments, tuple) and len(arguments) > 1 else _of_mode(image)
    if image.format == "TIFF":
        bits = max(image.tag_v2.get(_BITS_TAG, (1,)))
    elif image.format == "PNG" and (deep := re.search(r";(\d+)", str(_decoder(image)))):
        bits = int(deep[1])
    else:
        return _of_mode(image)
    return None if bits > 16 else 2**bits - 1


def _decoder(image: Image.Image):
    """The arguments of the file's decoder; Pillow 10 names no parts of a tile."""
    _, _, _, arguments = image.tile[0]
    return arguments


def _of_mode(image: Image.Image) -> int | None:
    if image.mode == "F":
        return None
    return 65535 if image.mode.startswith("I") else 255
