"""Fetches large files so that a cut connection or Ctrl-C loses nothing that has arrived."""

from __future__ import annotations

import contextlib
import http.client
import logging
import math
import os
import re
import stat
import tempfile
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

from deeplab_tf.files import check_writable, replacing
from deeplab_tf.files.disk import disk_full, refusal
from deeplab_tf.files.locks import locked
from deeplab_tf.progress import track
from deeplab_tf.weights.formats.side_file import file_sum

logger = logging.getLogger(__name__)

MEGABYTE = 1_000_000
TIMEOUT = 30.0
# A publisher's rounded figure, perhaps of the unpacked files, tells a model from a web page, and no more.
SIZE_FACTOR = 2.0


def cache_folder() -> Path:
    """Where downloads are kept: `models/deeplab_tf` in Keras's folder.

    Keras's folder is `$KERAS_HOME`, or `.keras` in the home folder; where that cannot be written, one of this user's
    in the temporary folder.

    Raises:
        ValueError: If there is none to write to, or another user may write to the temporary one.
    """
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return check_writable(home / "models" / "deeplab_tf")
    except ValueError:
        return check_writable(_private(Path(tempfile.gettempdir()) / ".keras") / "models" / "deeplab_tf")


def _private(folder: Path) -> Path:
    """Makes a folder for this user alone in one where all may write; refuses one that others own or may write to."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    state = folder.lstat()
    owned = not hasattr(os, "getuid") or state.st_uid == os.getuid()
    if not (owned and stat.S_ISDIR(state.st_mode)) or (os.name == "posix" and state.st_mode & 0o022):
        raise ValueError(
            f"{folder} belongs to another user or may be written by others, who could put their own files there. "
            "Set KERAS_HOME to a folder of yours."
        )
    return folder


def download(url: str, path: str | os.PathLike, megabytes: float | None = None, sha256: str | None = None) -> Path:
    """Downloads a file, with progress.

    What has come lies in `<path>.part` and is gone on with, in this call after a cut connection, or in the next one.
    One program at a time downloads to a path; another waits, and takes what has come. The file's SHA-256 is kept in
    `<path>.sha256`: see `check_sum`.

    Args:
        url: Where from.
        path: Where to; becomes the file in one move, when it is whole.
        megabytes: Its published size, for a check by order of magnitude.
        sha256: Its published sum, where one is known.

    Returns:
        `path`.

    Raises:
        ConnectionError: If the file cannot be had, or is of another size or sum; the message says what to fetch by
            hand and where to put it.
        ValueError: If the folder cannot be written.

    Example:
        >>> download(entry.url, cache_folder() / entry.file, entry.megabytes)
    """
    path = Path(path)
    check_writable(path.parent)
    before = _identity(path)
    with locked(path, "a download", wait=True) as holds:
        if path.is_file() and _identity(path) != before:
            return path
        # Where there are no locks, a name of its own keeps two downloads apart.
        part = path.with_name(f"{path.name}.part" if holds else f"{path.name}.{uuid.uuid4().hex}.part")
        _download(url, path, part, megabytes)
        try:
            check_sum(part, path, sha256)
        except ValueError as error:
            part.unlink()
            raise _failure(url, path, str(error)) from error
        os.replace(part, path)
        return path


def check_sum(file: Path, path: Path, sha256: str | None = None) -> None:
    """Compares a file with its known checksum; without one, trusts it and keeps its checksum.

    Args:
        file: The file.
        path: Its final path; its sum is kept beside that, in `<path>.sha256`.
        sha256: Its published sum, where one is known.

    Raises:
        ValueError: If it is another file than was published, or than the one that came first.
    """
    kept, found = path.with_name(f"{path.name}.sha256"), file_sum(file)
    first = kept.read_text(encoding="utf-8", errors="replace").split() if kept.is_file() else []
    if sha256 not in (None, found):
        raise ValueError(f"its SHA-256 is {found}, and {sha256} was published: it is damaged or not the file")
    if sha256 is None and first and first[0] != found:
        raise ValueError(
            f"its SHA-256 is {found}, and that of the first download was {first[0]}: it is damaged or was changed. "
            f"If you trust it, delete {kept}"
        )
    if not first or first[0] != found:
        with replacing(kept) as temporary:
            temporary.write_text(f"{found}  {path.name}\n", encoding="utf-8")


def _identity(path: Path) -> tuple | None:
    return (path.stat().st_ino, path.stat().st_mtime_ns) if path.is_file() else None


def _download(url: str, path: Path, part: Path, megabytes: float | None) -> None:
    """Brings the whole file to `part`."""
    while True:
        before = _size(part)
        try:
            total = _fetch(url, part, megabytes)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"Interrupted. {part} is kept; the same call goes on from there.") from None
        except urllib.error.HTTPError as error:
            raise _failure(url, path, f"the server says {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            if (number := refusal(error)) is not None:
                raise disk_full(path, number) from error
            reason = str(getattr(error, "reason", "") or error) or type(error).__name__
            total = math.inf
        else:
            reason = "the connection ended early"
        size = _size(part)
        if total is None or size == total:
            return
        if size > total:
            part.unlink()
            raise _failure(url, path, f"{size} bytes came of a file of {total}, perhaps by two programs at once")
        if size <= before:
            kept = f"; {part} is kept, and the next call goes on from there" if size else ""
            raise _failure(url, path, f"{reason}{kept}")


class _NeverLessSafe(urllib.request.HTTPRedirectHandler):
    """Follows a redirection, but not from https to http, where anyone on the way may replace the file."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if req.type == "https" and not newurl.lower().startswith("https:"):
            raise ConnectionError(f"the server sends on to {newurl}, which is not encrypted")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_NeverLessSafe)


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _failure(url: str, path: Path, reason: str) -> ConnectionError:
    return ConnectionError(
        f"Cannot download {url}: {reason}. Fetch it by hand and put it at {path}, or give its path where the name "
        f'stands: deeplab-tf segment {path.name}, train --weights {path.name}, load_released("{path.name}").'
    )


