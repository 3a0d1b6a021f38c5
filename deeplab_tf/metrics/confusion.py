"""The metrics that follow from the confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import tensorflow as tf

from deeplab_tf.labels import LabelSpec
from deeplab_tf.metrics.label_metric import LabelMetric, ratio


class _FromConfusion(LabelMetric):
    def __init__(self, labels, *, name: str, per_class: bool = False, dtype=None):
        super().__init__(labels, per_class=per_class, name=name, dtype=dtype)
        self.counts = self._sums("counts", self.labels.classes, self.labels.classes)

    def _add(self, true, predicted):
        classes = self.labels.classes
        segments = tf.where(true == self.labels.ignore_label, -1, true * classes + predicted)
        counts = tf.math.unsorted_segment_sum(tf.ones_like(segments, tf.int64), segments, classes**2)
        self.counts.assign_add(tf.reshape(counts, [classes, classes]))

    def _parts(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Pixels of each class that are right, true, predicted; int64 `[classes]`."""
        counts = tf.convert_to_tensor(self.counts)
        return tf.linalg.diag_part(counts), tf.reduce_sum(counts, 1), tf.reduce_sum(counts, 0)


@keras.saving.register_keras_serializable("deeplab_tf")
class MeanIoU(_FromConfusion):
    """Mean IoU over the classes that occur in the truth or in the predictions, 0-1 (Long et al. 2015, section 5).

    Args:
        labels: The classes and the ignore label, as `label_spec` takes them: `model.labels`, a number, a name.
        per_class: Give each class's IoU too, as `mean_iou_car` and so on.
        name: The metric's, and its key in the logs.
        dtype: Of the result.

    Raises:
        ValueError: If `labels` are none.

    Example:
        >>> metric = deeplab_tf.metrics.MeanIoU(2)
        >>> metric.update_state(np.array([[[0, 1, 255]]]), np.array([[[0, 0, 1]]]))
        >>> float(metric.result())
        0.25
    """

    def __init__(
        self,
        labels: LabelSpec | Mapping | str | int,
        *,
        per_class: bool = False,
        name: str = "mean_iou",
        dtype=None,
    ):
        super().__init__(labels, per_class=per_class, name=name, dtype=dtype)

    def _by_class(self):
        return self._iou(*self._parts())


@keras.saving.register_keras_serializable("deeplab_tf")
class MeanAccuracy(_FromConfusion):
    """Mean of the fraction of each true class that is found, 0-1 (Long et al. 2015, section 5).

    Args:
        labels: As for `MeanIoU`.
        per_class: Give each class's accuracy too.
        name: The metric's, and its key in the logs.
        dtype: Of the result.

    Raises:
        ValueError: If `labels` are none.

    Example:
        >>> metric = deeplab_tf.metrics.MeanAccuracy(2)
        >>> metric.update_state(np.array([[[0, 1, 255]]]), np.array([[[0, 0, 1]]]))
        >>> float(metric.result())
        0.5
    """

    def __init__(self, labels, *, per_class: bool = False, name: str = "mean_accuracy", dtype=None):
        super().__init__(labels, per_class=per_class, name=name, dtype=dtype)

    def _by_class(self):
        right, true, _ = self._parts()
        return ratio(right, true)


@keras.saving.register_keras_serializable("deeplab_tf")
class PixelAccuracy(MeanAccuracy):
    """Fraction of all counted pixels that are right, 0-1 (Long et al. 2015, section 5).

    Args:
        labels: As for `MeanIoU`.
        per_class: Give each class's accuracy too.
        name: The metric's, and its key in the logs.
        dtype: Of the result.

    Raises:
        ValueError: If `labels` are none.

    Example:
        >>> metric = deeplab_tf.metrics.PixelAccuracy(2)
        >>> metric.update_state(np.array([[[0, 1, 255]]]), np.array([[[0, 0, 1]]]))
        >>> float(metric.result())
        0.5
    """

    def __init__(self, labels, *, per_class: bool = False, name: str = "pixel_accuracy", dtype=None):
        super().__init__(labels, per_class=per_class, name=name, dtype=dtype)

    def _overall(self, values):
        right, true, _ = self._parts()
        return ratio(tf.reduce_sum(right), tf.reduce_sum(true))


@keras.saving.register_keras_serializable("deeplab_tf")
class FrequencyWeightedIoU(MeanIoU):
    """Mean IoU in which each class weighs as much as it has true pixels, 0-1 (Long et al. 2015, section 5).

    Args:
        labels: As for `MeanIoU`.
        per_class: Give each class's IoU too.
        name: The metric's, and its key in the logs.
        dtype: Of the result.

    Raises:
        ValueError: If `labels` are none.

    Example:
        >>> metric = deeplab_tf.metrics.FrequencyWeightedIoU(2)
        >>> metric.update_state(np.array([[[0, 1, 255]]]), np.array([[[0, 0, 1]]]))
        >>> float(metric.result())
        0.25
    """

    def __init__(self, labels, *, per_class: bool = False, name: str = "frequency_weighted_iou", dtype=None):
        super().__init__(labels, per_class=per_class, name=name, dtype=dtype)

    def _overall(self, values):
        true = tf.cast(self._parts()[1], tf.float64)
        return ratio(tf.reduce_sum(tf.where(true > 0, true * values, tf.zeros_like(true))), tf.reduce_sum(true))
