"""What makes a pair of image and mask unusable: an error that says its kind and its file."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from deeplab_tf.checks import listing
from deeplab_tf.files.reading import reading, shown
from deeplab_tf.images import read_mask
from deeplab_tf.images.files import IMAGE_SUFFIXES, LOSSY_FORMATS, UnfitImage, open_image
from deeplab_tf.labels import LabelSpec

_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"GIF8", b"II*\0", b"MM\0*", b"RIFF")
_ALPHA_MODES = ("LA", "PA", "La", "RGBA", "RGBa")
# Fewer strays than this are more likely ids of another data set than the steps of an edge.
_BLUR_VALUES = 4
# What lies beside an image and describes it; nothing of which it could be made.
_ANNOTATIONS = (".json", ".mat", ".txt", ".xml", ".yaml")


class BadPair(ValueError):
    """A pair that cannot be trained on.

    Args:
        kind: A key of `findings.KINDS`.
        file: The file at fault.
        message: What was received, what was expected, and what to do.
        values: The values at fault, where it is values.

    Example:
        >>> raise BadPair("missing_mask", "masks/3.png", "masks/3.png is missing. Add it or take its pair out.")
    """

    def __init__(self, kind: str, file: str | Path, message: str, values: tuple[int, ...] = ()):
        # Names that are not UTF-8 could not be printed.
        super().__init__(shown(message))
        self.kind, self.file, self.values = kind, Path(file), values

    def __reduce__(self):
        return BadPair, (self.kind, self.file, str(self), self.values)


def read_part(read: Callable[[Path], Any], path: Path, part: str, other: Path | None = None) -> Any:
    """Reads one half of a pair.

    Args:
        read: Reads it; raises `ValueError` or `FileNotFoundError` where it cannot.
        path: The file.
        part: `"image"` or `"mask"`.
        other: The file of the other half, which is not meant to be this one.

    Returns:
        What `read` gives.

    Raises:
        BadPair: If it cannot be read.
    """
    # Not those of Path, which raise where a name is too long.
    if os.path.exists(path) and not os.path.isfile(path):
        # Opening a pipe waits for ever.
        raise BadPair(
            "not_a_file",
            path,
            f"{path} cannot be read: it is not a regular file. Put the {part} there, or take its pair out.",
        )
    try:
        with reading(path, f"the {part}"):
            return read(path)
    except BadPair:
        raise
    except FileNotFoundError as error:
        raise BadPair(
            f"missing_{part}",
            path,
            f"{path} is missing; it should be the {part}.{_of_that_name(path, other)} Add it or take its pair out.",
        ) from error
    except ValueError as error:
        kind = error.kind if isinstance(error, UnfitImage) else _kind_of_file(path, part, str(error))
        raise BadPair(kind, path, str(error)) from error


def _of_that_name(path: Path, half: Path | None) -> str:
    """What lies in place of a missing file, in a sentence."""
    beside = path.parent.glob(f"{glob.escape(path.stem)}.*")
    others = sorted(other.name for other in beside if other != half and other.suffix.lower() not in _ANNOTATIONS)
    return f" There is {', '.join(others[:3])}, which is not looked for: save it as {path.suffix}." if others else ""


def _kind_of_file(path: Path, part: str, message: str) -> str:
    """Why a file that is there could not be read, which was said by `message`."""
    if not os.path.isfile(path):
        return "not_a_file"
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError:
        return f"damaged_{part}"
    if not start:
        return "empty_file"
    if part == "mask" and path.suffix.lower() not in IMAGE_SUFFIXES:
        return "unreadable_mask"
    try:
        image = open_image(path).image
    except ValueError:
        return f"damaged_{part}" if start.startswith(_SIGNATURES) else "not_an_image"
    return _kind_of_mask(path, image, message) if part == "mask" else "damaged_image"


def _kind_of_mask(path: Path, image: Image.Image, message: str) -> str:
    """Why a mask that decodes could not be read."""
    try:
        read_mask(path)
    except ValueError as error:
        # Another message comes from a reader of something else than ids, for which colours may well be right.
        if str(error) == message:
            if image.format in LOSSY_FORMATS:
                return "lossy_mask"
            if image.mode in _ALPHA_MODES:
                return "alpha_mask"
            return "wide_mask" if image.mode[0] in "IF" else "colour_mask"
    return "unreadable_mask"


def wrong_values(mask: np.ndarray, occurs: np.ndarray, labels: LabelSpec, file: str | Path) -> BadPair | None:
    """The fault of a mask that holds values that are no class, if it does.

    Args:
        mask: uint8 `[H, W]`.
        occurs: Which values occur in it, boolean `[256]`.
        labels: Which values are allowed.
        file: What the mask is called.

    Returns:
        The fault: `blurred_mask` where many values lie in thin lines between right ones, as smooth resizing and lossy
        compression leave them, `wrong_values` otherwise. None where all values are right.
    """
    values = np.flatnonzero(occurs)
    wrong = values[~labels.is_valid(values)]
    if not wrong.size:
        return None
    blurred = wrong.size >= _BLUR_VALUES and _in_thin_lines(~labels.is_valid(mask))
    remedy = "Map them to ids or give the labels that fit."
    if blurred:
        remedy = (
            "They lie along edges, as smooth resizing and JPEG leave them: make the mask again with nearest-neighbour "
            "resizing and without loss."
        )
    elif labels.classes in wrong and not occurs[0] and labels.ignore_label != 0:
        remedy = f"Class 0 does not occur: if ids were counted from 1, subtract 1. {remedy}"
    else:
        remedy += if_ignored(wrong)
    return BadPair(
        "blurred_mask" if blurred else "wrong_values",
        file,
        f"{file} holds the value(s) {listing(wrong)}; expected class ids 0-{labels.classes - 1} or "
        f"{labels.ignore_label} (ignore). {remedy}",
        tuple(wrong.tolist()),
    )


def if_ignored(values: Sequence[int]) -> str:
    """How a value that is not a class is ignored, a sentence to add; nothing where there are several."""
    if len(values) != 1:
        return ""
    return (
        f" If {values[0]} means no class, make it the ignored value: --ignore-label {values[0]} of `deeplab-tf convert "
        f"folder`, LabelSpec(names, ignore_label={values[0]}) in Python."
    )


def _in_thin_lines(wrong: np.ndarray) -> bool:
    """Whether nine of ten wrong pixels touch a right one, within two pixels."""
    solid = np.asarray(Image.fromarray(wrong.astype(np.uint8)).filter(ImageFilter.MinFilter(5)))
    return solid.sum() <= 0.1 * wrong.sum()
