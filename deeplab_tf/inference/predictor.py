"""What everything that predicts has in common: `labels` and `scores`, from which the rest follows."""

from __future__ import annotations

import abc

import numpy as np
import tensorflow as tf

from deeplab_tf.images.enlarging import labels_at, probabilities_at
from deeplab_tf.labels import LabelSpec

# Probabilities below it have no logarithm in float32.
LEAST = 1e-37


class Predictor(abc.ABC):
    """Something that gives every pixel of an image a score for each class; `open_predictor` makes one from a file.

    A subclass sets `source` and `labels` and has `scores`. Wrappers are predictors that hold another one: they change
    the images before it or the scores after it, and may be wrapped again. Segmenter and `evaluate` take a wrapper as
    they take a model.

    Attributes:
        source: The file or folder, or the model's name, for messages.
        labels: What the label ids mean.
        limit: (height, width) to which larger images are scaled down, or None.

    Example:
        >>> class Flipped(Predictor):
        ...     def __init__(self, inner):
        ...         self.inner, self.source, self.labels = inner, inner.source, inner.labels
        ...
        ...     def scores(self, images):
        ...         mirrored = self.inner.scores(images[:, :, ::-1])
        ...         return (self.inner.scores(images) + mirrored[:, :, ::-1]) / 2
        >>> Segmenter(Flipped(open_predictor("model.keras")))("cat.jpg").save("out", "cat")
    """

    source: str
    labels: LabelSpec
    limit: tuple[int, int] | None = None

    @abc.abstractmethod
    def scores(self, images: np.ndarray | tf.Tensor) -> tf.Tensor:
        """Scores of a batch at the size at which the network sees the images; their softmax are the probabilities.

        That size, not the images' own, bounds the memory. Whoever needs labels or probabilities enlarges the scores
        bilinearly to the images' size, in strips, as `predict` and `probabilities` do.

        Args:
            images: RGB, uint8 `[B, H, W, 3]`.

        Returns:
            float32 `[B, h, w, classes]`; (h, w) depends on (H, W) alone and is (H, W) where nothing is scaled.

        Raises:
            ValueError: If the predictor gives labels only; the message says what to export instead.
        """

    def unlimited(self) -> Predictor:
        """What predicts images of any size at that size, for wrappers that scale or cut images by themselves."""
        return self

    def predict(self, image: np.ndarray) -> np.ndarray:
        """Labels of an image at its own size.

        Args:
            image: RGB, uint8 `[H, W, 3]`, taken as it is: `Segmenter` checks and converts others.

        Returns:
            Class ids, int32 `[H, W]`.

        Raises:
            ValueError: If it wraps a predictor that gives labels only.
        """
        scores = self.scores(image[None])[0]
        if scores.shape[:2] == image.shape[:2]:
            return tf.argmax(scores, -1, output_type=tf.int32).numpy()
        return labels_at(scores, image.shape[:2])

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """Class probabilities of an image at its own size.

        Args:
            image: RGB, uint8 `[H, W, 3]`.

        Returns:
            float32 `[H, W, classes]`, 0-1, sums of 1.

        Raises:
            ValueError: If the predictor gives labels only; the message says what to export instead.
        """
        scores = self.scores(image[None])[0]
        if scores.shape[:2] == image.shape[:2]:
            # Rebound, so that the scores are freed before the copy.
            scores = tf.nn.softmax(scores)
            return scores.numpy()
        return probabilities_at(scores, image.shape[:2])


def labels_of(probabilities: np.ndarray) -> np.ndarray:
    """Labels, int32 `[H, W]`, of probabilities `[H, W, classes]`."""
    return tf.argmax(probabilities, -1, output_type=tf.int32).numpy()


def scores_of(probabilities: tf.Tensor) -> tf.Tensor:
    """Scores, of any shape, whose softmax are these probabilities."""
    return tf.math.log(tf.maximum(probabilities, LEAST))
