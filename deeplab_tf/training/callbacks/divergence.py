"""Ends a training whose loss or weights are not numbers any more."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.checks import listing
from deeplab_tf.training.callbacks.base import RunCallback
from deeplab_tf.training.state import RunState

SHOWN = 16


class Diverged(ValueError):
    """The loss or the weights became infinite or NaN.

    Args:
        what: `"loss"` or `"weights"`.
        value: What it became.
        step: Where that was noticed.
        learning_rate: With which the run began, if known.
        kept: What remains of the run, as a sentence.
        files: The names of the images by step: those of the step itself, and of the one before it, whose update may
            be what spoilt the weights.
    """

    def __init__(
        self,
        what: str,
        value: float,
        step: int,
        learning_rate: float | None = None,
        kept: str = "",
        files: Mapping[int, Sequence[str]] | None = None,
    ):
        rate = "" if learning_rate is None else f" with learning_rate {learning_rate:g}"
        lower = "learning rate" if learning_rate is None else f"one, for instance {min(learning_rate / 10, 0.01):g}"
        suspects = "these images" if files else "the data"
        super().__init__(
            f"The {what} became {value} at step {step}{rate}. {_told(files)}{kept}Start again with a lower {lower}, "
            f"and check the labels of {suspects} if that does not help."
        )
        self.what, self.value, self.step, self.files = what, value, step, files or {}


class Divergence(RunCallback):
    """Ends `fit` with an error as soon as the loss is not finite, and before a model that is not is kept.

    The loss is looked at after every batch, the weights after every epoch: the loss of a step tells of the weights
    before it. To be placed before the callbacks that save.

    Args:
        state: As for `RunCallback`.
        files: Gives the names of the images in a batch, counted from 0, for the message; asked only where training
            ends so. `deeplab_tf.datasets.batch_files` knows those of `training_batches`.

    Raises:
        Diverged: From `fit`, a `ValueError`; the message says at which step, and with `files` at which images.

    Example:
        >>> files = lambda number: batch_files(dataset, number, batch_size=8)
        >>> model.fit(batches, epochs=3, callbacks=[Divergence(files=files), Checkpoint("last.keras")])
    """

    def __init__(self, state: RunState | None = None, *, files: Callable[[int], Sequence[str]] | None = None):
        super().__init__(state)
        self._files = files

    def on_train_batch_end(self, batch, logs: Any = None):
        super().on_train_batch_end(batch, logs)
        loss = float(logs["loss"])
        if not math.isfinite(loss):
            raise Diverged("loss", loss, self.state.step, files=self._seen())

    def on_epoch_end(self, epoch, logs: Any = None):
        try:
            check_weights(self.model, self.state.step)
        except Diverged as error:
            raise Diverged(error.what, error.value, error.step, files=self._seen()) from None

    def _seen(self) -> dict[int, Sequence[str]]:
        """The names of the images of the last two steps."""
        found, step, files = {}, self.state.step, self._files
        if files is None:
            return found
        # That a file cannot be read any more must not hide what happened.
        with contextlib.suppress(OSError, ValueError, tf.errors.OpError):
            for one in (step, step - 1):
                if one > 0:
                    found[one] = files(one - 1)
        return found


def _told(files: Mapping[int, Sequence[str]] | None) -> str:
    return "".join(f"Step {step} saw {listing(names, SHOWN)}. " for step, names in (files or {}).items())


def check_weights(model: keras.Model, step: int) -> None:
    """Makes sure that the weights of a model are numbers.

    Raises:
        Diverged: If they are not.
    """
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise Diverged("weights", math.inf, step)
