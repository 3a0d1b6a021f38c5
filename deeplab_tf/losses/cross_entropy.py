"""Cross entropy, and what the losses that are a mean over pixels share."""

from __future__ import annotations

import abc
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.checks import expect, is_number, number, plain
from deeplab_tf.losses.label_loss import IGNORE, MEAN, LabelLoss, pixel_weights

# Of the softmax: what is smaller may be 0 in float32, or far from what it was.
LEAST_SHARE = 1e-30


class PixelLoss(LabelLoss):
    """A loss that every pixel has a value of.

    Args:
        ignore_label: The id that does not count.
        class_weights: What a pixel of each class weighs; all alike when left out.
        reduction: As for Keras's losses.
        name: The loss's.
    """

    def __init__(
        self,
        ignore_label: int = IGNORE,
        *,
        class_weights: Sequence[float] | np.ndarray | None = None,
        reduction: str | None = MEAN,
        name: str | None = None,
    ):
        super().__init__(ignore_label, reduction=reduction, name=name)
        self.class_weights = _class_weights(class_weights)

    def _values(self, labels, logits, counted, images, pixels):
        weights = pixel_weights(images, pixels)
        values = self._of_pixels(labels, logits)
        if self.class_weights is not None:
            values *= tf.gather(_table(self.class_weights, logits.shape[-1]), labels)
        # A product with 0 would keep what is not a number.
        values = tf.where(counted > 0, values, 0.0)
        return values if weights is None else values * weights, self._counts(counted, weights)

    @abc.abstractmethod
    def _of_pixels(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """The values, float32 `[N, H, W]`."""

    def get_config(self) -> dict:
        return {**super().get_config(), "class_weights": self.class_weights}


@keras.saving.register_keras_serializable("deeplab_tf")
class CrossEntropy(PixelLoss):
    """Softmax cross entropy, the mean over the pixels that are not ignored.

    As in the original release, losses that are weighted by class are divided by the number of pixels, not by the sum of
    their weights.

    Args:
        ignore_label: The id that does not count.
        class_weights: What a pixel of each class weighs, 0 or above; all alike when left out.
        label_smoothing: How much of the truth is spread evenly over all classes, 0 to below 1 (Szegedy et al. 2016,
            arXiv 1512.00567, section 7).
        reduction: As for Keras's losses; `None` leaves the values of pixels, `[N, H, W]`.
        name: The loss's.

    Raises:
        ValueError: If an argument is not possible. From a call: if labels and logits do not fit, there is not a weight
            for each class, or a label is neither a class nor ignored; within a graph that is TensorFlow's error, which
            `fit` of this package's models turns into a `ValueError`.

    Example:
        >>> loss = CrossEntropy(255, class_weights=[1, 4], label_smoothing=0.1)
        >>> labels, logits = np.array([[[0, 1, 255]]]), np.array([[[[9.0, 0], [0, 9], [0, 9]]]])
        >>> round(float(loss(labels, logits)), 4)
        1.1253
    """

    def __init__(
        self,
        ignore_label: int = IGNORE,
        *,
        class_weights: Sequence[float] | np.ndarray | None = None,
        label_smoothing: float = 0.0,
        reduction: str | None = MEAN,
        name: str | None = None,
    ):
        super().__init__(ignore_label, class_weights=class_weights, reduction=reduction, name=name)
        self.label_smoothing = number("label_smoothing", label_smoothing, least=0, below=1, remedy="Try 0.1.")

    def _of_pixels(self, labels, logits):
        if not self.label_smoothing:
            return softmax_cross_entropy(labels, logits)
        classes = tf.shape(logits)[-1]
        spread = self.label_smoothing / tf.cast(classes, tf.float32)
        truth = tf.one_hot(labels, classes, 1 - self.label_smoothing + spread, spread)
        return tf.nn.softmax_cross_entropy_with_logits(truth, logits)

    def get_config(self) -> dict:
        return {**super().get_config(), "label_smoothing": self.label_smoothing}


def softmax_cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Softmax cross entropy of each pixel.

    On CPUs from the softmax, for which they have a kernel that reads and writes the logits once, TensorFlow's operation
    five times.

    Args:
        labels: int32 `[N, H, W]`, all of them classes.
        logits: float32 `[N, H, W, classes]`.

    Returns:
        float32 `[N, H, W]`.

    Example:
        >>> float(softmax_cross_entropy(tf.constant([[[1]]]), tf.constant([[[[300.0, 0.0]]]]))[0, 0, 0])
        300.0
    """
    if tf.config.list_physical_devices("GPU"):
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return tf.ensure_shape(_from_softmax(labels, logits), labels.shape)


# One graph for all sizes: TensorFlow keeps every gradient of one's own, and the graph that it is made in.
@tf.function(input_signature=[tf.TensorSpec([None] * 3, tf.int32), tf.TensorSpec([None] * 4)])
def _from_softmax(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    @tf.custom_gradient
    def losses(logits):
        softmax = tf.nn.softmax(logits)
        true = tf.gather(softmax, labels, batch_dims=3)

        def gradient(values):
            return (softmax - tf.one_hot(labels, tf.shape(logits)[-1])) * values[..., None]

        exact = tf.cond(
            tf.reduce_min(true) > LEAST_SHARE,
            lambda: -tf.math.log(true),
            lambda: tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits),
        )
        return exact, gradient

    return losses(logits)


def _table(weights: list[float], classes: int | None) -> tf.Tensor:
    if len(weights) != classes:
        raise ValueError(
            f"class_weights has {len(weights)} weights, the logits have {classes} classes; expected one for each. The "
            "ignored label has none."
        )
    return tf.constant(weights, tf.float32)


def _class_weights(weights) -> list[float] | None:
    if weights is None:
        return None
    given = plain(weights)
    valid = isinstance(given, list | tuple) and len(given) > 1 and all(is_number(weight, 0) for weight in given)
    expect(valid, "class_weights", weights, "a number from 0 up for each class", "Try [0.5, 2.0] for two classes.")
    return [float(weight) for weight in given]
