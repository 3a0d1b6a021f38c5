"""The log of a run: rows of numbers, as a CSV file and as TensorBoard reads them."""

from __future__ import annotations

import csv
import math
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from deeplab_tf.files import replacing
from deeplab_tf.training.callbacks.base import RunCallback
from deeplab_tf.training.callbacks.validation import MEAN_IOU, PIXEL_ACCURACY
from deeplab_tf.training.state import RunState, columns_of

_VALIDATED = {"val_miou": MEAN_IOU, "pixel_accuracy": PIXEL_ACCURACY}


class TrainingLog(RunCallback):
    """Logs step, loss, learning rate, validation and speed as a CSV file, and for TensorBoard.

    To be placed after `Validation`. Other metrics are the matter of `keras.callbacks.CSVLogger`.

    Args:
        path: The CSV file, with the columns of `write_log`.
        tensorboard: A folder for TensorBoard, if any; what it has of an earlier training is replaced.
        every: Steps between two rows within an epoch, or as many as Keras makes at once (`steps_per_execution`); the
            model's metrics begin again after each. None logs the ends of epochs only.
        batch_size: Images per step; without it there is no speed.
        schedule: Gives the learning rate by step; the optimiser's, after the step, when left out.
        monitor: What decides which model is the best, as for `BestModel`; it has a column, too.
        state: As for `RunCallback`; has the rows.

    Attributes:
        state: The same.

    Raises:
        ValueError: From `fit`, if the file cannot be written.

    Example:
        >>> model.fit(batches, epochs=3, callbacks=[TrainingLog("log.csv", "tensorboard", batch_size=8)])
    """

    def __init__(
        self,
        path: str | os.PathLike,
        tensorboard: str | os.PathLike | None = None,
        *,
        every: int | None = None,
        batch_size: int | None = None,
        schedule: keras.optimizers.schedules.LearningRateSchedule | None = None,
        monitor: str = MEAN_IOU,
        state: RunState | None = None,
    ):
        super().__init__(state)
        self._every, self._batch_size, self._schedule = every, batch_size or 0, schedule
        self._monitor = monitor
        self._board: TensorBoardLog | None = None
        self._began, self._ended, self._images = None, 0.0, 0
        self.move(path, tensorboard)

    def move(self, path: str | os.PathLike, tensorboard: str | os.PathLike | None = None) -> None:
        """Lets the log go on elsewhere, where its files have moved to or where all rows are written again.

        Args:
            path: The CSV file from now on.
            tensorboard: The folder for TensorBoard from now on, if any.
        """
        self.close()
        self._path, self._tensorboard = Path(path), tensorboard

    def on_train_begin(self, logs: Any = None):
        super().on_train_begin(logs)
        self._began, self._images = None, 0

    def on_epoch_begin(self, epoch, logs: Any = None):
        super().on_epoch_begin(epoch, logs)
        if self._began is not None:
            self._began, self._images = time.monotonic(), 0

    def on_train_batch_end(self, batch, logs: Any = None):
        super().on_train_batch_end(batch, logs)
        self._ended = time.monotonic()
        # The first step holds the tracing of the network and says nothing about the speed.
        if self._began is None:
            self._began = self._ended
        else:
            self._images += self.passed * self._batch_size
        due = self._every and self.state.step % self._every < self.passed
        if due and not self.ends_epoch(batch):
            self._add(logs)
            self.model.reset_metrics()
            self._began, self._images = time.monotonic(), 0

    def on_epoch_end(self, epoch, logs: Any = None):
        self._add(logs)

    def close(self) -> None:
        if self._board is not None:
            self._board.close()
            self._board = None

    def _add(self, logs: Mapping) -> None:
        # A training that was stopped within an epoch ends it at a step that may have its row.
        known = set(self.state.rows[-1]) - {"step"} if self.state.logged else ()
        row = add_row(self.state, logs, self._rate(), self._monitor)
        if self._images and self._began is not None:
            row["images_per_second"] = self._images / max(self._ended - self._began, 1e-9)
        self.state.tick()
        row["seconds"] = self.state.seconds
        write_log(self._path, self.state.rows)
        if self._board is not None:
            self._board.add({name: value for name, value in row.items() if name not in known})
        elif self._tensorboard is not None:
            self._board = TensorBoardLog(self._tensorboard, self.state.rows)

    def _rate(self) -> float:
        if self._schedule is None:
            return float(self.model.optimizer.learning_rate)
        return float(self._schedule(self.state.step - 1))


def column_of(monitor: str) -> str:
    """The column of what decides which model is the best."""
    return {name: column for column, name in _VALIDATED.items()}.get(monitor, monitor)


def add_row(state: RunState, logs: Mapping, learning_rate: float, monitor: str) -> dict:
    """The row of the current step in `state.rows`, with what there is to log so far."""
    if not state.logged:
        state.rows.append({"step": state.step, "loss": float(logs["loss"]), "learning_rate": learning_rate})
    row = state.rows[-1]
    measured = {**_VALIDATED, **({} if monitor == "loss" else {column_of(monitor): monitor})}
    # What nothing could be measured of is not a number.
    row |= {column: float(logs[name]) for column, name in measured.items() if math.isfinite(logs.get(name, math.nan))}
    return row


def write_log(path: str | os.PathLike, rows: Iterable[Mapping]) -> None:
    """Writes rows as CSV, in one move; what a row lacks stays empty.

    Args:
        path: The file.
        rows: Numbers by column: `step`, `loss` (mean since the row before, weight decay included),
            `learning_rate`, `val_miou` and `pixel_accuracy` (0-1; only where the run validated),
            `images_per_second`, `seconds` (since the start, validation included), and further ones, which come last.

    Raises:
        ValueError: If the file cannot be written.

    Example:
        >>> write_log("log.csv", [{"step": 10, "loss": 1.5}])
    """
    rows = list(rows)
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns_of(rows))
        writer.writeheader()
        writer.writerows(
            {name: value if isinstance(value, int) else f"{value:.6g}" for name, value in row.items()} for row in rows
        )


class TensorBoardLog:
    """Rows as TensorBoard's scalars, over the optimiser's step.

    Args:
        folder: Where to; the events there are replaced, so that a resumed run shows no step twice.
        rows: The rows so far.
    """

    def __init__(self, folder: str | os.PathLike, rows: Iterable[Mapping] = ()):
        for path in Path(folder).glob("events.out.tfevents.*"):
            path.unlink()
        self._writer = tf.summary.create_file_writer(str(folder))
        for row in rows:
            self.add(row)

    def add(self, row: Mapping) -> None:
        """Writes one row, so that TensorBoard shows it."""
        with self._writer.as_default(step=row["step"]):
            for name, value in row.items():
                if name != "step":
                    tf.summary.scalar(name, value)
        self._writer.flush()

    def close(self) -> None:
        """Ends the file."""
        self._writer.close()
