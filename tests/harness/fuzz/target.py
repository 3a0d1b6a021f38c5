"""A format, and who reads it."""

import dataclasses
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np


@dataclasses.dataclass(frozen=True)
class Target:
    """A format and its reader.

    Args:
        sample: A key of `SAMPLES`.
        files: Regular expression of the files, relative to the sample's folder, that are damaged.
        read: Reads the folder, of which the given file is damaged; returns a digest of what was read.
        checked: Whether checksums guard what `read` returns: damage may then not change it in silence.
        cases: How many of 10,000 cases it gets.
        names: What a message may call the damaged file instead of its own name.
        command: Words of the command line, `{file}`, `{folder}` and `{out}` filled in; None where there is none.
        renamed: Whether the reader takes a single file, which may then have lost its suffix.
    """

    sample: str
    files: str
    read: Callable[[Path, Path], str]
    checked: bool = False
    cases: int = 100
    names: tuple[str, ...] = ()
    command: tuple[str, ...] | None = None
    renamed: bool = False


def digest(*values) -> str:
    made = hashlib.sha256()
    for value in values:
        made.update(np.ascontiguousarray(value).tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    return made.hexdigest()


def damaged_files(target: Target, folder: Path) -> list[Path]:
    """The files of a sample that may be damaged, in a fixed order."""
    found = []
    for where, _, names in os.walk(folder):
        found += [Path(where) / name for name in names]
    return sorted(file for file in found if re.fullmatch(target.files, file.relative_to(folder).as_posix()))
