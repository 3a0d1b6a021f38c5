"""Epochs of so many steps for callbacks, whatever Keras counts as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras

from deeplab_tf.training.callbacks.base import RunCallback
from deeplab_tf.training.state import RunState


class EpochsOfSteps(RunCallback):
    """Calls other callbacks as if an epoch were so many steps, inside the one epoch that `fit` is given.

    Keras's own epochs are all of one length. Those of a run are not: it ends at any step, and goes on from any.

    Args:
        callbacks: In their order.
        steps: Of an epoch, > 0.
        total: Of the run; the last epoch ends there.
        state: How far the run is. An epoch whose end was cut off has no row in its log.

    Example:
        >>> epochs = EpochsOfSteps([Validation(images), Checkpoint("last.keras")], 500, 3000, RunState())
        >>> epochs.begin(model)
        >>> model.fit(batches, steps_per_epoch=3000, callbacks=[epochs])
    """

    def __init__(self, callbacks: Sequence[keras.callbacks.Callback], steps: int, total: int, state: RunState):
        super().__init__(state)
        self._callbacks = keras.callbacks.CallbackList(list(callbacks))
        self._steps, self._total = steps, total
        self._epoch, self._began = 0, None

    def begin(self, model: keras.Model) -> None:
        """Begins training for the others, and ends the epoch whose end was cut off.

        To be called before `fit`, for which nothing may be left to do.
        """
        self.set_model(model)
        self._callbacks.set_model(model)
        self._announce(self._steps)
        self._callbacks.on_train_begin()
        if self.state.step and self._at_end and not self.state.logged:
            self._begin_epoch((self.state.step - 1) // self._steps)
            self._end_epoch({"loss": self.state.loss})

    def on_train_batch_begin(self, batch, logs=None):
        if self._began is None:
            self._begin_epoch(self.state.step // self._steps)
        self._callbacks.on_train_batch_begin(self.state.step - self._began, logs)

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        self._callbacks.on_train_batch_end(self.state.step - 1 - self._began, logs)
        if self._at_end:
            self._end_epoch(logs)

    def on_epoch_end(self, epoch, logs=None):
        # A callback has stopped the training within an epoch.
        if self._began is not None:
            self._end_epoch(logs)

    def on_train_end(self, logs=None):
        self._callbacks.on_train_end(logs)

    @property
    def _at_end(self) -> bool:
        return self.state.step % self._steps == 0 or self.state.step == self._total

    def _announce(self, steps: int) -> None:
        self._callbacks.set_params({"verbose": 0, "epochs": -(-self._total // self._steps), "steps": steps})

    def _begin_epoch(self, epoch: int) -> None:
        self._epoch, self._began = epoch, self.state.step
        self._announce(min((epoch + 1) * self._steps, self._total) - self._began)
        self.model.reset_metrics()
        self._callbacks.on_epoch_begin(epoch)

    def _end_epoch(self, logs: Mapping) -> None:
        self._began = None
        self._callbacks.on_epoch_end(self._epoch, dict(logs))
