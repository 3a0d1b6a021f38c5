"""An image file and its mask file: verified against each other and the labels, and ready to be stored."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from deeplab_tf.datasets.audit.faults import BadPair, read_part, wrong_values
from deeplab_tf.datasets.records.record import Record
from deeplab_tf.datasets.records.stored_images import StoredImage, orientation, png_bytes, read_stored, scaled
from deeplab_tf.files.reading import reason, shown
from deeplab_tf.images import read_mask
from deeplab_tf.images.files import MAX_PIXELS, open_header
from deeplab_tf.images.scaling import fitted_size, nearest
from deeplab_tf.labels import LabelSpec

_LYING = (5, 6, 7, 8)


@dataclasses.dataclass(frozen=True)
class Pair:
    """An image file, its mask file, and what the two are called together.

    Args:
        name: Unique in its split; stored with the image.
        image: The image's file.
        mask: The file that the mask comes from: a PNG of ids, or whatever else `read` understands.
        read: Makes the mask, uint8 (or uint16) ids `[H, W]`, from `mask`. It raises `ValueError` naming the file
            where it cannot, and `FileNotFoundError` where the file is missing. `read_mask` when left out.
        repeated: Whether an earlier pair of the split has this name; `mark_repeated` says so.
        holder: The file that the image lies in, where `image` is a copy that the user does not know; messages name it.
        image_note: A sentence that messages about the image end with: which file names it, for instance.

    Example:
        >>> Pair("street", Path("street.jpg"), Path("street.png")).name
        'street'
    """

    name: str
    image: Path
    mask: Path
    read: Callable[[Path], np.ndarray] | None = None
    repeated: bool = False
    holder: Path | None = None
    image_note: str = ""


@dataclasses.dataclass(frozen=True)
class CheckedPair:
    """A pair as far as it could be read, and what makes it unusable.

    Args:
        image: uint8 `[H, W, 3]`, or None where it cannot be read.
        mask: uint8 (or uint16) ids `[H, W]`, or None where it cannot be read.
        faults: What is wrong; empty for a good pair.
        stored: The image as it may be stored, or None where it cannot be read.
    """

    image: np.ndarray | None
    mask: np.ndarray | None
    faults: tuple[BadPair, ...]
    stored: StoredImage | None = None


def mark_repeated(pairs: Sequence[Pair]) -> list[Pair]:
    """The same pairs; those whose name an earlier one has are marked as `repeated`."""
    first: dict[str, int] = {}
    for index, pair in enumerate(pairs):
        first.setdefault(pair.name, index)
    return [dataclasses.replace(pair, repeated=first[pair.name] < index) for index, pair in enumerate(pairs)]


def check_pair(pair: Pair, labels: LabelSpec) -> CheckedPair:
    """Reads both files completely and verifies them against each other and the labels.

    Args:
        pair: The files.
        labels: Which label ids are allowed.

    Returns:
        What was read and what is wrong. A pair that is listed twice or whose name leads out of its folder is not read.
    """
    if fault := _fault_of_name(pair):
        return CheckedPair(None, None, (_with_note(fault, pair.image_note),))
    parts, faults = {}, []
    ids = pair.read or functools.partial(read_mask, dtype=labels.mask_dtype)
    halves = ("image", read_stored, pair.image, pair.mask), ("mask", ids, pair.mask, pair.image)
    for part, read, path, other in halves:
        try:
            parts[part] = read_part(read, path, part, other)
        except BadPair as error:
            faults.append(_with_note(error, pair.image_note) if part == "image" else error)
    stored, mask = parts.get("image"), parts.get("mask")
    image = None if stored is None else stored.pixels
    if image is not None and mask is not None and mask.shape != image.shape[:2]:
        faults.append(_fault_of_size(pair.mask, pair.image, image.shape[:2], mask.shape))
    if mask is not None and (fault := wrong_values(mask, mask_values(mask), labels, pair.mask)):
        faults.append(fault)
    if pair.holder is not None:
        faults = [_named_by_holder(pair, pair.holder, fault) for fault in faults]
    return CheckedPair(image, mask, tuple(faults), stored)


def _with_note(fault: BadPair, note: str) -> BadPair:
    return BadPair(fault.kind, fault.file, f"{fault} {note}", fault.values) if note else fault


def _named_by_holder(pair: Pair, holder: Path, fault: BadPair) -> BadPair:
    file = holder if fault.file == pair.image else fault.file
    # Pillow repeats the path.
    text = str(fault).replace(f" {str(pair.image)!r}", "").replace(str(pair.image), f"the image inside {holder}")
    return BadPair(fault.kind, file, text, fault.values)


def load_pair(pair: Pair, labels: LabelSpec, limit: tuple[int, int] | None = None) -> Record:
    """Reads and verifies a pair completely.

    Args:
        pair: The files.
        labels: Which label ids are allowed.
        limit: (height, width) to which larger images are scaled down: antialiased, the mask by the nearest pixel.

    Returns:
        The record to store. RGB JPEG and PNG files are kept byte for byte where TensorFlow decodes them; another image
        becomes an RGB PNG of the pixels that `read_image` gives. The mask becomes a grey PNG of its ids.

    Raises:
        BadPair: A `ValueError`, if a file is missing or damaged, the sizes differ, the mask holds colours or ids that
            are no class, or the name is listed twice or leads out of its folder.
    """
    checked = check_pair(pair, labels)
    mask, stored = checked.mask, checked.stored
    if checked.faults or mask is None or stored is None:
        raise checked.faults[0]
    height, width = fitted_size(mask.shape[0], mask.shape[1], limit)
    if (height, width) != mask.shape:
        mask, stored = nearest(mask, (height, width)).numpy(), scaled(stored, (height, width))
    return Record(
        filename=shown(pair.name),
        image=stored.to_bytes(),
        image_format=stored.format,
        height=height,
        width=width,
        label=png_bytes(mask.astype(labels.mask_dtype, copy=False)),
    )


def mask_values(mask: np.ndarray) -> np.ndarray:
    """Which of the 256 possible values occur in `mask`, uint8 `[H, W]`; boolean `[256]`."""
    return np.bincount(mask.ravel(), minlength=256) > 0


def _fault_of_name(pair: Pair) -> BadPair | None:
    if pair.repeated:
        return BadPair(
            "double_id", pair.image, f"{pair.image}: the name {pair.name!r} is listed twice. Take the second one out."
        )
    path = PurePosixPath(pair.name)
    if not pair.name.strip() or path.is_absolute() or ".." in path.parts or "\\" in pair.name:
        return BadPair(
            "unsafe_id",
            pair.image,
            f"{pair.image}: the name {pair.name!r} is empty or leads out of the folder. Give the file's name alone.",
        )
    return None


def size_to_draw(path: Path, image: Path, stated: tuple[int, int] | None) -> tuple[int, int]:
    """Rows and columns of a mask that is drawn from outlines.

    They are the image's own. What a file states, which may be wrong and of any greatness, is compared with them, and
    believed only where the image cannot be read, for the rest of the file to be checked all the same.

    Args:
        path: The file with the outlines.
        image: The image that they lie on.
        stated: Rows and columns that `path` states, if it does.

    Raises:
        BadPair: A `ValueError`, if the image has another size.
        ValueError: If the size is not known, or more than an image can have.
    """
    try:
        found = upright_size(image)
    except (OSError, ValueError) as error:
        if stated is None or not all(side > 0 for side in stated) or stated[0] * stated[1] > MAX_PIXELS:
            raise ValueError(
                f"{path}: the size of its image is not known: the file states {stated or 'none'}, and {image} cannot "
                f"be read ({reason(error)}). Add the image or take its pair out."
            ) from error
        return stated
    if stated is not None and stated != found:
        raise _fault_of_size(path, image, found, stated)
    return found


def upright_size(path: Path) -> tuple[int, int]:
    """Rows and columns of an image file by its header, as `read_image` turns it."""
    with open_header(path).image as image:
        width, height = image.size
    return (width, height) if orientation(path) in _LYING else (height, width)


def _fault_of_size(path: Path, image_path: Path, image: tuple[int, int], mask: tuple[int, int]) -> BadPair:
    sizes = f"{path} has {mask[1]}x{mask[0]} pixels but its image {image_path} has {image[1]}x{image[0]} (upright). "
    if mask == image[::-1] and orientation(image_path) in _LYING:
        return BadPair(
            "rotated_image",
            path,
            f"{sizes}The image carries an EXIF rotation that its mask does not follow. Rotate the mask alike, or "
            "remove the tag.",
        )
    return BadPair("size_mismatch", path, f"{sizes}Make the mask again at the image's size.")
