"""Writing files and folders so that a kill leaves the old version or the new one, never half of one.

A new version is written under a hidden name beside the output, brought to the disk, and renamed. A folder cannot be
renamed onto another, so the old one steps aside first; a kill between these two renames is
repaired by the next command that looks for the output.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from deeplab_tf.files.disk import cannot_write, writing
from deeplab_tf.files.locks import hidden_name, locked, locked_folder
from deeplab_tf.files.reading import reading, reason, shown
from deeplab_tf.files.scratch import no_empty_folders

_PARTIAL, _OLD = ".partial-", ".old-"

_log = logging.getLogger(__name__)


def remove(path: Path) -> None:
    """Removes a file or a folder, if it is there, as far as that is possible."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def temporary_beside(path: str | os.PathLike) -> Path:
    """A temporary path in the folder of `path` that no other process or thread uses.

    Args:
        path: The file or folder that is going to be written; its parent is made.

    Returns:
        The temporary path; nothing is there. It keeps the suffix of `path`.

    Raises:
        OSError: If the folder cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f"{hidden_name(path.name)}{_PARTIAL}{secrets.token_hex(6)}{path.suffix}")


def clear_leftovers(path: str | os.PathLike) -> None:
    """Removes what killed writers of `path` left under temporary names, after recovering from it what is needed.

    The caller holds a lock that keeps all other writers of `path` out.
    """
    path = Path(path)
    _recover(path)
    for mark in (_PARTIAL, _OLD):
        for left in _marked(path, mark):
            remove(left)


@contextlib.contextmanager
def replacing(path: str | os.PathLike, *, durable: bool = True) -> Iterator[Path]:
    """A temporary path beside `path` that becomes `path` when the block ends without an error.

    The block writes a file or a folder there. Another writer of the same `path`, of whatever process or host, is
    waited for. What a killed one left is cleared by the next write to the same `path`.

    Args:
        path: The file or folder to write; its parent is made. An existing one is replaced.
        durable: Whether the content is on the disk before the old version goes, so that a power cut loses neither.
            It takes milliseconds a file; without it a power cut within seconds may lose both.

    Yields:
        The temporary path; it does not exist yet and keeps the suffix of `path`.

    Raises:
        DiskFull: If there is no room; `path` is then as it was.
        ValueError: If the folder cannot be written.

    Example:
        >>> with replacing("report.json") as temporary:
        ...     temporary.write_text("{}")
    """
    path = Path(path)
    with writing(path), locked(path, "a write", wait=True) as lock:
        if lock.after_kill:
            clear_leftovers(path)
        temporary = temporary_beside(path)
        try:
            yield temporary
            if durable:
                to_disk(temporary)
            _publish(temporary, path)
            if durable:
                sync(path.parent)
        finally:
            remove(temporary)


@contextlib.contextmanager
def working_folder(path: str | os.PathLike) -> Iterator[Path]:
    """A hidden folder beside `path` for intermediate files, removed at the end of the block.

    Those that killed blocks for the same `path` left are removed first; those of living ones stay.

    Args:
        path: What the work is for; nothing need be there. Its parent is made, and removed if it is new and empty at
            the end.

    Yields:
        The folder.

    Raises:
        ValueError: If the parent cannot be written.

    Example:
        >>> with working_folder("model.tflite") as folder:
        ...     tf.saved_model.save(module, folder)
    """
    path = Path(path)
    for left in _marked(path, _PARTIAL):
        with contextlib.suppress(ValueError), locked_folder(left, "clearing") as lock:
            if lock.holds:
                remove(left)
    folder = path.with_name(f"{hidden_name(path.name)}{_PARTIAL}{secrets.token_hex(6)}")
    with locked_folder(folder, "intermediate files", wait=True):
        try:
            yield folder
        finally:
            remove(folder)


def recover(path: str | os.PathLike) -> None:
    """Puts back a folder whose replacement was killed between its two renames; otherwise does nothing.

    Readers of such folders call it when there is nothing at `path`. The new version is taken, which was whole.

    Raises:
        ValueError: If the folder cannot be written.

    Example:
        >>> recover("serving/voc/1")
    """
    path = Path(path)
    if path.exists() or not _marked(path, _OLD):
        return
    with locked(path, "a recovery", wait=True):
        clear_leftovers(path)


def _recover(path: Path) -> None:
    if path.exists() or not (aside := _marked(path, _OLD)):
        return
    old = aside[-1]
    # The new version goes by the same token; the old one stepped aside only when it was whole.
    new = _other_mark(path, old, _OLD, _PARTIAL)
    (new if new.exists() else old).rename(path)
    _log.info("%s: finished the replacement that was killed at its end.", path)


def _marked(path: Path, mark: str) -> list[Path]:
    start = hidden_name(path.name) + mark
    if not path.parent.is_dir():
        return []
    return sorted(entry for entry in path.parent.iterdir() if entry.name.startswith(start))


def _other_mark(path: Path, marked: Path, mark: str, other: str) -> Path:
    start = hidden_name(path.name)
    return marked.with_name(start + other + marked.name.removeprefix(start + mark))


def _publish(temporary: Path, path: Path) -> None:
    if not temporary.is_dir():
        _check_no_folder(path)
    if not path.is_dir() or path.is_symlink():
        os.replace(temporary, path)
        return
    old = _other_mark(path, temporary, _PARTIAL, _OLD)
    path.rename(old)
    try:
        temporary.rename(path)
    except BaseException:
        old.rename(path)
        raise
    remove(old)


def _check_no_folder(path: Path) -> None:
    if path.is_dir():
        raise ValueError(f"{shown(path)} is a folder; expected the name of a file to write. Choose another name.")


def check_output_file(path: str | os.PathLike, inputs: Iterable[str | os.PathLike] = ()) -> None:
    """Proves that a file can be written, before any long work, and that it is none of the inputs.

    Args:
        path: The file; it may exist.
        inputs: Files that must stay as they are.

    Raises:
        ValueError: If the path is a folder or one of the inputs, or its folder cannot be written; the message names it.

    Example:
        >>> check_output_file("next.csv", inputs=["model.keras"])
    """
    path = Path(path)
    _check_no_folder(path)
    if path.exists() and any(Path(given).exists() and path.samefile(given) for given in inputs):
        raise ValueError(f"{shown(path)} is one of the inputs and would be replaced. Choose another name.")
    with no_empty_folders(path.parent):
        check_writable(path.parent)


def to_disk(path: Path) -> None:
    """Waits until a file, or a folder with all that is in it, is on the disk and not only in memory."""
    if path.is_dir():
        for entry in path.iterdir():
            to_disk(entry)
    sync(path)


def sync(path: Path) -> None:
    """Waits until the content of a file, or the names in a folder, are on the disk."""
    # Windows opens no folder, and wants a file to be writable; there it is left to the system.
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot do it for folders.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


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
    try:
        probe = temporary_beside(folder / "probe")
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder
