"""Which mask file belongs to which image file, in two folders or in one."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from deeplab_tf.datasets.records.pairs import Pair
from deeplab_tf.files.reading import shown
from deeplab_tf.images.files import IMAGE_SUFFIXES

_log = logging.getLogger(__name__)
# What tools put behind the image's name.
MASK_SUFFIXES = ("_mask", "_masks", "_label", "_labels", "_seg", "_segmentation", "_gt", "_annotation")
_PHOTOGRAPHS = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".heic", ".heif"})


def folder_pairs(
    images: str | os.PathLike, masks: str | os.PathLike | None = None, mask_suffix: str | None = None
) -> list[Pair]:
    """The pairs of a folder of images and a folder of masks, or of one that holds both, by name.

    Args:
        images: As for `convert_folder`.
        masks: As for `convert_folder`.
        mask_suffix: As for `convert_folder`.

    Returns:
        All pairs. A missing half has the path where it was looked for, which verification reports.

    Raises:
        ValueError: If a folder is missing or empty, two files in one have one name, or no file is a mask.
    """
    images = Path(images)
    masks = images if masks is None else Path(masks)
    if masks.resolve() == images.resolve():
        image_files, mask_files, suffix = _in_one_folder(images, mask_suffix)
    else:
        image_files = _by_name(images, _files(images, "images", masks))
        mask_files = _by_name(masks, _files(masks, "masks", images))
        if mask_suffix is not None:
            _warn_of_no_mask(masks, mask_files, mask_suffix)
        suffix = _suffix(image_files, mask_files) if mask_suffix is None else mask_suffix
        mask_files = _by_name(masks, mask_files.values(), suffix)
    return [
        Pair(name, image_files.get(name, images / f"{name}.jpg"), mask_files.get(name, masks / f"{name}{suffix}.png"))
        for name in sorted(image_files.keys() | mask_files.keys())
    ]


def _files(folder: Path, kind: str, other: Path | None = None) -> list[Path]:
    """The image files under `folder`, except those under `other` where that lies in it."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder. Give the folder that holds the {kind}.")
    within = other is not None and other.resolve().is_relative_to(folder.resolve())
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in IMAGE_SUFFIXES
        and not path.name.startswith(".")
        and not (within and path.resolve().is_relative_to(other.resolve()))
    ]
    if not found:
        raise ValueError(
            f"{folder} holds no images ({', '.join(sorted(IMAGE_SUFFIXES))}). Give the folder that holds the {kind}."
        )
    return found


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()


def _by_name(folder: Path, files: Iterable[Path], suffix: str = "") -> dict[str, Path]:
    """Files by their path in `folder`, without the file's suffix and the mask's."""
    found: dict[str, Path] = {}
    for path in files:
        name = _name(folder, path).removesuffix(suffix)
        if name in found:
            raise ValueError(f"{found[name]} and {path} have one name; it must be unique. Rename or remove one.")
        found[name] = path
    return found


def _suffix(images: Collection[str], masks: Collection[str]) -> str:
    """What most masks have behind the name of an image; nothing, where that fits as many."""
    fits = {suffix: sum(f"{name}{suffix}" in masks for name in images) for suffix in ("", *MASK_SUFFIXES)}
    return max(fits, key=fits.get)


def _warn_of_no_mask(folder: Path, masks: Mapping[str, Path], suffix: str) -> None:
    """Logs where no mask has the suffix that was given: their names may fit without it."""
    if not any(name.endswith(suffix) for name in masks):
        first = next(iter(masks.values()))
        _log.warning(
            "mask_suffix must be what masks have behind their images' names; received %r, which none of the %d in %s "
            "has, %s for instance. Leave it out (--mask-suffix), or give theirs.",
            suffix, len(masks), shown(folder), shown(first.name),
        )  # fmt: skip


def _in_one_folder(folder: Path, given: str | None) -> tuple[dict[str, Path], dict[str, Path], str]:
    files = _files(folder, "images")
    names = {_name(folder, path) for path in files}
    suffix = given
    if suffix is None:
        fits = {suffix: sum(f"{name}{suffix}" in names for name in names) for suffix in MASK_SUFFIXES}
        suffix = max(fits, key=fits.get) if any(fits.values()) else ""
    if suffix:
        masks = [path for path in files if path.stem.endswith(suffix)]
    else:
        # JPEG would change ids, so that of two files of a name the other is the mask.
        masks = [path for path in files if path.suffix.lower() not in _PHOTOGRAPHS]
    images = [path for path in files if path not in set(masks)]
    # Photographs of which some are PNGs are not a data set.
    together = suffix or {_name(folder, path) for path in images} & {_name(folder, path) for path in masks}
    if not together or not masks or not images:
        behind = ", ".join(MASK_SUFFIXES) if given is None else repr(given)
        other = ", or a.png beside a.jpg" if not given else ""
        raise ValueError(
            f"{folder} holds no {'masks beside its images' if images else 'images beside its masks'}; expected a mask "
            f"beside each image, of its name with {behind} behind it{other}. Name "
            "the folder of the masks (--masks), or their suffix (--mask-suffix)."
        )
    return _by_name(folder, images), _by_name(folder, masks, suffix), suffix
