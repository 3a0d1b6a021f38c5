"""The loss of a run: softmax cross entropy over the pixels that are not ignored."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np


class WeightedCrossEntropy(keras.losses.SparseCategoricalCrossentropy):
    """Softmax cross entropy in which the pixels of every class have a weight of their own.

    As in the original release, the weighted losses are summed and divided by the number of pixels that are not ignored,
    not by the sum of their weights.

    Args:
        class_weights: A weight for each class, 0 or above.
        ignore_label: The id that does not count.

    Example:
        >>> loss = WeightedCrossEntropy([1.0, 5.0], ignore_label=255)
        >>> loss(labels, logits)  # int [N, H, W], float [N, H, W, 2]
    """

    def __init__(self, class_weights: Sequence[float] | np.ndarray, ignore_label: int):
        super().__init__(from_logits=True, ignore_class=ignore_label)
        self.class_weights = [float(weight) for weight in class_weights]
        # What is not a class is either ignored or an error of the cross entropy's own.
        self._table = np.ones(256 if len(self.class_weights) <= 256 else 65536, np.float32)
        self._table[: len(self.class_weights)] = self.class_weights

    def __call__(self, y_true, y_pred, sample_weight=None):
        weights = keras.ops.take(self._table, keras.ops.cast(y_true, "int32"), axis=0)
        return super().__call__(y_true, y_pred, weights if sample_weight is None else weights * sample_weight)

    def get_config(self) -> dict:
        return {"class_weights": self.class_weights, "ignore_label": self.ignore_class}


def pixel_loss(ignore_label: int, class_weights: Sequence[float] | np.ndarray | None = None) -> keras.losses.Loss:
    """Softmax cross entropy of logits, averaged over the pixels that are not ignored.

    Args:
        ignore_label: The id that does not count.
        class_weights: What a pixel of every class weighs; all alike when left out.

    Example:
        >>> model.compile("sgd", pixel_loss(255, class_weights=[0.5, 2.0]))
    """
    if class_weights is None:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=ignore_label)
    return WeightedCrossEntropy(class_weights, ignore_label)
