"""Fetches large files so that a cut connection or Ctrl-C costs nothing that came already."""

from __future__ import annotations

import http.client
import math
import os
import re
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from deeplab_tf.files import check_writable
from deeplab_tf.progress import track

MEGABYTE = 1_000_000
TIMEOUT = 30.0
# A publisher's rounded figure, perhaps of the unpacked files, tells a model from a web page, and no more.
SIZE_FACTOR = 2.0


def cache_folder() -> Path:
    """Where downloads are kept: `models/deeplab_tf` in Keras's folder.

    Keras's folder is `$KERAS_HOME`, or `.keras` in the home folder; where that cannot be written, a temporary one.
    """
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return check_writable(home / "models" / "deeplab_tf")
    except ValueError:
        return check_writable(Path(tempfile.gettempdir()) / ".keras" / "models" / "deeplab_tf")


def download(url: str, path: str | os.PathLike, megabytes: float | None = None) -> Path:
    """Downloads a file, with progress on stderr.

    What has come lies in `<path>.part` and is gone on with, in this call after a cut connection, or in the next one.

    Args:
        url: Where from.
        path: Where to; becomes the file in one move, when it is whole.
        megabytes: Its published size, for a check by order of magnitude.

    Returns:
        `path`.

    Raises:
        ConnectionError: If the file cannot be had, or is of another size; the message says what to fetch by hand and
            where to put it.
        ValueError: If the folder cannot be written.

    Example:
        >>> download(entry.url, cache_folder() / entry.file, entry.megabytes)
    """
    path = Path(path)
    check_writable(path.parent)
    part = path.with_name(f"{path.name}.part")
    while True:
        before = _size(part)
        try:
            total = _fetch(url, part, megabytes)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"Interrupted. {part} is kept; the same call goes on from there.") from None
        except urllib.error.HTTPError as error:
            raise _failure(url, path, f"the server says {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            reason = str(getattr(error, "reason", "") or error) or type(error).__name__
            total = math.inf
        else:
            reason = "the connection ended early"
        size = _size(part)
        if total is None or size == total:
            os.replace(part, path)
            return path
        if size > total:
            part.unlink()
            raise _failure(url, path, f"{size} bytes came of a file of {total}, perhaps by two programs at once")
        if size <= before:
            kept = f"; {part} is kept, and the next call goes on from there" if size else ""
            raise _failure(url, path, f"{reason}{kept}")


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _failure(url: str, path: Path, reason: str) -> ConnectionError:
    return ConnectionError(
        f"Cannot download {url}: {reason}. Fetch it by hand and put it at {path}, or give the file in place of its "
        f'name: deeplab-tf import {path.name}, load_released("{path.name}"), weights="{path.name}".'
    )


def _fetch(url: str, part: Path, megabytes: float | None) -> int | None:
    """Appends what is missing to `part`; the size of the whole file, or None where the server does not tell it."""
    have = _size(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
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
            print(f"Going on with {part} at {start / MEGABYTE:.0f} MB.", file=sys.stderr)
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
