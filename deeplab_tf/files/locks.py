"""One writer for one output: locks of the operating system, which end with their process, however it ends.

A lock is taken on the output, on every host and in every container that shares the file system, and not on a process
number. While it is held a hidden file lies beside a file (`.<name>.lock`), or in a folder that is filled bit by bit
(`.lock`), and says who writes. After a kill it stays, locks nothing, and goes with the next write.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from deeplab_tf.files.disk import cannot_write
from deeplab_tf.files.reading import shown

try:
    import fcntl
except ImportError:
    fcntl = None
    import msvcrt

LOCK_NAME = ".lock"
# More often in a row no other writer gets in between.
_VANISHED = 1000
_POLL_SECONDS = 0.1
_LONGEST_HOLDER = 300
# Bytes that are locked cannot be read on Windows, so the lock lies beyond those that say who writes.
_LOCKED_BYTE = 1 << 30
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
# Of the 255 bytes that a name may have, what is left for additions to it.
_LONGEST_NAME = 200

_log = logging.getLogger(__name__)
_held: dict[str, tuple[tuple[int, int], Lock]] = {}


class BeingWritten(ValueError):
    """An output that another process or thread writes at the moment."""


@dataclasses.dataclass(frozen=True)
class Lock:
    """A lock that is held; true if it keeps others out.

    Args:
        holds: Whether it keeps others out: False on file systems that have no locks, after a warning.
        after_kill: Whether the last one that held it was killed, so that something may be left over.
    """

    holds: bool
    after_kill: bool

    def __bool__(self) -> bool:
        return self.holds


@contextlib.contextmanager
def locked(path: str | os.PathLike, what: str, *, wait: bool = False) -> Iterator[Lock]:
    """Makes the block the only writer of a file, or of a folder that is replaced as a whole.

    A thread that holds the lock may take it again. What is made of parents is removed if it is empty at the end.

    Args:
        path: The output. Its parent is made; nothing need be there.
        what: What is done, for the message to others: "an export".
        wait: Whether to wait for another writer, with a line in the log, instead of failing.

    Yields:
        What is known of the lock.

    Raises:
        BeingWritten: If another process or thread writes to `path` and `wait` is not set; the message says which one
            and since when.
        ValueError: If the folder cannot be written.

    Example:
        >>> with locked("model.tflite", "an export"):
        ...     export()
    """
    path = Path(path)
    with _locked(path, path.with_name(hidden_name(path.name) + LOCK_NAME), what, wait) as lock:
        yield lock


@contextlib.contextmanager
def locked_folder(folder: str | os.PathLike, what: str, *, wait: bool = False) -> Iterator[Lock]:
    """Makes the block the only one that fills a folder; otherwise as `locked`.

    The folder is made, and removed if it is new and empty at the end.

    Args:
        folder: The output folder.
        what: What is done, for the message to others: "a training run".
        wait: As for `locked`.

    Yields:
        As `locked`.

    Raises:
        ValueError: As for `locked`.

    Example:
        >>> with locked_folder("runs/voc", "a training run"):
        ...     train()
    """
    folder = Path(folder)
    with _locked(folder, folder / LOCK_NAME, what, wait) as lock:
        yield lock


def hidden_name(name: str) -> str:
    """The start of hidden names that belong to the output `name`, short enough to be added to.

    Example:
        >>> hidden_name("model.keras")
        '.model.keras'
    """
    encoded = os.fsencode(name)
    if len(encoded) <= _LONGEST_NAME:
        return f".{name}"
    return f".{hashlib.sha256(encoded).hexdigest()[:32]}"


@contextlib.contextmanager
def _locked(path: Path, file: Path, what: str, wait: bool) -> Iterator[Lock]:
    key = os.path.realpath(file)
    owner = (os.getpid(), threading.get_ident())
    holder, lock = _held.get(key, (None, None))
    if holder == owner:
        yield lock
        return
    made: list[Path] = []
    try:
        descriptor, lock = _acquire_or_fail(path, file, what, wait, made)
        if descriptor is None:
            yield lock
            return
        _held[key] = owner, lock
        try:
            yield lock
        finally:
            del _held[key]
            _release(descriptor, file)
    finally:
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _acquire_or_fail(path: Path, file: Path, what: str, wait: bool, made: list[Path]) -> tuple[int | None, Lock]:
    told = False
    while True:
        try:
            return _acquire(file, what, made)
        except BlockingIOError as error:
            holder = _holder(file)
            if not wait:
                raise BeingWritten(
                    f"{shown(path)} is being written by another process or thread ({holder}). Wait until it ends, or "
                    "choose another output."
                ) from error
            if not told:
                _log.info("Waiting: %s is being written (%s).", shown(path), holder)
                told = True
            time.sleep(_POLL_SECONDS)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise cannot_write(file.parent, error) from error
            _log.warning(
                "%s lies on a file system without locks (%s): write to it from one process at a time.",
                shown(path),
                error.strerror,
            )
            return None, Lock(holds=False, after_kill=False)


def _acquire(file: Path, what: str, made: list[Path]) -> tuple[int, Lock]:
    """Takes the lock or raises BlockingIOError; folders that it makes are noted in `made`, the innermost first."""
    vanished = 0
    while True:
        try:
            _make_folders(file.parent, made)
            descriptor, new = _open(file)
        except FileNotFoundError:
            # Another writer has just removed the file, or the folder that it had made; or nothing can be made there,
            # as in /proc.
            vanished += 1
            if vanished == _VANISHED:
                raise
            continue
        try:
            _lock(descriptor)
            if _is_current(descriptor, file):
                _sign(descriptor, what)
                return descriptor, Lock(holds=True, after_kill=not new)
        except BaseException:
            os.close(descriptor)
            raise
        # The last holder removed the file between its opening and its locking.
        os.close(descriptor)


def _open(file: Path) -> tuple[int, bool]:
    """A descriptor of the lock's file, and whether it is new: at its end a writer removes it, unless it is killed."""
    try:
        return os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), True
    except FileExistsError:
        pass
    try:
        return os.open(file, os.O_RDWR), False
    except PermissionError:
        # Another user's, left by a kill: it can be locked all the same.
        return os.open(file, os.O_RDONLY), False


def _make_folders(folder: Path, made: list[Path]) -> None:
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        with contextlib.suppress(FileExistsError):
            new.mkdir()
            made.insert(0, new)


def _is_current(descriptor: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(file))
    except FileNotFoundError:
        return False
    except OSError as error:
        # So NFS answers for a file that another host has removed.
        if error.errno != errno.ESTALE:
            raise
        return False


def _lock(descriptor: int) -> None:
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except PermissionError as error:
        raise BlockingIOError(error.errno, error.strerror) from error


def _release(descriptor: int, file: Path) -> None:
    # Removed while it is still locked: who opened it meanwhile sees that it is no longer the one at this name.
    # Windows removes no open file, and none that another has opened.
    if fcntl is not None:
        with contextlib.suppress(OSError):
            file.unlink()
    os.close(descriptor)
    if fcntl is None:
        with contextlib.suppress(OSError):
            file.unlink()


def _sign(descriptor: int, what: str) -> None:
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    text = f"{what}, since {since}, host {socket.gethostname()}, pid {os.getpid()}"
    # The lock holds unsigned, too: on a full disk there may be no room for a signature.
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, text.encode())


def _holder(file: Path) -> str:
    try:
        text = file.read_bytes()[:_LONGEST_HOLDER].decode("utf-8", "replace").strip()
    except OSError:
        text = ""
    return text or "which has just begun"
