"""The confusion matrix, streamed, and the metrics of segmentation that follow from it."""

from __future__ import annotations

import numpy as np

from deeplab_tf.evaluation.metrics.metric import Metric, mean, ratio


class ConfusionMatrix(Metric):
    """Counts of pixels by true and predicted class, summed over all images.

    Its four numbers are those of Long et al. 2015 (arXiv 1411.4038, section 5), each 0-1.

    Args:
        classes: Number of classes, > 1.
        ignore_label: Pixels with this true label count nowhere.

    Attributes:
        counts: int64 `[classes, classes]`; the true class chooses the row, the predicted one the column.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> matrix = ConfusionMatrix(classes=2)
        >>> matrix.update(np.array([[0, 1, 255]]), np.array([[0, 0, 1]]))
        >>> matrix.pixel_accuracy
        0.5
    """

    def __init__(self, classes: int, ignore_label: int = 255):
        super().__init__(classes, ignore_label)
        self.counts = np.zeros((self.classes, self.classes), np.int64)

    def _update(self, labels: np.ndarray, predictions: np.ndarray) -> None:
        # Neighbours do not matter here, so arrays of any shape are taken as they are.
        self._add(labels, predictions)

    def _add(self, labels: np.ndarray, predictions: np.ndarray) -> None:
        counted = labels != self.ignore_label
        pairs = labels[counted].astype(np.int64) * self.classes + predictions[counted]
        self.counts += np.bincount(pairs, minlength=self.classes**2).reshape(self.counts.shape)

    @property
    def totals(self) -> dict[str, float]:
        """`miou`, `pixel_accuracy`, `mean_accuracy` and `frequency_weighted_iou`."""
        names = "miou", "pixel_accuracy", "mean_accuracy", "frequency_weighted_iou"
        return {name: getattr(self, name) for name in names}

    @property
    def per_class(self) -> dict[str, np.ndarray]:
        """`iou`, `accuracy` and `share`: `iou`, `accuracy` and `frequency`."""
        return {"iou": self.iou, "accuracy": self.accuracy, "share": self.frequency}

    @property
    def iou(self) -> np.ndarray:
        """Intersection over union by class, float64 `[classes]`; NaN where neither truth nor prediction has it.

        NaN too for an ignore label that is a class id, as in ADE20K: it is never true, so that a prediction of it is
        only a miss of the class that is.
        """
        return self._iou(np.diag(self.counts), self.counts.sum(1), self.counts.sum(0))

    @property
    def miou(self) -> float:
        """Mean of `iou` over the classes that occur in the truth or in the predictions; NaN without pixels.

        As in the release, a class that is predicted but never true has an IoU of 0 and takes part. The release
        does the same with ADE20K's ignored class, which its own benchmark, and this, leave out.
        """
        return mean(self.iou)

    @property
    def accuracy(self) -> np.ndarray:
        """Fraction of a class's true pixels that are found, float64 `[classes]`; NaN where it has none."""
        return ratio(np.diag(self.counts), self.counts.sum(1))

    @property
    def mean_accuracy(self) -> float:
        """Mean of `accuracy` over the classes that are true somewhere; NaN without pixels."""
        return mean(self.accuracy)

    @property
    def pixel_accuracy(self) -> float:
        """Fraction of all counted pixels that are right; NaN without pixels."""
        return float(ratio(np.trace(self.counts), self.counts.sum()))

    @property
    def frequency(self) -> np.ndarray:
        """Fraction of the true pixels that each class has, float64 `[classes]`; NaN without pixels."""
        return ratio(self.counts.sum(1), np.full(self.classes, self.counts.sum()))

    @property
    def frequency_weighted_iou(self) -> float:
        """Mean of `iou` in which each class weighs as much as it has true pixels; NaN without pixels."""
        true = self.frequency > 0
        return float((self.frequency * self.iou)[true].sum()) if true.any() else float("nan")
