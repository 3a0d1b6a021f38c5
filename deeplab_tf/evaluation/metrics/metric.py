"""What every metric has: it takes labels and predictions image by image, and keeps sums only."""

from __future__ import annotations

import abc
from collections.abc import Mapping

import numpy as np

from deeplab_tf.checks import whole


class Metric(abc.ABC):
    """A measure of predicted labels, over any number of images in the same memory.

    A subclass has `_add`, and `totals` or `per_class` or both; a row in `METRICS` makes it known by name.

    Args:
        classes: Number of classes, > 1.
        ignore_label: Pixels with this true label count nowhere.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> class Missed(Metric):
        ...     pixels = 0
        ...
        ...     def _add(self, labels, predictions):
        ...         self.pixels += int(((labels != predictions) & (labels != self.ignore_label)).sum())
        ...
        ...     @property
        ...     def totals(self):
        ...         return {"missed_pixels": self.pixels}
        >>> print(evaluate("model.keras", images, metrics=[Missed]).table())
    """

    # Columns of `per_class` that are too many for a table to read; files have them.
    only_in_files: bool = False

    def __init__(self, classes: int, ignore_label: int = 255):
        self.classes = whole("classes", classes, least=2, remedy="Give the number of classes of the labels.")
        self.ignore_label = whole("ignore_label", ignore_label, least=0, remedy="Try 255.")

    @property
    def totals(self) -> Mapping[str, float]:
        """Numbers over all classes, by name; NaN where there was nothing to measure."""
        return {}

    @property
    def per_class(self) -> Mapping[str, np.ndarray]:
        """Columns of numbers, float64 `[classes]`, by name; NaN where a class does not occur."""
        return {}

    @abc.abstractmethod
    def _add(self, labels: np.ndarray, predictions: np.ndarray) -> None:
        """Adds one image: integer `[H, W]` both, class ids, or in `labels` the ignore label."""

    def update(self, labels: np.ndarray, predictions: np.ndarray, filename: str | None = None) -> None:
        """Adds one image or several.

        Args:
            labels: The truth, integer `[H, W]` or `[B, H, W]`.
            predictions: Class ids, integer, same shape.
            filename: Named in errors.

        Raises:
            ValueError: If the shapes differ, or a value is neither a class id nor (in `labels`) the ignore label.
        """
        labels, predictions = np.asarray(labels), np.asarray(predictions)
        where = f"{filename}: " if filename else ""
        if labels.shape != predictions.shape:
            raise ValueError(
                f"{where}labels have the shape {labels.shape}, predictions {predictions.shape}; they must be "
                "equal. Predict at the size of the labels."
            )
        counted = labels != self.ignore_label
        self._check(labels[counted], f"{where}labels", f", or {self.ignore_label} to ignore. Fix the mask")
        self._check(predictions[counted], f"{where}predictions", ". Evaluate a model of these classes")
        self._update(labels, predictions)

    def _update(self, labels: np.ndarray, predictions: np.ndarray) -> None:
        dtype = np.uint8 if max(self.classes - 1, self.ignore_label) < 256 else np.int32
        for label, prediction in zip(*(maps.reshape(-1, *maps.shape[-2:]) for maps in (labels, predictions))):
            self._add(label.astype(dtype), prediction.astype(dtype))

    def _check(self, values: np.ndarray, what: str, remedy: str) -> None:
        if values.size and (values.min() < 0 or values.max() >= self.classes):
            wrong = np.unique(values[(values < 0) | (values >= self.classes)]).tolist()
            raise ValueError(f"{what} hold {wrong}; expected class ids 0-{self.classes - 1}{remedy}.")

    def _iou(self, hits: np.ndarray, true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """IoU `[..., classes]` of counts `[..., classes]`; NaN where there is no pixel, and for the ignore label."""
        union = true + predicted - hits
        return ratio(hits, np.where(np.arange(self.classes) == self.ignore_label, 0, union))

    def _counts(self, values: np.ndarray) -> np.ndarray:
        return np.bincount(values, minlength=self.classes)[: self.classes]


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """`part / whole`, NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)


def mean(values: np.ndarray) -> float:
    """Mean of what is not NaN; NaN of nothing."""
    present = values[~np.isnan(values)]
    return float(present.mean()) if present.size else float("nan")
