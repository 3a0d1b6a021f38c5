"""The folder of a demo: what is in it, and how a new demo takes the place of a finished one."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from deeplab_tf.files import check_writable
from deeplab_tf.files.reading import shown

PAGE = "index.html"
_FOLDERS = ("drawn", "tfrecords", "run", "exported", "new", "segmented", "photographs")
_FILES = (PAGE, "audit.html", "contact_sheet.png", "metrics.json", "network.png", "predictions.png")
# In a demo that is not finished, which tells it from folders of others that have such names.
_BEGUN = ".demo"


def check_place(output: Path, inputs: Iterable[str | os.PathLike] = ()) -> None:
    """Refuses an output folder that cannot be replaced as a whole, or that holds what the demo reads.

    Args:
        output: The folder; it need not be there.
        inputs: Files and folders that the demo reads; one may be a name of the zoo instead.

    Raises:
        ValueError: If it is of these; the message names it.
    """
    there = output.exists()
    if output.is_symlink() or (there and (output.is_mount() or output.samefile(Path.cwd()))):
        raise ValueError(
            f"{shown(output)} is a link, a disk's root or the current folder, and a demo replaces its folder as a "
            f"whole. Give a folder within it: {shown(output / 'deeplab-demo')}."
        )
    for path in inputs:
        if Path(path).resolve().is_relative_to(output.resolve()):
            raise ValueError(
                f"{shown(path)} lies in {shown(output)}, which the demo replaces. Give another --output, or a copy."
            )


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
    names = sorted(path.name for path in output.iterdir())
    hidden = tuple(f".{part}" for part in parts)
    strange = [name for name in names if name not in {*parts, _BEGUN} and not name.startswith(hidden)]
    if not strange and not {PAGE, _BEGUN} & set(names):
        strange = names
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
    begun = output / _BEGUN
    begun.touch()
    try:
        yield
    finally:
        if (output / PAGE).exists() or os.listdir(output) == [_BEGUN]:
            begun.unlink()
        _decide(output, before)


def _decide(output: Path, before: Path) -> None:
    """Of an earlier finished demo and the one in its place, keeps the latter only if it is finished too."""
    if before.is_dir():
        if (output / PAGE).exists():
            shutil.rmtree(before)
        else:
            shutil.rmtree(output, ignore_errors=True)
            before.rename(output)
