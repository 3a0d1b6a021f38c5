"""New shards take the place of old ones in a data set's folder: all of them, whatever is killed in between.

What is to be moved is written down first, in a folder that is renamed to `.publishing`. From that moment on the
new version counts: whoever comes upon such a folder, the next conversion or a reader, moves what is left to move.
Old files are moved into it, too, and go with it at the end, when nothing needs them.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from deeplab_tf.files import read_json, remove, sync, temporary_beside, to_disk, write_json
from deeplab_tf.files.locks import locked_folder
from deeplab_tf.files.reading import reading

PUBLISHING = ".publishing"
NEW, OLD, MOVES = "new", "old", "moves.json"

_log = logging.getLogger(__name__)


def publish_files(staging: Path, folder: Path, old: Iterable[str], new: Iterable[str]) -> None:
    """Moves files into a folder in place of others; an error in between moves everything back.

    The caller holds the folder's lock, and `finish_publication` was called under it.

    Args:
        staging: A folder on the same disk that holds a folder `new` with the new files; it is used up.
        folder: The data set's folder.
        old: Names of the files that go, in their order.
        new: Names of the files that come, in their order.

    Raises:
        OSError: If a file cannot be moved; everything is then as it was before.
    """
    (staging / OLD).mkdir()
    write_json(staging / MOVES, {"old": list(old), "new": list(new)})
    to_disk(staging)
    journal = folder / PUBLISHING
    with contextlib.ExitStack() as undo:
        _rename(staging, journal, undo)
        for source, target in _moves(folder):
            _rename(source, target, undo)
        done = _end(folder, undo)
        undo.pop_all()
    remove(done)


def finish_publication(folder: Path) -> None:
    """Finishes what a killed conversion left undone in `folder`, if any; waits for one that is at it.

    Raises:
        ValueError: If the folder cannot be written, or what it holds is damaged; the message says what to do.
    """
    if not (folder / PUBLISHING).is_dir():
        return
    try:
        with locked_folder(folder, "a recovery", wait=True):
            if (folder / PUBLISHING).is_dir():
                _log.info("%s: finishing a conversion that was killed while it moved its files into place.", folder)
                for source, target in _moves(folder):
                    os.replace(source, target)
                remove(_end(folder, contextlib.ExitStack()))
    except (ValueError, OSError) as error:
        raise ValueError(
            f"{folder} holds a conversion that was killed at its end, in {PUBLISHING}, and it cannot be finished here "
            f"({error}). Nothing is lost: open the folder where it may be written, for instance by deeplab-tf inspect."
        ) from error


def _moves(folder: Path) -> Iterator[tuple[Path, Path]]:
    """What is still to be moved, from where to where."""
    journal = folder / PUBLISHING
    with reading(journal / MOVES, "a list of moves", "Convert the data set again into a new folder."):
        moves = read_json(journal / MOVES)
        old, new = ([Path(name).name for name in moves[kind]] for kind in ("old", "new"))
    # A new file may have the name of an old one. The old ones are all gone before the first new one comes, so a name
    # that is among the moved ones already is not moved again.
    for name in old:
        source, target = folder / name, journal / OLD / name
        if not target.exists() and source.exists():
            yield source, target
    for name in new:
        source = journal / NEW / name
        if source.exists():
            yield source, folder / name


def _end(folder: Path, undo: contextlib.ExitStack) -> Path:
    """Ends the publication by taking the journal's name from it; the folder of old files that nothing needs now."""
    sync(folder)
    done = temporary_beside(folder / "shards")
    _rename(folder / PUBLISHING, done, undo)
    return done


def _rename(source: Path, target: Path, undo: contextlib.ExitStack) -> None:
    undo.callback(_move_back, target, source)
    os.replace(source, target)


def _move_back(target: Path, source: Path) -> None:
    if target.exists():
        os.replace(target, source)
