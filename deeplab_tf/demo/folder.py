"""The folder of a demo: what is in it, and how a new demo takes the place of a finished one."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from deeplab_tf.files import check_writable

PAGE = "index.html"
_FOLDERS = ("drawn", "tfrecords", "run", "exported", "new", "segmented", "photographs")
_FILES = (PAGE, "audit.html", "contact_sheet.png", "metrics.json", "network.png", "predictions.png")


@contextlib.contextmanager
def emptied(output: Path, overwrite: bool) -> Iterator[None]:
    """Clears the output folder of an earlier demo, and of nothing else; a finished one waits for the new one's end.

    Args:
        output: The folder.
        overwrite: Replace a finished demo.

    Raises:
        ValueError: If the folder holds a finished demo or something else, or cannot be written.
    """
    path = Path(os.path.abspath(output))
    before = path.with_name(f".{path.name}.before")
    check_writable(output)
    parts = {*_FOLDERS, *_FILES}
    strange = sorted(path.name for path in output.iterdir() if path.name not in parts and path.name[0] != ".")
    if strange:
        raise ValueError(f"{output} holds {strange[0]!r}, which is not part of a demo. Give another --output.")
    # Of a demo that was killed.
    _decide(output, before)
    if (output / PAGE).exists() and not overwrite:
        raise ValueError(f"{output} holds a finished demo. Give --overwrite, or another --output.")
    if (output / PAGE).exists():
        output.rename(before)
    else:
        shutil.rmtree(output)
    check_writable(output)
    try:
        yield
    finally:
        _decide(output, before)


def _decide(output: Path, before: Path) -> None:
    """Of an earlier finished demo and the one in its place, keeps the latter only if it is finished too."""
    if before.is_dir():
        if (output / PAGE).exists():
            shutil.rmtree(before)
        else:
            shutil.rmtree(output, ignore_errors=True)
            before.rename(output)
