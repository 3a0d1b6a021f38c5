"""Ends a training that makes no progress any more."""

from __future__ import annotations

import logging

from deeplab_tf.checks import whole
from deeplab_tf.training.callbacks.base import RunCallback
from deeplab_tf.training.state import RunState

_log = logging.getLogger(__name__)


class NoProgress(RunCallback):
    """Ends training once so many validations in a row have given no better model, as `BestModel` judges.

    Unlike `keras.callbacks.EarlyStopping` it goes on counting in a resumed run. To be placed after `BestModel` and
    `TrainingLog`, from whose rows it counts.

    Args:
        patience: Validations without a better model, > 0.
        state: Shared with `BestModel` and `TrainingLog`.

    Raises:
        ValueError: If `patience` is not a whole number above 0.

    Example:
        >>> state, validation = RunState(), Validation(evaluation_images(dataset, "val"))
        >>> log, best = TrainingLog("log.csv", state=state), BestModel("best.keras", state=state)
        >>> model.fit(batches, epochs=9, callbacks=[validation, log, best, NoProgress(5, state)])
    """

    def __init__(self, patience: int, state: RunState):
        super().__init__(state)
        self._patience = whole("patience", patience, remedy="Try 5, or leave it out.")

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._look()

    def on_epoch_end(self, epoch, logs=None):
        self._look()

    def _look(self) -> None:
        state, best = self.state, self.state.best_step
        if best is None:
            return
        since = [row for row in state.rows if "val_miou" in row and row["step"] > best]
        if len(since) >= self._patience:
            _log.info(
                "No better model in %d validations since step %d: training ends at step %d.",
                len(since), best, state.step,
            )  # fmt: skip
            self.model.stop_training = True
