"""Finds image files by the paths that annotation files state, of whatever machine."""

from __future__ import annotations

import collections
import os
import re
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from deeplab_tf.images.files import IMAGE_SUFFIXES


class ImageFinder:
    """Finds images by the paths that files state, of whatever machine.

    Args:
        folder: Where they lie, at any depth.

    Raises:
        ValueError: If it is not a folder.
    """

    def __init__(self, folder: Path):
        if not folder.is_dir():
            raise ValueError(f"{folder} is not a folder. Give the folder of the images (images, --images).")
        self._folder = folder
        self._files: Mapping[str, list[Path]] = collections.defaultdict(list)
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file():
                self._files[path.name.casefold()].append(path)

    def find(self, stated: str) -> tuple[Path, str]:
        """The file, and what to add to a message where it is missing."""
        for text in dict.fromkeys((stated, urllib.parse.unquote(stated))):
            # Label Studio's local files are the parameter of an address.
            parts = [part for part in re.split(r"[/\\]|\?d=", text) if part not in ("", ".", "..")]
            found = self._files.get(parts[-1].casefold(), []) if parts else []
            lengths = [(_common_end(path.parts, parts, str.casefold), _common_end(path.parts, parts)) for path in found]
            best = [path for path, length in zip(found, lengths) if length == max(lengths)]
            if len(best) == 1:
                return best[0], ""
            if best:
                named = ", ".join(path.as_posix() for path in best[:3])
                return self._folder / parts[-1], f", which may be {named}"
        name = PurePosixPath(stated.replace("\\", "/")).name
        return self._folder / (name if 0 < len(os.fsencode(name)) < 256 else "image"), f", not found in {self._folder}"

    def name_of(self, path: Path) -> str:
        """What a pair of this image is called."""
        return path.relative_to(self._folder).with_suffix("").as_posix()


def _common_end(one: Sequence[str], other: Sequence[str], form: Callable[[str], str] = str) -> int:
    """How many parts of two paths are the same in that form, from the end."""
    same = 0
    for mine, yours in zip(reversed(one), reversed(other)):
        if form(mine) != form(yours):
            break
        same += 1
    return same
