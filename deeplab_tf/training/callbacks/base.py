"""What the callbacks of a run have in common: they know its step."""

from __future__ import annotations

import keras

from deeplab_tf.optimizers.averaging import batches_seen
from deeplab_tf.training.state import RunState


class RunCallback(keras.callbacks.Callback):
    """A callback that counts optimiser steps over all epochs.

    Args:
        state: How far the run is; several callbacks may share one, and each of them keeps its step up to date. One of
            its own when left out, which begins at the optimiser's step.

    Attributes:
        state: The same.
        passed: The steps since the last call after a batch: more than 1 where Keras makes several at once, by
            `steps_per_execution`.
    """

    def __init__(self, state: RunState | None = None):
        super().__init__()
        self.state = RunState() if state is None else state
        self._shares = state is not None
        self._first, self._batches, self.passed = self.state.step, 0, 0

    def on_train_begin(self, logs=None):
        if not self._shares:
            self.state.step = batches_seen(self.model.optimizer)
        self.state.start_clock()

    def on_epoch_begin(self, epoch, logs=None):
        self._first, self._batches = self.state.step, 0

    def on_train_batch_end(self, batch, logs=None):
        self.passed, self._batches = batch + 1 - self._batches, batch + 1
        # Not added to: the others that share the state set it to the same.
        self.state.step = self._first + batch + 1

    def on_train_end(self, logs=None):
        self.close()

    def close(self) -> None:
        """Ends what is open, such as a file, however training ended."""

    def ends_epoch(self, batch: int) -> bool:
        """Whether `batch`, counted from 0, is the last one of the epoch, as far as Keras knows."""
        return batch + 1 == self.params.get("steps")
