"""What the Keras metrics share: from logits to labels, sums that stay exact, results by class, configuration."""

from __future__ import annotations

import abc
from collections.abc import Mapping

import keras
import tensorflow as tf

from deeplab_tf.labels import LabelSpec, label_spec


class LabelMetric(keras.Metric):
    """A metric of label maps that counts pixels.

    Pixels are counted in int64, images' scores summed in float64: float32, in which Keras's own metrics count, stands
    still at 16.8 million, the pixels of 64 images of 513x513.

    Args:
        labels: The classes and the ignore label, as `label_spec` takes them: `model.labels`, a number, a name.
        per_class: `result` is a dictionary with each class's number too, which `fit` logs one by one; NaN where a
            class does not occur.
        name: The metric's, and its key in the logs.
        dtype: Of the result; Keras's own when left out.
    """

    def __init__(self, labels: LabelSpec | Mapping | str | int, *, per_class: bool = False, name: str, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.labels, self.per_class = label_spec(labels), bool(per_class)

    def _sums(self, name: str, *shape: int, dtype: str = "int64") -> keras.Variable:
        return self.add_variable(shape=shape, initializer="zeros", dtype=dtype, name=name)

    @abc.abstractmethod
    def _add(self, true: tf.Tensor, predicted: tf.Tensor) -> None:
        """Adds label maps, int32 `[B, H, W]` both; `true` may hold the ignore label."""

    @abc.abstractmethod
    def _by_class(self) -> tf.Tensor:
        """The number of each class, float64 `[classes]`, NaN where there is none."""

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Adds a batch.

        Args:
            y_true: The truth, integer `[B, H, W]` or `[B, H, W, 1]`.
            y_pred: Logits or probabilities, `[B, H, W, classes]`; or labels, integer `[B, H, W]`.
            sample_weight: Pixels (or images, `[B]`) of weight 0 are ignored; others count once.

        Raises:
            ValueError: If the scores are of another number of classes, or of another size than the truth.
            tf.errors.InvalidArgumentError: If the truth holds other ids than those of the labels.
        """
        true, predicted = tf.cast(y_true, tf.int32), tf.convert_to_tensor(y_pred)
        if not predicted.shape[:3].is_compatible_with(true.shape[:3]):
            raise ValueError(
                f"{self.name}: the truth has the shape {true.shape}, the predictions {predicted.shape}; expected the "
                "same batch, height and width. Upsample the logits to the size of the labels."
            )
        if predicted.dtype.is_floating and predicted.shape.rank == 4:
            if predicted.shape[-1] not in (None, self.labels.classes):
                raise ValueError(
                    f"{self.name} is of {self.labels.classes} classes; received scores of {predicted.shape[-1]}. "
                    "Make it with the model's labels."
                )
            predicted = tf.argmax(predicted, -1, output_type=tf.int32)
        predicted = tf.cast(predicted, tf.int32)
        if true.shape.rank == 4:
            true = tf.squeeze(true, -1)
        ignore = self.labels.ignore_label
        if sample_weight is not None:
            weight = tf.convert_to_tensor(sample_weight)
            weight = tf.reshape(weight, [-1, 1, 1]) if weight.shape.rank == 1 else weight
            weight = tf.squeeze(weight, -1) if weight.shape.rank == 4 else weight
            true = tf.where(tf.broadcast_to(weight == 0, tf.shape(true)), ignore, true)
        tf.debugging.Assert(
            tf.reduce_all(((true >= 0) & (true < self.labels.classes)) | (true == ignore)),
            [f"The truth holds neither a class 0-{self.labels.classes - 1} nor {ignore}, which is ignored."],
        )
        self._add(true, predicted)

    def result(self) -> tf.Tensor | dict[str, tf.Tensor]:
        """The mean over the classes that occur; with `per_class` a dictionary of it and each class's number."""
        values = self._by_class()
        overall = self._cast(self._overall(values))
        if not self.per_class:
            return overall
        each = {f"{self.name}_{name}": self._cast(values[index]) for index, name in enumerate(self.labels.names)}
        return {self.name: overall, **each}

    def _overall(self, values: tf.Tensor) -> tf.Tensor:
        return mean(values)

    def _cast(self, value: tf.Tensor) -> tf.Tensor:
        return tf.cast(value, keras.backend.standardize_dtype(self.dtype))

    def _counts(self, values: tf.Tensor, where: tf.Tensor) -> tf.Tensor:
        """Pixels of each class among those of a boolean map, int64 `[classes]`."""
        classes = self.labels.classes
        # As segments and not by bincount, which would need values that are none to be cut out first.
        segments = tf.where(where & (values < classes), values, -1)
        return tf.math.unsorted_segment_sum(tf.ones_like(segments, tf.int64), segments, classes)

    def _iou(self, hits: tf.Tensor, true: tf.Tensor, predicted: tf.Tensor) -> tf.Tensor:
        """IoU, float64 `[classes]`; NaN without pixels, and for the ignore label."""
        ignored = tf.range(self.labels.classes) == self.labels.ignore_label
        return ratio(hits, tf.where(ignored, tf.constant(0, hits.dtype), true + predicted - hits))

    def get_config(self) -> dict:
        return {**super().get_config(), "labels": self.labels.to_dict(), "per_class": self.per_class}


def ratio(part: tf.Tensor, whole: tf.Tensor) -> tf.Tensor:
    """float64 `part / whole`, NaN where the whole is 0."""
    part, whole = tf.cast(part, tf.float64), tf.cast(whole, tf.float64)
    return tf.where(whole > 0, part / tf.maximum(whole, 1e-300), float("nan"))


def mean(values: tf.Tensor) -> tf.Tensor:
    """Mean of what is not NaN; NaN of nothing."""
    there = ~tf.math.is_nan(values)
    return ratio(tf.reduce_sum(tf.where(there, values, tf.zeros_like(values))), tf.math.count_nonzero(there))
