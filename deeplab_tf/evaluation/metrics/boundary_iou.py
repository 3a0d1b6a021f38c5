"""Boundary IoU: the IoU of the inner edges of objects, which large objects do not outweigh."""

from __future__ import annotations

import math

import numpy as np

from deeplab_tf.checks import number
from deeplab_tf.evaluation.metrics.metric import Metric, mean
from deeplab_tf.images.bands import bands

RATIO = 0.02


class BoundaryIoU(Metric):
    """IoU of those pixels of a class that are near its outline, in the truth or in the prediction.

    As in "Boundary IoU: Improving Object-Centric Image Segmentation Evaluation" (arXiv 2103.16562), applied to
    classes: a pixel is near where what is not its class is at most d rows and columns away, d = `ratio` of the image's
    diagonal, rounded, at least 1; what lies beyond the image is not its class. Pixels are summed over all
    images, as for the mean IoU. Ignored pixels are ignored in both maps, so a right prediction has 1.

    Args:
        classes: Number of classes, > 1.
        ignore_label: Pixels with this true label count nowhere.
        ratio: Width of the edge as a fraction of the diagonal, 0-1; the paper's 0.02, and 0.005 for Cityscapes.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> metric = deeplab_tf.evaluation.BoundaryIoU(2)
        >>> metric.update(np.array([[0, 0, 1, 1]]), np.array([[0, 0, 0, 1]]))
        >>> round(metric.totals["boundary_iou"], 4)
        0.5833
    """

    def __init__(self, classes: int, ignore_label: int = 255, *, ratio: float = RATIO):
        super().__init__(classes, ignore_label)
        self.ratio = number("ratio", ratio, above=0, most=1, remedy=f"It is a fraction of the diagonal; try {RATIO}.")
        self._hits, self._true, self._predicted = np.zeros((3, self.classes), np.int64)

    def _add(self, labels: np.ndarray, predictions: np.ndarray) -> None:
        counted = labels != self.ignore_label
        predictions = np.where(counted, predictions, labels)
        width = (max(1, round(self.ratio * math.hypot(*labels.shape))),)
        true, predicted = (counted & (bands(maps, width, border=True) == 0) for maps in (labels, predictions))
        self._hits += self._counts(labels[true & predicted & (labels == predictions)])
        self._true += self._counts(labels[true])
        self._predicted += self._counts(predictions[predicted])

    @property
    def iou(self) -> np.ndarray:
        """Boundary IoU by class, float64 `[classes]`; NaN where neither truth nor prediction has it."""
        return self._iou(self._hits, self._true, self._predicted)

    @property
    def totals(self) -> dict[str, float]:
        """`boundary_iou`: the mean over the classes that occur."""
        return {"boundary_iou": mean(self.iou)}

    @property
    def per_class(self) -> dict[str, np.ndarray]:
        """`boundary_iou`: `iou`."""
        return {"boundary_iou": self.iou}
