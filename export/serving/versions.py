"""Folders of versions, as TensorFlow Serving has them: 1, 2, 3, of which it serves the highest."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from deeplab_tf.files.locks import BeingWritten, locked
from deeplab_tf.weights.formats.exported import versions


@contextlib.contextmanager
def next_version(folder: Path) -> Iterator[Path]:
    """The path of the first version above all that a folder has, for the block alone.

    Args:
        folder: It need not exist. What else lies in it stays.

    Raises:
        ValueError: If the folder is itself a SavedModel, or cannot be written.

    Example:
        >>> with next_version(Path("served")) as path:
        ...     path.name
        '1'
    """
    if (folder / "saved_model.pb").exists():
        raise ValueError(
            f"{folder} is itself a SavedModel, so it cannot hold versions of one. Choose another folder, or replace it "
            "by an export that is no version, with --overwrite (overwrite=True)."
        )
    number = max(versions(folder), default=0) + 1
    with contextlib.ExitStack() as stack:
        while True:
            path = folder / str(number)
            with contextlib.suppress(BeingWritten):
                stack.enter_context(locked(path, "an export"))
                if not path.exists():
                    break
                # Another export has just ended.
                stack.close()
            number += 1
        yield path
