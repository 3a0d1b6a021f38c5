"""Keeps the best model of a training."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

from deeplab_tf.checks import one_of
from deeplab_tf.models import SegmentationModel, check_model_path, save_model
from deeplab_tf.optimizers import averaged_weights
from deeplab_tf.training.callbacks.base import RunCallback
from deeplab_tf.training.callbacks.validation import MEAN_IOU, PIXEL_ACCURACY, Validation
from deeplab_tf.training.state import RunState

PER_CLASS_CSV, PER_CLASS_JSON = "per_class.csv", "per_class.json"


class BestModel(RunCallback):
    """Saves the model whenever its validation is better than before; without validation, after every epoch.

    The file is one for use, as `save_model` writes it: without optimiser and loss, and with the averaged weights where
    the optimiser has `use_ema`. To be placed after `Validation`.

    Args:
        path: The file, ending in `.keras`.
        model: What to save; the model that is trained when left out.
        validation: The validation before this callback; its result by class is kept beside the file, as
            `per_class.csv` and `per_class.json`.
        monitor: What decides, a name in the logs; the mean IoU when left out.
        mode: `"max"`, or `"min"` of what is better the lower it is.
        state: As for `RunCallback`; has the best step and its metrics.

    Attributes:
        path: The same; may be set while training goes on.

    Raises:
        ValueError: If the file does not end in `.keras`, or `mode` is another; and from `fit`, if the logs do not have
            what decides, or a file cannot be written.

    Example:
        >>> validation = Validation(evaluation_images(dataset, "val"))
        >>> best = BestModel("best/model.keras", validation=validation)
        >>> model.fit(batches, epochs=3, callbacks=[validation, best])
        >>> best.state.best_miou
        0.7124
    """

    def __init__(
        self,
        path: str | os.PathLike,
        *,
        model: SegmentationModel | None = None,
        validation: Validation | None = None,
        monitor: str = MEAN_IOU,
        mode: str = "max",
        state: RunState | None = None,
    ):
        super().__init__(state)
        check_model_path(path)
        self._monitor, self._sign = monitor, {"max": 1, "min": -1}[one_of("mode", mode, ("max", "min"))]
        self.path = Path(path)
        self._network, self._validation = model, validation

    def on_epoch_end(self, epoch, logs: Any = None):
        state, logs = self.state, logs or {}
        miou, value = _number(logs.get(MEAN_IOU)), _number(logs.get(self._monitor))
        if self._monitor not in logs and self._monitor != MEAN_IOU:
            raise ValueError(
                f"monitor must be one of what the logs have, {sorted(logs)}; received {self._monitor!r}. Place the "
                "callback after the one that measures it."
            )
        # Runs of before there were other metrics have that of the mean IoU only.
        best = state.best_miou if self._monitor == MEAN_IOU else state.best_value
        if best is not None and (value is None or self._sign * value <= self._sign * best):
            return
        state.best_step, state.best_value = state.step, value
        if miou is not None:
            state.best_miou, state.best_pixel_accuracy = miou, _number(logs.get(PIXEL_ACCURACY))
        if self._validation is not None and self._validation.evaluation is not None:
            self._validation.evaluation.save_csv(self.path.with_name(PER_CLASS_CSV))
            self._validation.evaluation.save_json(self.path.with_name(PER_CLASS_JSON))
        with averaged_weights(self.model):
            save_model(self.model if self._network is None else self._network, self.path)


def _number(value) -> float | None:
    """A metric as it is kept: None where nothing could be measured."""
    return None if value is None or math.isnan(value) else float(value)
