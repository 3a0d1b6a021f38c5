"""The confusion matrix, streamed, and the metrics of segmentation that follow from it."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass
class ConfusionMatrix:
    """Counts of pixels by true and predicted class, summed over all images.

    Args:
        classes: Number of classes, > 1.
        ignore_label: Pixels with this true label count nowhere.

    Attributes:
        counts: int64 `[classes, classes]`; the true class chooses the row, the predicted one the column.

    Example:
        >>> matrix = ConfusionMatrix(classes=2)
        >>> matrix.update(np.array([[0, 1, 255]]), np.array([[0, 0, 1]]))
        >>> matrix.pixel_accuracy
        0.5
    """

    classes: int
    ignore_label: int = 255

    def __post_init__(self):
        self.counts = np.zeros((self.classes, self.classes), np.int64)

    def update(self, labels: np.ndarray, predictions: np.ndarray, filename: str | None = None) -> None:
        """Adds the pixels of one image or of many.

        Args:
            labels: The truth, integer, any shape.
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
        labels, predictions = labels[counted], predictions[counted]
        self._check(labels, f"{where}labels", f", or {self.ignore_label} to ignore. Fix the mask")
        self._check(predictions, f"{where}predictions", ". Evaluate a model of these classes")
        pairs = labels.astype(np.int64) * self.classes + predictions
        self.counts += np.bincount(pairs, minlength=self.classes**2).reshape(self.counts.shape)

    def _check(self, values: np.ndarray, what: str, remedy: str) -> None:
        if values.size and (values.min() < 0 or values.max() >= self.classes):
            wrong = np.unique(values[(values < 0) | (values >= self.classes)]).tolist()
            raise ValueError(f"{what} hold {wrong}; expected class ids 0-{self.classes - 1}{remedy}.")

    @property
    def iou(self) -> np.ndarray:
        """Intersection over union by class, float64 `[classes]`; NaN where neither truth nor prediction has it.

        NaN too for an ignore label that is a class id, as in ADE20K: it is never true, so that a prediction of it is
        only a miss of the class that is.
        """
        true_positives = np.diag(self.counts)
        union = self.counts.sum(0) + self.counts.sum(1) - true_positives
        return _ratio(true_positives, np.where(np.arange(self.classes) == self.ignore_label, 0, union))

    @property
    def miou(self) -> float:
        """Mean of `iou` over the classes that occur in the truth or in the predictions; NaN without pixels.

        As in the release, a class that is predicted but never true has an IoU of 0 and takes part. The release
        does the same with ADE20K's ignored class, which its own benchmark, and this, leave out.
        """
        present = self.iou[~np.isnan(self.iou)]
        return float(present.mean()) if present.size else float("nan")

    @property
    def accuracy(self) -> np.ndarray:
        """Fraction of a class's true pixels that are found, float64 `[classes]`; NaN where it has none."""
        return _ratio(np.diag(self.counts), self.counts.sum(1))

    @property
    def pixel_accuracy(self) -> float:
        """Fraction of all counted pixels that are right; NaN without pixels."""
        return float(_ratio(np.trace(self.counts), self.counts.sum()))

    @property
    def frequency(self) -> np.ndarray:
        """Fraction of the true pixels that each class has, float64 `[classes]`; NaN without pixels."""
        return _ratio(self.counts.sum(1), np.full(self.classes, self.counts.sum()))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)
