"""A predictor that is asked several times for the same image and runs its network once."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from deeplab_tf.inference.predictor import Predictor, labels_of


class Remembered(Predictor):
    """Another predictor, whose probabilities of the last image are kept, for wrappers that share it.

    Args:
        inner: What predicts.

    Example:
        >>> plain = Remembered(open_predictor("model.keras"))
        >>> before, after = evaluate_all([plain, Refined(plain, "v2_resnet_101")], images)
    """

    def __init__(self, inner: Predictor):
        self.inner, self.source, self.labels = inner, inner.source, inner.labels
        self._last: tuple[np.ndarray, np.ndarray] | None = None

    def scores(self, images: np.ndarray | tf.Tensor) -> tf.Tensor:
        """The other predictor's scores, which are not kept."""
        return self.inner.scores(images)

    def predict(self, image: np.ndarray) -> np.ndarray:
        """Labels, int32 `[H, W]`, of an RGB image, uint8 `[H, W, 3]`."""
        return labels_of(self.probabilities(image))

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """Class probabilities, float32 `[H, W, classes]`, of an RGB image, uint8 `[H, W, 3]`.

        They are the same array for the same image object, so whoever changes either makes a copy first.
        """
        last = self._last
        if last is None or last[0] is not image:
            # Freed before the next ones take memory.
            self._last = last = None
            self._last = last = image, self.inner.probabilities(image)
        return last[1]
