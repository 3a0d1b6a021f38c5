"""Files for TensorBoard, one for each time that something is measured, so that going on repeats no step."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf


@contextlib.contextmanager
def events(folder: Path, step: int) -> Iterator[None]:
    """Where `tf.summary` writes in the block, over this step.

    Args:
        folder: What it has of the same step or later ones is replaced: work that was cut off comes there again.
        step: Of what is measured.

    Example:
        >>> with events(Path("board"), 100):
        ...     done = tf.summary.scalar("loss", 0.5)
        >>> [path.suffix for path in Path("board").iterdir()]
        ['.step-100']
    """
    for path in folder.glob("events.out.tfevents.*.step-*"):
        number = path.name.rpartition("-")[2]
        if number.isdecimal() and int(number) >= step:
            path.unlink()
    writer = tf.summary.create_file_writer(str(folder), filename_suffix=f".step-{step}")
    with writer.as_default(step=step):
        yield
    writer.close()
