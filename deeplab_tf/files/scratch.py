"""Temporary folders; what a kill leaves is cleared later."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from deeplab_tf.files.locks import locked_folder

SCRATCH = "deeplab_tf-"
YOUNG = 3600.0
# A lock does not keep its own thread out.
_in_use: set[Path] = set()


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder in the system's temporary folder, for the time of a `with` block; clears those that killed runs left."""
    parent = Path(tempfile.gettempdir())
    for left in set(parent.glob(f"{SCRATCH}*")) - _in_use:
        _clear(left)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        _in_use.add(folder)
        try:
            with locked_folder(folder, "work on temporary files"):
                yield folder
        finally:
            _in_use.discard(folder)


def _clear(left: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        state = left.lstat()
        mine = not hasattr(os, "getuid") or state.st_uid == os.getuid()
        # A folder this young may be about to be locked by the process that made it.
        if mine and left.is_dir() and not left.is_symlink() and time.time() - state.st_mtime > YOUNG:
            with locked_folder(left, "clearing") as holds:
                if holds:
                    shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def no_empty_folders(*folders: str | os.PathLike | None) -> Iterator[None]:
    """Removes, at the end of the block, what of some folders and their parents is new and empty.

    Args:
        *folders: Folders that the block may make; None is none.

    Example:
        >>> with no_empty_folders("out"):
        ...     write_image(check_writable("out") / "a.png", read_image("damaged.jpg"))
    """
    given = [Path(folder) for folder in folders if folder is not None]
    new = [path for folder in given for path in (folder, *folder.parents) if not os.path.lexists(path)]
    try:
        yield
    finally:
        for path in sorted(new, key=lambda path: len(path.parts), reverse=True):
            with contextlib.suppress(OSError):
                path.rmdir()
