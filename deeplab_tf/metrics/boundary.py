"""Metrics of what happens at the outlines of objects."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import tensorflow as tf

from deeplab_tf.checks import number, whole
from deeplab_tf.labels import LabelSpec
from deeplab_tf.metrics.label_metric import LabelMetric, ratio
from deeplab_tf.metrics.outlines import contours, in_band, near


class _InBands(LabelMetric):
    def __init__(self, labels, *, per_class: bool, name: str, dtype):
        super().__init__(labels, per_class=per_class, name=name, dtype=dtype)
        self.hits, self.true, self.predicted = (
            self._sums(what, self.labels.classes) for what in ("hits", "true", "predicted")
        )

    def _count(self, true, predicted, near_true, near_predicted) -> None:
        counted = true != self.labels.ignore_label
        near_true, near_predicted = near_true & counted, near_predicted & counted
        self.hits.assign_add(self._counts(true, near_true & near_predicted & (true == predicted)))
        self.true.assign_add(self._counts(true, near_true))
        self.predicted.assign_add(self._counts(predicted, near_predicted))

    def _by_class(self):
        return self._iou(*(tf.convert_to_tensor(sums) for sums in (self.hits, self.true, self.predicted)))


@keras.saving.register_keras_serializable("deeplab_tf")
class TrimapIoU(_InBands):
    """Mean IoU along the outlines of the truth (v3+ paper, section 4.4); see `deeplab_tf.evaluation.TrimapIoU`.

    Args:
        labels: The classes and the ignore label, as `label_spec` takes them: `model.labels`, a number, a name.
        width: Of the band, in pixels.
        per_class: Give each class's IoU too.
        name: The metric's, and its key in the logs; `trimap_5` for a width of 5.
        dtype: Of the result.

    Raises:
        ValueError: If the width is not above 0.

    Example:
        >>> metric = deeplab_tf.metrics.TrimapIoU(2, width=1)
        >>> truth = np.array([[[0, 0, 0, 0, 255, 1, 1, 1]]])
        >>> metric.update_state(truth, np.array([[[0, 0, 0, 1, 1, 1, 1, 1]]]))
        >>> float(metric.result())
        0.25
    """

    def __init__(
        self,
        labels: LabelSpec | Mapping | str | int,
        *,
        width: int = 5,
        per_class: bool = False,
        name: str | None = None,
        dtype=None,
    ):
        self.width = whole("width", width, remedy="It is the band's width in pixels; try 5.")
        super().__init__(labels, per_class=per_class, name=name or f"trimap_{self.width}", dtype=dtype)

    def _add(self, true, predicted):
        band = in_band(true, self.width)
        self._count(true, predicted, band, band)

    def get_config(self) -> dict:
        return {**super().get_config(), "width": self.width}


@keras.saving.register_keras_serializable("deeplab_tf")
class BoundaryIoU(_InBands):
    """IoU of the edges of the classes (arXiv 2103.16562); see `deeplab_tf.evaluation.BoundaryIoU`.

    Args:
        labels: As for `TrimapIoU`.
        ratio: Width of the edge as a fraction of the diagonal, 0-1.
        per_class: Give each class's IoU too.
        name: The metric's, and its key in the logs.
        dtype: Of the result.

    Raises:
        ValueError: If the ratio is no such fraction.

    Example:
        >>> metric = deeplab_tf.metrics.BoundaryIoU(2)
        >>> metric.update_state(np.array([[[0, 0, 1, 1]]]), np.array([[[0, 0, 0, 1]]]))
        >>> round(float(metric.result()), 4)
        0.5833
    """

    def __init__(self, labels, *, ratio: float = 0.02, per_class: bool = False, name="boundary_iou", dtype=None):
        self.ratio = number("ratio", ratio, above=0, most=1, remedy="It is a fraction of the diagonal; try 0.02.")
        super().__init__(labels, per_class=per_class, name=name, dtype=dtype)

    def _add(self, true, predicted):
        predicted = tf.where(true == self.labels.ignore_label, true, predicted)
        width = tf.maximum(tf.cast(tf.round(self.ratio * _diagonal(true)), tf.int32), 1)
        self._count(true, predicted, *(in_band(maps, width, border=True) for maps in (true, predicted)))

    def get_config(self) -> dict:
        return {**super().get_config(), "ratio": self.ratio}


@keras.saving.register_keras_serializable("deeplab_tf")
class BoundaryF1(LabelMetric):
    """Precision and recall of contours, F1 (Csurka et al. 2013); see `deeplab_tf.evaluation.BoundaryF1`.

    Args:
        labels: As for `TrimapIoU`.
        tolerance: Fraction of the diagonal, 0-1.
        per_class: Give each class's mean over the images too.
        name: The metric's, and its key in the logs.
        dtype: Of the result.

    Raises:
        ValueError: If the tolerance is no such fraction.

    Example:
        >>> metric = deeplab_tf.metrics.BoundaryF1(2, tolerance=0.3)
        >>> metric.update_state(np.array([[[0, 0, 1, 1]]]), np.array([[[0, 0, 0, 1]]]))
        >>> float(metric.result())
        1.0
    """

    def __init__(self, labels, *, tolerance: float = 0.0075, per_class: bool = False, name="boundary_f1", dtype=None):
        remedy = "It is a fraction of the diagonal; try 0.0075."
        self.tolerance = number("tolerance", tolerance, above=0, most=1, remedy=remedy)
        super().__init__(labels, per_class=per_class, name=name, dtype=dtype)
        self.scores = self._sums("scores", self.labels.classes, dtype="float64")
        self.images = self._sums("images", self.labels.classes)
        self.image_scores = self._sums("image_scores", dtype="float64")
        self.image_count = self._sums("image_count")

    def _add(self, true, predicted):
        ignore, reach = self.labels.ignore_label, self.tolerance * _diagonal(true)
        counted = true != ignore
        lines, guesses = (tf.where(contours(maps) & (maps != ignore), maps, -1) for maps in (true, predicted))
        found, right = near(lines, guesses, reach), near(guesses, lines, reach)
        recall = ratio(self._by_image(lines, found), self._by_image(lines, lines >= 0))
        precision = ratio(self._by_image(guesses, right), self._by_image(guesses, (guesses >= 0) & (right | counted)))
        occurs = ~(tf.math.is_nan(recall) & tf.math.is_nan(precision))
        recall, precision = (
            tf.where(tf.math.is_nan(value), tf.zeros_like(value), value) for value in (recall, precision)
        )
        scores = tf.math.divide_no_nan(2 * recall * precision, recall + precision)
        images = tf.math.count_nonzero(occurs, 1)
        self.scores.assign_add(tf.reduce_sum(scores, 0))
        self.images.assign_add(tf.math.count_nonzero(occurs, 0))
        self.image_scores.assign_add(
            tf.reduce_sum(tf.math.divide_no_nan(tf.reduce_sum(scores, 1), tf.cast(images, tf.float64)))
        )
        self.image_count.assign_add(tf.math.count_nonzero(images))

    def _by_image(self, values, where) -> tf.Tensor:
        """Pixels of each class among those of a boolean map, int64 `[B, classes]`."""
        classes = self.labels.classes
        images = tf.range(tf.shape(values)[0])[:, None, None]
        segments = tf.where(where & (values < classes), images * classes + values, -1)
        total = tf.shape(values)[0] * classes
        counts = tf.math.unsorted_segment_sum(tf.ones_like(segments, tf.int64), segments, total)
        return tf.reshape(counts, [-1, classes])

    def _by_class(self):
        return ratio(tf.convert_to_tensor(self.scores), tf.convert_to_tensor(self.images))

    def _overall(self, values):
        return ratio(tf.convert_to_tensor(self.image_scores), tf.convert_to_tensor(self.image_count))

    def get_config(self) -> dict:
        return {**super().get_config(), "tolerance": self.tolerance}


def _diagonal(labels: tf.Tensor) -> tf.Tensor:
    height, width = (tf.cast(tf.shape(labels)[axis], tf.float64) for axis in (1, 2))
    return tf.sqrt(height**2 + width**2)
