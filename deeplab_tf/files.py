"""Writing files and folders so that a kill leaves the old version or the new one, never a half."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from deeplab_tf.locks import cannot_write
from deeplab_tf.reading import reading, reason, shown


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def temporary_beside(path: str | os.PathLike) -> Path:
    """A temporary path in the folder of `path`, cleared of what this and killed runs left under such names.

    Args:
        path: The file or folder that is going to be written; its parent is made.

    Returns:
        The temporary path; nothing is there. It keeps the suffix of `path`.

    Raises:
        OSError: If the folder cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    mark = f".{path.name}.partial-"
    for left in path.parent.iterdir():
        if left.name.startswith(mark) and not _is_running(left.name[len(mark) :].split(".")[0]):
            _remove(left)
    temporary = path.with_name(f"{mark}{os.getpid()}{path.suffix}")
    _remove(temporary)
    return temporary


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary path beside `path` that becomes `path` when the block ends without an error.

    The block writes a file or a folder there. What a killed run left under such a temporary name is cleared by
    the next write to the same `path`.

    Args:
        path: The file or folder to write; its parent is made. An existing one is replaced.

    Yields:
        The temporary path; it does not exist yet and keeps the suffix of `path`.

    Raises:
        OSError: If the folder cannot be written.

    Example:
        >>> with replacing("report.json") as temporary:
        ...     temporary.write_text("{}")
    """
    path = Path(path)
    temporary = temporary_beside(path)
    try:
        yield temporary
        if path.is_dir() and not path.is_symlink():
            old = path.with_name(f"{temporary.name}.old")
            path.rename(old)
            temporary.rename(path)
            _remove(old)
        else:
            os.replace(temporary, path)
    finally:
        _remove(temporary)


def _is_running(pid: str) -> bool:
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_json(path: str | os.PathLike, value: Any) -> None:
    """Writes `value` as indented JSON, in one move."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def read_json(
    path: str | os.PathLike, object_hook: Callable[[dict], Any] | None = None, most_bytes: int = 2**28
) -> Any:
    """The value in a JSON file, in UTF-8, with a byte order mark or without.

    Args:
        path: The file.
        object_hook: What to make of each JSON object, as `json.loads` takes it.
        most_bytes: The largest file to read: one value takes a multiple of it in memory.

    Raises:
        ValueError: If the file is not JSON, larger than that or nested too deep; the message names it.
        FileNotFoundError: If there is none.
    """
    with reading(path, "a JSON file", "Write it again or restore it."):
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is a folder or a device")
        if status.st_size > most_bytes:
            raise ValueError(f"it has {status.st_size} bytes, above {most_bytes}")
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{shown(path)} cannot be read as a JSON file, which is UTF-8 ({reason(error)}). Programs on Windows "
                "may write GBK or another code page: save it as UTF-8, for instance with iconv."
            ) from error
        return json.loads(text, object_hook=object_hook)


def check_writable(folder: str | os.PathLike) -> Path:
    """Makes `folder` and proves that a file can be written in it, before any long work.

    Raises:
        ValueError: If the folder cannot be made or written; the message names it.
    """
    folder = Path(folder)
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder
