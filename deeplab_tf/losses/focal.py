"""Focal loss (Lin et al. 2017, arXiv 1708.02002)."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.checks import number
from deeplab_tf.losses.cross_entropy import PixelLoss, softmax_cross_entropy
from deeplab_tf.losses.label_loss import IGNORE, MEAN


@keras.saving.register_keras_serializable("deeplab_tf")
class Focal(PixelLoss):
    """Cross entropy in which pixels that are right already count less: -(1 - p) ** gamma x log p.

    p is the probability of the true class (Lin et al. 2017, arXiv 1708.02002, equation 4). It is the mean over the
    pixels that are not ignored; the paper's detector divides by the number of objects.

    Args:
        ignore_label: The id that does not count.
        gamma: How much less, 0 or above; 0 is the cross entropy, the paper takes 2.
        class_weights: What a pixel of each class weighs, the paper's alpha; all alike when left out.
        reduction: As for Keras's losses; `None` leaves the values of pixels, `[N, H, W]`.
        name: The loss's.

    Raises:
        ValueError: As for `CrossEntropy`.

    Example:
        >>> loss = Focal(255, gamma=2)
        >>> labels, logits = np.array([[[0, 1, 255]]]), np.array([[[[9.0, 0], [9, 0], [0, 9]]]])
        >>> round(float(loss(labels, logits)), 4)
        4.499
    """

    def __init__(
        self,
        ignore_label: int = IGNORE,
        *,
        gamma: float = 2.0,
        class_weights: Sequence[float] | np.ndarray | None = None,
        reduction: str | None = MEAN,
        name: str | None = None,
    ):
        super().__init__(ignore_label, class_weights=class_weights, reduction=reduction, name=name)
        self.gamma = number("gamma", gamma, least=0, remedy="Try 2.")

    def _of_pixels(self, labels, logits):
        losses = softmax_cross_entropy(labels, logits)
        # At 0 itself a power below 1 has no gradient.
        wrong = tf.maximum(-tf.math.expm1(-losses), 1e-12)
        return wrong**self.gamma * losses

    def get_config(self) -> dict:
        return {**super().get_config(), "gamma": self.gamma}
