"""A disk's refusals, as errors that name the file that was to be written."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from deeplab_tf.files.reading import shown

_REFUSALS = {
    errno.ENOSPC: "no space left on {disk} ({free:.0f} MB were free)",
    errno.EDQUOT: "your quota on {disk} is used up",
    errno.EFBIG: "the file would be larger than {disk} or this process may hold",
}
# TensorFlow and HDF5 give no error number, or their own; what the operating system said stands in their text.
_TEXTS = {
    "No space left on device": errno.ENOSPC,
    "errno = 28,": errno.ENOSPC,
    "Disk quota exceeded": errno.EDQUOT,
    "File too large": errno.EFBIG,
}


class DiskFull(OSError, ValueError):
    """A file could not be written because the disk is full; the message names the file, the disk and what to do."""

    def __str__(self) -> str:
        return self.strerror


@contextlib.contextmanager
def writing(path: str | os.PathLike) -> Iterator[None]:
    """Whatever a full disk makes the block raise comes out as a `DiskFull` that names the output.

    Libraries say it each in their own way: TensorFlow as the error that it has for memory, HDF5 in the text of an
    OSError or RuntimeError, zipfile by an error about itself on top of the first one.

    Args:
        path: The file or folder that the user knows; not a temporary one.

    Raises:
        DiskFull: If the disk, the quota or the largest size of a file was reached.

    Example:
        >>> with writing("model.keras"):
        ...     model.save("model.keras")
    """
    try:
        yield
    except DiskFull:
        raise
    except Exception as error:
        if (number := refusal(error)) is None:
            raise
        raise disk_full(path, number) from error


def refusal(error: BaseException | None) -> int | None:
    """The error number if an error, or one that it was raised from, is a disk's refusal.

    Example:
        >>> refusal(OSError(errno.ENOSPC, "No space left on device")) == errno.ENOSPC
        True
        >>> refusal(MemoryError()) is None
        True
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in _REFUSALS:
            return error.errno
        text = str(error)
        for part, number in _TEXTS.items():
            if part in text:
                return number
        error = error.__cause__ or error.__context__
    return None


def disk_full(path: str | os.PathLike, number: int = errno.ENOSPC) -> DiskFull:
    """The error for an output when its disk is full.

    Args:
        path: The output.
        number: What `refusal` gave.
    """
    there = Path(path).absolute()
    while not there.exists():
        there = there.parent
    disk = there
    while not disk.is_mount():
        disk = disk.parent
    reason = _REFUSALS[number].format(disk=shown(disk), free=shutil.disk_usage(there).free / 1e6)
    return DiskFull(
        number, f"{shown(path)} could not be written: {reason}. Make room there, or choose an output on another disk."
    )


def cannot_write(folder: str | os.PathLike, error: OSError) -> ValueError:
    """The error for a folder that cannot be made or written."""
    if (number := refusal(error)) is not None:
        return disk_full(folder, number)
    return ValueError(f"Cannot write to {shown(folder)} ({error.strerror}). Choose a folder that you may write to.")


def size_in_bytes(path: Path) -> int:
    """Size of a file, or of all files in a folder."""
    return sum(file.stat().st_size for file in [path, *path.rglob("*")] if file.is_file())
