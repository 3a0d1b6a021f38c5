"""Several losses in one, and what they need to know of the training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.checks import expect, is_number, plain


@keras.saving.register_keras_serializable("deeplab_tf")
class CombinedLoss(keras.losses.Loss):
    """The weighted sum of losses of one output.

    Args:
        losses: Keras losses, of this package or others, one or more.
        weights: Of each; 1 when left out.
        name: The loss's.

    Raises:
        ValueError: If they are not losses, or there is not a weight from 0 up for each.

    Example:
        >>> loss = CombinedLoss([CrossEntropy(255), Dice(255)], [1, 0.5])
        >>> labels, logits = np.zeros((1, 1, 1), int), np.zeros((1, 1, 1, 2))
        >>> round(float(loss(labels, logits)), 4)  # log 2 + 0.5 (1 - 2 x 0.5 / 1.25)
        0.7931
    """

    def __init__(
        self,
        losses: Sequence[keras.losses.Loss],
        weights: Sequence[float] | np.ndarray | None = None,
        *,
        name: str | None = None,
    ):
        super().__init__(name=name, dtype="float32")
        given = list(losses) if isinstance(losses, list | tuple) else []
        valid = bool(given) and all(isinstance(loss, keras.losses.Loss) for loss in given)
        expect(valid, "losses", losses, "one or more Keras losses", "Try [CrossEntropy(255), Dice(255)].")
        factors = [1.0] * len(given) if weights is None else plain(weights)
        valid = isinstance(factors, list | tuple) and len(factors) == len(given)
        valid = valid and all(is_number(factor, 0) for factor in factors)
        expect(
            valid, "weights", weights, f"a number from 0 up for each of {len(given)} losses", "Leave them out for 1."
        )
        self.losses, self.weights = given, [float(factor) for factor in factors]

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tf.Tensor:
        parts = zip(self.losses, self.weights)
        return tf.add_n([weight * tf.cast(loss(y_true, y_pred, sample_weight), tf.float32) for loss, weight in parts])

    def call(self, y_true, y_pred):
        return self(y_true, y_pred)

    def follow(self, optimizer: keras.optimizers.Optimizer) -> CombinedLoss:
        """Lets those of its losses that need the step take it from an optimiser.

        Args:
            optimizer: That of the training.

        Returns:
            The loss itself.
        """
        follow(self.losses, optimizer)
        return self

    def get_config(self) -> dict:
        losses = [keras.saving.serialize_keras_object(loss) for loss in self.losses]
        return {"losses": losses, "weights": self.weights, "name": self.name}

    @classmethod
    def from_config(cls, config):
        losses = [keras.saving.deserialize_keras_object(loss) for loss in config["losses"]]
        return cls(**{**config, "losses": losses})


def follow(losses: Any, optimizer: keras.optimizers.Optimizer | None) -> None:
    """Lets losses that need the step take it from an optimiser.

    Args:
        losses: What `compile` takes: a loss, or lists and dictionaries of several.
        optimizer: That of the training; nothing happens without.
    """
    for loss in keras.tree.flatten(losses):
        if optimizer is not None and isinstance(loss, keras.losses.Loss) and hasattr(loss, "follow"):
            loss.follow(optimizer)
