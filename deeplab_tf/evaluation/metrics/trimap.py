"""Mean IoU near the outlines of objects, by the width of the band."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deeplab_tf.checks import expect, whole_numbers
from deeplab_tf.evaluation.metrics.metric import Metric, mean
from deeplab_tf.images.bands import bands

WIDTHS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 40)


class TrimapIoU(Metric):
    """Mean IoU of the pixels in a band along the outlines of the truth: the curve of the v1, v2 and v3+ papers.

    A pixel is in the band of a width where the ignore label, or another class, is at most that many rows and columns
    away in the truth: the label that lies around PASCAL VOC's objects, dilated, as in the papers; in data sets
    without such a label the edges between classes take its place. Ignored pixels themselves count nowhere. (v3+ paper,
    section 4.4.)

    Args:
        classes: Number of classes, > 1.
        ignore_label: Pixels with this true label count nowhere.
        widths: Of the bands, in pixels, > 0.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> metric = deeplab_tf.evaluation.TrimapIoU(2, widths=(1,))
        >>> metric.update(np.array([[0, 0, 0, 0, 255, 1, 1, 1]]), np.array([[0, 0, 0, 1, 1, 1, 1, 1]]))
        >>> metric.totals
        {'trimap_1': 0.25}
    """

    only_in_files = True

    def __init__(self, classes: int, ignore_label: int = 255, *, widths: Sequence[int] = WIDTHS):
        super().__init__(classes, ignore_label)
        remedy = f"They are pixels; try {WIDTHS[:5]}."
        given = whole_numbers("widths", widths, remedy=remedy)
        expect(bool(given), "widths", widths, "one whole number above 0 or more", remedy)
        self.widths = tuple(sorted(set(given)))
        self._hits, self._true, self._predicted = np.zeros((3, len(self.widths), self.classes), np.int64)

    def _add(self, labels: np.ndarray, predictions: np.ndarray) -> None:
        place = bands(labels, self.widths)
        counted = (labels != self.ignore_label) & (place < len(self.widths))
        labels, predictions, place = labels[counted], predictions[counted], place[counted]
        right = labels == predictions
        self._hits += self._by_width(place[right], labels[right])
        self._true += self._by_width(place, labels)
        self._predicted += self._by_width(place, predictions)

    def _by_width(self, place: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Pixels by width and class: a wide band holds the narrower ones."""
        pairs = place.astype(np.int64) * self.classes + values
        return np.bincount(pairs, minlength=self._hits.size).reshape(self._hits.shape).cumsum(0)

    @property
    def iou(self) -> np.ndarray:
        """IoU by width and class, float64 `[widths, classes]`; NaN where a class is in neither map."""
        return self._iou(self._hits, self._true, self._predicted)

    @property
    def curve(self) -> dict[int, float]:
        """Mean IoU by width in pixels; NaN where no band had a pixel."""
        return {width: mean(iou) for width, iou in zip(self.widths, self.iou)}

    @property
    def totals(self) -> dict[str, float]:
        """`curve`, by `trimap_1` and so on."""
        return {f"trimap_{width}": value for width, value in self.curve.items()}

    @property
    def per_class(self) -> dict[str, np.ndarray]:
        """`iou`, by `trimap_1` and so on."""
        return {f"trimap_{width}": iou for width, iou in zip(self.widths, self.iou)}