def _fetch(url: str, part: Path, megabytes: float | None) -> int | None:
    """Appends what is missing to `part`; the size of the whole file, or None where the server does not give it."""
    have = _size(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = _OPENER.open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        if _whole_size(error.headers) != have:
            part.unlink()
            return _fetch(url, part, megabytes)
        return have
    with response:
        start, total = _span(response)
        if start != have:
            # The server does not resume, or it resumes somewhere else.
            start = 0
        if start == 0 and response.status == http.client.PARTIAL_CONTENT:
            part.unlink()
            return _fetch(url, part, megabytes)
        if megabytes and total and not 1 / SIZE_FACTOR <= total / MEGABYTE / megabytes <= SIZE_FACTOR:
            raise ConnectionError(f"it has {total / MEGABYTE:.1f} MB there, but was published with {megabytes:g} MB")
        if start:
            logger.info(f"Going on with {part} at {start / MEGABYTE:.0f} MB.")
        missing = math.ceil((total - start) / MEGABYTE) if total else None
        with open(part, "ab" if start else "wb") as file:
            for chunk in track(_chunks(response), missing, f"download {part.stem}", "megabyte"):
                file.write(chunk)
    return total


def _chunks(response) -> Iterator[bytes]:
    while chunk := response.read(MEGABYTE):
        yield chunk


def _span(response) -> tuple[int, int | None]:
    """Where in the file the answer starts, and the file's size."""
    if response.status == http.client.PARTIAL_CONTENT:
        found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        return (int(found[1]) if found else -1), _whole_size(response.headers)
    length = response.headers.get("Content-Length")
    return 0, int(length) if length else None


def _whole_size(headers) -> int | None:
    found = re.search(r"/(\d+)$", headers.get("Content-Range", ""))
    return int(found[1]) if found else None
