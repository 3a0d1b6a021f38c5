"""Ends a training whose loss or weights are not numbers any more."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from deeplab_tf.training.callbacks.base import RunCallback


class Diverged(ValueError):
    """The loss or the weights became infinite or NaN.

    Args:
        what: `"loss"` or `"weights"`.
        value: What it became.
        step: Where that was noticed.
        learning_rate: With which the run began, if known.
        kept: What remains of the run, as a sentence.
    """

    def __init__(self, what: str, value: float, step: int, learning_rate: float | None = None, kept: str = ""):
        rate = "" if learning_rate is None else f" with learning_rate {learning_rate:g}"
        lower = "learning rate" if learning_rate is None else f"one, for instance {learning_rate / 10:g}"
        super().__init__(
            f"The {what} became {value} at step {step}{rate}. {kept}Start again with a lower {lower}, and check the "
            "labels of the data if that does not help."
        )
        self.what, self.value, self.step = what, value, step


class Divergence(RunCallback):
    """Ends `fit` with an error as soon as the loss is not finite, and before a model that is not is kept.

    The loss is looked at after every batch, the weights after every epoch: the loss of a step tells of the weights
    before it. To be placed before the callbacks that save.

    Args:
        state: As for `RunCallback`.

    Raises:
        Diverged: From `fit`, a `ValueError`; the message says at which step.

    Example:
        >>> model.fit(batches, epochs=3, callbacks=[Divergence(), Checkpoint("last.keras")])
    """

    def on_train_batch_end(self, batch, logs: Any = None):
        super().on_train_batch_end(batch, logs)
        loss = float(logs["loss"])
        if not math.isfinite(loss):
            raise Diverged("loss", loss, self.state.step)

    def on_epoch_end(self, epoch, logs: Any = None):
        check_weights(self.model, self.state.step)


def check_weights(model: keras.Model, step: int) -> None:
    """Makes sure that the weights of a model are numbers.

    Raises:
        Diverged: If they are not.
    """
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise Diverged("weights", math.inf, step)
