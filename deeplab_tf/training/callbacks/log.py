"""The log of a run: rows of numbers, as a CSV file and as TensorBoard reads them."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterable, Mapping

import tensorflow as tf

from deeplab_tf.files import replacing

COLUMNS = (
    "step", "loss", "learning_rate", "val_miou", "pixel_accuracy", "images_per_second", "seconds",
)  # fmt: skip


def write_log(path: str | os.PathLike, rows: Iterable[Mapping]) -> None:
    """Writes rows as CSV, in one move; what a row lacks stays empty.

    Args:
        path: The file.
        rows: Numbers by column: `step`, `loss` (mean since the row before, weight decay included),
            `learning_rate`, `val_miou` and `pixel_accuracy` (0-1; only where the run validated),
            `images_per_second`, `seconds` (since the start, validation included).

    Raises:
        OSError: If the file cannot be written.

    Example:
        >>> write_log("log.csv", [{"step": 10, "loss": 1.5}])
    """
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(
            {name: value if isinstance(value, int) else f"{value:.6g}" for name, value in row.items()} for row in rows
        )


class TensorBoardLog:
    """Rows as TensorBoard's scalars, over the optimiser's step.

    Args:
        folder: Where to; what is there is replaced, so that a resumed run shows no step twice.
        rows: The rows so far.
    """

    def __init__(self, folder: str | os.PathLike, rows: Iterable[Mapping] = ()):
        shutil.rmtree(folder, ignore_errors=True)
        self._writer = tf.summary.create_file_writer(str(folder))
        for row in rows:
            self.add(row)

    def add(self, row: Mapping) -> None:
        """Writes one row, so that TensorBoard shows it."""
        with self._writer.as_default(step=row["step"]):
            for name in COLUMNS[1:]:
                if name in row:
                    tf.summary.scalar(name, row[name])
        self._writer.flush()

    def close(self) -> None:
        """Ends the file."""
        self._writer.close()
