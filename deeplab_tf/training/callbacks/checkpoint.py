"""Keeps what going on with a training needs."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deeplab_tf.checks import number
from deeplab_tf.interrupts import Interruption, Interrupts
from deeplab_tf.models import SegmentationModel, check_model_path
from deeplab_tf.training.callbacks.base import RunCallback
from deeplab_tf.training.callbacks.divergence import check_weights
from deeplab_tf.training.checkpoint import save_checkpoint
from deeplab_tf.training.state import RunState

_log = logging.getLogger(__name__)


class Checkpoint(RunCallback):
    """Keeps the last model with its optimiser in one file, which is whole at every moment.

    It is written after every epoch, when so many minutes have passed, and at an interrupt, beside the file that is
    there, and then takes its place: a kill or a full disk leaves the one before. A model whose weights are not numbers
    takes nothing's place. To be placed last, so that what the others do is saved.

    `keras.models.load_model` reads the file of a compiled model, to go on with `fit`. With `use_ema` it has the weights
    themselves, and their averages in the optimiser.

    Args:
        path: The file, ending in `.keras`.
        model: What to save; the model that is trained when left out.
        minutes: Within an epoch, too, the model is saved whenever so many have passed since the last time; 0 for
            never.
        interrupts: Asked after every batch; if there is one, training is saved and ends with an `Interruption`.
        on_save: Called after every save.
        state: As for `RunCallback`; is kept in the file.

    Attributes:
        path: The same; may be set while training goes on.
        saved_step: The step of the last save, or the one at which training began.

    Raises:
        ValueError: If the minutes are below 0, or the file does not end in `.keras`; and from `fit`, if it cannot be
            written.
        Diverged: From `fit`, if the weights are not finite.

    Example:
        >>> with Interrupts() as interrupts, interrupts.noted():
        ...     checkpoint = Checkpoint("last.keras", minutes=10, interrupts=interrupts)
        ...     model.fit(batches, epochs=3, callbacks=[checkpoint])
    """

    def __init__(
        self,
        path: str | os.PathLike,
        *,
        model: SegmentationModel | None = None,
        minutes: float = 0.0,
        interrupts: Interrupts | None = None,
        on_save: Callable[[], None] | None = None,
        state: RunState | None = None,
    ):
        super().__init__(state)
        number("minutes", minutes, least=0, remedy="Try 10, or 0 for never.")
        check_model_path(path)
        self.path, self.saved_step = Path(path), self.state.step
        self._network, self._minutes, self._interrupts, self._on_save = model, minutes, interrupts, on_save
        self._saved = time.monotonic()

    def on_train_begin(self, logs: Any = None):
        super().on_train_begin(logs)
        self.saved_step, self._saved = self.state.step, time.monotonic()

    def on_epoch_begin(self, epoch, logs: Any = None):
        super().on_epoch_begin(epoch, logs)
        # Keras has just set them to zero.
        for variable, value in zip(self._loss_variables(), self.state.loss_sums):
            variable.assign(value)

    def on_train_batch_end(self, batch, logs: Any = None):
        super().on_train_batch_end(batch, logs)
        self.state.loss, self.state.loss_sums = None if self.state.logged else float(logs["loss"]), []
        due = self._minutes and time.monotonic() - self._saved >= 60 * self._minutes
        if self._pending is not None or (due and not self.ends_epoch(batch)):
            self.save_between()
        self._end_if_interrupted()

    def on_epoch_end(self, epoch, logs: Any = None):
        self.state.loss, self.state.loss_sums = None, []
        self.save()
        self._end_if_interrupted()

    def save_between(self) -> None:
        """Saves where an epoch has not ended, such that a run goes on from there as if nothing had been saved.

        Raises:
            Diverged: As `save`.
            ValueError: As `save`.
        """
        if self.saved_step == self.state.step:
            return
        if self._pending is not None:
            _log.info("Saving step %d; a second interrupt ends at once.", self.state.step)
        if not self.state.logged:
            self.state.loss_sums = [float(variable) for variable in self._loss_variables()]
        self.save()

    def save(self) -> None:
        """Saves what is there now.

        Raises:
            Diverged: If a weight is not finite; the file stays as it was.
            ValueError: If the file cannot be written.
        """
        check_weights(self.model, self.state.step)
        self.state.tick()
        save_checkpoint(self.path, self.model if self._network is None else self._network, self.model, self.state)
        self.saved_step, self._saved = self.state.step, time.monotonic()
        if self._on_save is not None:
            self._on_save()

    @property
    def _pending(self) -> int | None:
        return None if self._interrupts is None else self._interrupts.pending

    def _end_if_interrupted(self) -> None:
        if (number := self._pending) is not None:
            raise Interruption(number=number)

    def _loss_variables(self) -> list:
        """What Keras has the mean loss from."""
        return next(metric for metric in self.model.metrics if metric.name == "loss").variables
