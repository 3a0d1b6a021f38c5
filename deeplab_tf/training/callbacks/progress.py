"""Shows how far a training is."""

from __future__ import annotations

import logging
from typing import Any

from deeplab_tf.progress import Progress
from deeplab_tf.training.callbacks.base import RunCallback
from deeplab_tf.training.callbacks.validation import MEAN_IOU, PIXEL_ACCURACY, measure
from deeplab_tf.training.state import RunState

_log = logging.getLogger(__name__)
_SHOWN = ("loss", MEAN_IOU, PIXEL_ACCURACY)


class TrainingProgress(RunCallback):
    """Shows steps, loss, speed and time left while training goes on, and logs a line of results after every epoch.

    In the place of Keras's own bar: give `fit` `verbose=0`. `deeplab_tf.progress.show` switches it.

    Args:
        batch_size: Images per step.
        steps: Of the whole run; those of all epochs when left out.
        monitor: What decides which model is the best, as for `BestModel`; the line has it, too.
        state: As for `RunCallback`; shared with `BestModel`, the line says which is the best so far.

    Example:
        >>> model.fit(batches, epochs=3, verbose=0, callbacks=[TrainingProgress(batch_size=8)])
    """

    def __init__(
        self, batch_size: int, steps: int | None = None, state: RunState | None = None, *, monitor: str = MEAN_IOU
    ):
        super().__init__(state)
        self._monitor = monitor
        self._batch_size, self._steps = batch_size, steps
        self._total, self._progress = steps, None

    def on_train_begin(self, logs: Any = None):
        super().on_train_begin(logs)
        self.close()

    def on_epoch_begin(self, epoch, logs: Any = None):
        super().on_epoch_begin(epoch, logs)
        if self._progress is not None:
            self._progress.pause()
            return
        each = self.params.get("steps")
        if self._steps is None and each:
            self._total = self.state.step + (self.params["epochs"] - epoch) * each
        self._progress = Progress(self._total, "train", "step", done=self.state.step, leave=True)

    def on_train_batch_end(self, batch, logs: Any = None):
        super().on_train_batch_end(batch, logs)
        loss = float(logs["loss"])
        if self._progress is not None:
            self._progress.step(lambda rate: f"loss {loss:.3f}, {rate * self._batch_size:.1f} images/s", self.passed)

    def on_epoch_end(self, epoch, logs: Any = None):
        of = "" if self._total is None else f" of {self._total}"
        line = f"step {self.state.step}{of}: loss {logs['loss']:.3f}"
        if MEAN_IOU in logs:
            line += f", val mIoU {logs[MEAN_IOU]:.4f}, pixel accuracy {logs[PIXEL_ACCURACY]:.4f}"
            line += "" if self._monitor in _SHOWN else f", {measure(self._monitor)} {logs[self._monitor]:.4f}"
            line += " (best so far)" if self.state.best_step == self.state.step else ""
        _log.info(line)

    def close(self) -> None:
        if self._progress is not None:
            self._progress.close()
            self._progress = None
