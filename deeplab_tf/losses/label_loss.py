"""What the losses share: class ids and logits, checked; what counts; how the parts of a batch are put together."""

from __future__ import annotations

import abc
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.checks import whole

MEAN = "sum_over_batch_size"
IGNORE = 255


class LabelLoss(keras.losses.Loss, abc.ABC):
    """A loss of class ids and logits over what is not ignored.

    Its mean is the sum of all values over the number of those that count, pixels or images, in the whole batch: also
    where the replicas of a `tf.distribute` strategy share it. Where nothing counts it is 0, as is its gradient.

    Args:
        ignore_label: The id that does not count, 0 or above.
        reduction: As for Keras's losses; `None` leaves the values, 0 where nothing counts.
        name: The loss's.

    Raises:
        ValueError: As for `CrossEntropy`.
    """

    def __init__(self, ignore_label: int = IGNORE, *, reduction: str | None = MEAN, name: str | None = None):
        super().__init__(name=name, reduction=reduction, dtype="float32")
        self.ignore_label = whole("ignore_label", ignore_label, least=0, remedy="Usually it is 255.")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tf.Tensor:
        """The loss of a batch.

        Args:
            y_true: Class ids, `[N, H, W]` or `[N, H, W, 1]`.
            y_pred: Logits, `[N, H, W, classes]`.
            sample_weight: What images (`[N]`) or pixels (`[N, H, W]`, also with a last axis of 1) weigh.
        """
        labels, logits = checked(y_true, y_pred, self.ignore_label)
        images, pixels = _weights(sample_weight)
        counted = tf.cast(labels != self.ignore_label, tf.float32)
        values, counted = self._values(tf.where(counted > 0, labels, 0), logits, counted, images, pixels)
        return self._reduced(values, counted)

    def call(self, y_true, y_pred):
        labels, logits = checked(y_true, y_pred, self.ignore_label)
        counted = tf.cast(labels != self.ignore_label, tf.float32)
        return self._values(tf.where(counted > 0, labels, 0), logits, counted, None, None)[0]

    @abc.abstractmethod
    def _values(
        self, labels: tf.Tensor, logits: tf.Tensor, counted: tf.Tensor, images: tf.Tensor | None, pixels
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Weighted values, and what each counts in their mean, float32 of one shape.

        Args:
            labels: int32 `[N, H, W]`, 0 where ignored.
            logits: float32 `[N, H, W, classes]`.
            counted: 1 or 0 for each pixel, float32 `[N, H, W]`.
            images: Weights `[N]`, or None.
            pixels: Weights that broadcast to `[N, H, W]`, or None.
        """

    def _counts(self, counted: tf.Tensor, weights: tf.Tensor | None) -> tf.Tensor:
        """What values of these weights count in the mean: only one of Keras's means divides by weights."""
        return counted * weights if self.reduction == "mean_with_sample_weight" and weights is not None else counted

    def _reduced(self, values: tf.Tensor, counted: tf.Tensor) -> tf.Tensor:
        if self.reduction in (None, "none"):
            return values
        total = tf.reduce_sum(values)
        return total if self.reduction == "sum" else tf.math.divide_no_nan(total, _over_replicas(counted))

    def get_config(self) -> dict:
        return {"ignore_label": self.ignore_label, **super().get_config()}


def _over_replicas(counted: tf.Tensor) -> tf.Tensor:
    """The sum, over all replicas that share a step.

    Their gradients are summed. Divided by each one's own count, a pixel would weigh more beside many ignored ones, and
    two devices would not learn what one does.
    """
    count, context = tf.reduce_sum(counted), tf.distribute.get_replica_context()
    if context is not None and context.num_replicas_in_sync > 1:
        count = context.all_reduce(tf.distribute.ReduceOp.SUM, count)
    # Here and not before: on its way back a gradient would be summed over the replicas, in an order of each one's own.
    return tf.stop_gradient(count)


def _weights(sample_weight) -> tuple[tf.Tensor | None, tf.Tensor | None]:
    """Weights of images `[N]`, and of pixels, of which there is one at most."""
    if sample_weight is None:
        return None, None
    weights = tf.cast(sample_weight, tf.float32)
    if weights.shape.rank in (0, 1):
        return weights, None
    if weights.shape.rank == 2 and weights.shape[-1] == 1:
        return weights[:, 0], None
    if weights.shape.rank == 4 and weights.shape[-1] == 1:
        return None, weights[..., 0]
    if weights.shape.rank != 3:
        raise ValueError(
            f"sample_weight has the shape {weights.shape}; expected one weight for each image, [N], or for each pixel, "
            "[N, H, W]. Weigh classes by class_weights."
        )
    return None, weights


def pixel_weights(images: tf.Tensor | None, pixels: tf.Tensor | None) -> tf.Tensor | None:
    """Weights that broadcast to `[N, H, W]`, or None where all weigh alike.

    Args:
        images: Weights `[N]`, or None.
        pixels: Weights that broadcast to `[N, H, W]`, or None.
    """
    return pixels if images is None else tf.reshape(images, [-1, 1, 1])


def checked(y_true: Any, y_pred: Any, ignore_label: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Labels, int32 `[N, H, W]`, and logits, float32 `[N, H, W, classes]`.

    Args:
        y_true: Class ids, `[N, H, W]` or `[N, H, W, 1]`.
        y_pred: Logits, `[N, H, W, classes]`.
        ignore_label: The id that is not a class.

    Raises:
        ValueError: If they do not fit each other, or, where the values are known, a label is not a class.
    """
    logits, labels = tf.convert_to_tensor(y_pred), tf.convert_to_tensor(y_true)
    if logits.shape.rank != 4 or not logits.dtype.is_floating or logits.shape[-1] == 1:
        raise ValueError(
            f"The predictions have the shape {logits.shape} and the type {logits.dtype.name}; expected logits, "
            "floating point [N, H, W, classes], of 2 classes or more. Give the model's output as it is."
        )
    if labels.shape.rank not in (3, 4) or (labels.shape.rank == 4 and labels.shape[-1] not in (1, None)):
        raise ValueError(
            f"The labels have the shape {labels.shape}; expected class ids, [N, H, W] or [N, H, W, 1]. Take the "
            "arg max of one-hot labels."
        )
    if not labels.shape[:3].is_compatible_with(logits.shape[:3]):
        raise ValueError(
            f"The labels have the shape {labels.shape}, the logits {logits.shape}; expected the same batch, height and "
            "width. Upsample the logits to the size of the labels."
        )
    labels = tf.cast(labels[..., 0] if labels.shape.rank == 4 else labels, tf.int32)
    return _of_classes(labels, logits.shape[-1], ignore_label), tf.cast(logits, tf.float32)


def _of_classes(labels: tf.Tensor, classes: int | None, ignore_label: int) -> tf.Tensor:
    if classes is None:
        return labels
    strange = ((labels < 0) | (labels >= classes)) & (labels != ignore_label)
    if tf.executing_eagerly():
        found = np.unique(labels[strange])
        if found.size:
            raise ValueError(
                f"The labels hold {found[0]}; expected class ids 0-{classes - 1} or {ignore_label}, which is ignored. "
                f"Fix them, or give ignore_label={found[0]}."
            )
        return labels
    # In the words of TensorFlow's cross entropy, which finds it on CPUs only.
    worst = tf.reduce_max(tf.where(strange, labels, tf.int32.min))
    texts = ["Received a label value of", worst, f"which is outside the valid range of [0, {classes})."]
    with tf.control_dependencies([tf.debugging.Assert(~tf.reduce_any(strange), texts)]):
        return tf.identity(labels)
