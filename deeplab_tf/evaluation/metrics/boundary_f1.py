"""Boundary F1: how much of the predicted outlines is near a true one, and of the true ones near a predicted one."""

from __future__ import annotations

import math

import numpy as np

from deeplab_tf.checks import number
from deeplab_tf.evaluation.metrics.metric import Metric, ratio
from deeplab_tf.images.bands import contours

TOLERANCE = 0.0075


class BoundaryF1(Metric):
    """Harmonic mean of precision and recall of each class's contour, within a tolerance.

    As in "What is a good evaluation measure for semantic segmentation?" (Csurka et al. 2013, BMVC): a contour is the
    pixels of a class that have another label beside them; a pixel of one contour is right where the other one has a
    pixel of that class at most `tolerance` of the image's diagonal away. Each image has a score for each class whose
    contour is in the truth or the prediction, and their mean; both are averaged over the images.

    The ignore label around an object is its neighbour, so the true contour lies along it. What is predicted on ignored
    pixels counts where it is near the truth, and is not wrong elsewhere: nobody knows.

    Args:
        classes: Number of classes, > 1.
        ignore_label: Pixels with this true label are no class.
        tolerance: Fraction of the diagonal, 0-1; the paper's 0.0075, 4.7 pixels for 500x375.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> metric = deeplab_tf.evaluation.BoundaryF1(2, tolerance=0.3)
        >>> metric.update(np.array([[0, 0, 1, 1]]), np.array([[0, 0, 0, 1]]))
        >>> metric.totals
        {'boundary_f1': 1.0}
    """

    def __init__(self, classes: int, ignore_label: int = 255, *, tolerance: float = TOLERANCE):
        super().__init__(classes, ignore_label)
        remedy = f"It is a fraction of the diagonal; try {TOLERANCE}."
        self.tolerance = number("tolerance", tolerance, above=0, most=1, remedy=remedy)
        self._scores, self._images = np.zeros(self.classes), np.zeros(self.classes, np.int64)
        self._mean_scores, self._mean_images = 0.0, 0

    def _add(self, labels: np.ndarray, predictions: np.ndarray) -> None:
        reach = self.tolerance * math.hypot(*labels.shape)
        true, predicted = (
            np.where(contours(maps) & (maps != self.ignore_label), maps, -1).astype(np.int32)
            for maps in (labels, predictions)
        )
        found, right = _near(true, predicted, reach), _near(predicted, true, reach)
        recall = ratio(self._counts(true[found]), self._counts(true[true >= 0]))
        judged = (predicted >= 0) & (right | (labels != self.ignore_label))
        precision = ratio(self._counts(predicted[right]), self._counts(predicted[judged]))
        occurs = ~(np.isnan(recall) & np.isnan(precision))
        if not occurs.any():
            return
        recall, precision = np.nan_to_num(recall), np.nan_to_num(precision)
        scores = np.nan_to_num(ratio(2 * precision * recall, precision + recall))
        self._scores += scores
        self._images += occurs
        self._mean_scores += float(scores[occurs].mean())
        self._mean_images += 1

    @property
    def f1(self) -> np.ndarray:
        """Mean over the images by class, float64 `[classes]`; NaN where no image has a contour of it."""
        return ratio(self._scores, self._images)

    @property
    def totals(self) -> dict[str, float]:
        """`boundary_f1`: the mean over the images of each one's mean over its classes."""
        return {"boundary_f1": self._mean_scores / self._mean_images if self._mean_images else float("nan")}

    @property
    def per_class(self) -> dict[str, np.ndarray]:
        """`boundary_f1`: `f1`."""
        return {"boundary_f1": self.f1}


def _near(asked: np.ndarray, other: np.ndarray, reach: float) -> np.ndarray:
    """Where `asked`, integer `[H, W]`, is not -1 and `other` has its value at most `reach` pixels away."""
    whole = math.floor(reach)
    padded = np.pad(other, whole, constant_values=-1)
    rows, columns = np.nonzero(asked >= 0)
    values = asked[rows, columns]
    places = (rows + whole) * padded.shape[1] + columns + whole
    down, right = np.mgrid[-whole : whole + 1, -whole : whole + 1].reshape(2, -1)
    distances = down**2 + right**2
    near = np.argsort(distances, kind="stable")[: np.count_nonzero(distances <= reach**2)]
    flat, left = padded.ravel(), np.arange(len(values))
    # The nearest first: most find theirs at once, and the circle's many other pixels are asked for the rest alone.
    for offset in (down * padded.shape[1] + right)[near].tolist():
        left = left[flat[places[left] + offset] != values[left]]
        if not left.size:
            break
    found = asked >= 0
    found[rows[left], columns[left]] = False
    return found
