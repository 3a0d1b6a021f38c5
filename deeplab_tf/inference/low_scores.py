"""Scores at a network's own stride, brought to the size of the image as the network itself would."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from deeplab_tf.images.candidates import labels_among_candidates
from deeplab_tf.images.scaling import labels_of_size
from deeplab_tf.layers.resize import resize_aligned


class LowScores:
    """What follows a file that gives such scores.

    Args:
        canvas: (height, width) on whose corners the corners of the scores lie.

    Example:
        >>> LowScores((65, 65)).enlarged(np.zeros((5, 5, 21), np.float32)).shape
        (65, 65, 21)
    """

    def __init__(self, canvas: tuple[int, int]):
        self.canvas = canvas
        size = tf.TensorSpec((2,), tf.int32)
        scores = tf.TensorSpec((None, None, None), tf.float32)
        self._labels = tf.function(self._labels_of, [scores, size, size], autograph=False)

    def enlarged(self, scores: np.ndarray) -> np.ndarray:
        """float32 `[height, width, classes]`, of the canvas, for `[h, w, classes]`."""
        return resize_aligned(scores[None], self.canvas, "float32")[0].numpy()

    def labels(self, scores: np.ndarray, seen: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
        """Labels of an image, made of the classes that can be best somewhere.

        Args:
            scores: float32 `[h, w, classes]`.
            seen: (height, width) that the image takes at the top left of the canvas.
            size: (height, width) of the image itself.

        Returns:
            int32 `[H, W]`.
        """
        return self._labels(tf.constant(scores), tf.constant(seen), tf.constant(size)).numpy()

    def _labels_of(self, scores, seen, size):
        def labels(scores):
            enlarged = resize_aligned(scores, self.canvas, "float32")[:, : seen[0], : seen[1]]
            return labels_of_size(enlarged, tf.unstack(size), tf.reduce_any(seen != size))

        return labels_among_candidates(scores[None], labels, between_pixels=True)[0]
