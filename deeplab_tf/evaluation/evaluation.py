"""The result of an evaluation: numbers, a table to read, and files to keep."""

from __future__ import annotations

import csv
import dataclasses
import math
import os

from deeplab_tf.evaluation.metrics import ConfusionMatrix
from deeplab_tf.files import replacing, write_json
from deeplab_tf.labels import LabelSpec

COLUMNS = ("iou", "accuracy", "share")


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What `evaluate` measured.

    Args:
        labels: The classes.
        matrix: Pixel counts over all images.
        images: Number of images measured.
        seconds: Time taken, reading included.
        skipped: One message for each image left out.

    Example:
        >>> result = evaluate("model.keras", images)
        >>> print(result.table())
        >>> result.save_csv("voc.csv")
    """

    labels: LabelSpec
    matrix: ConfusionMatrix
    images: int
    seconds: float
    skipped: tuple[str, ...] = ()

    @property
    def miou(self) -> float:
        """Mean IoU, 0-1, over the classes that occur in the truth or in the predictions."""
        return self.matrix.miou

    @property
    def pixel_accuracy(self) -> float:
        """Fraction of labelled pixels that are right, 0-1."""
        return self.matrix.pixel_accuracy

    @property
    def per_class(self) -> dict[str, dict[str, float]]:
        """By class name: `iou`, `accuracy` (fraction of its pixels found), `share` (fraction of all labelled pixels).

        NaN where a class does not occur.
        """
        columns = zip(self.matrix.iou.tolist(), self.matrix.accuracy.tolist(), self.matrix.frequency.tolist())
        return {name: dict(zip(COLUMNS, values)) for name, values in zip(self.labels.names, columns)}

    def table(self) -> str:
        """An aligned table for people: one row per class, the totals, and what was skipped."""
        width = max(len("pixel accuracy"), *(len(name) for name in self.labels.names))
        lines = [f"{'class':<{width}}  {'IoU':>6}  {'accuracy':>8}  {'share':>6}"]
        for name, row in self.per_class.items():
            iou, accuracy, share = (row[column] for column in COLUMNS)
            lines.append(f"{name:<{width}}  {_cell(iou, 6)}  {_cell(accuracy, 8)}  {_cell(share, 6)}")
        rate = self.images / self.seconds if self.seconds else float("nan")
        lines += [
            "-" * len(lines[0]),
            f"{'mean IoU':<{width}}  {self.miou:6.4f}",
            f"{'pixel accuracy':<{width}}  {self.pixel_accuracy:6.4f}",
            f"{'images':<{width}}  {self.images:6d}  ({rate:.1f} per second)",
        ]
        if self.skipped:
            lines += [f"{'skipped':<{width}}  {len(self.skipped):6d}", *self.skipped]
        return "\n".join(lines)

    def to_dict(self) -> dict:
        """Everything as JSON-ready values; None where a class does not occur."""
        return {
            "miou": self.miou,
            "pixel_accuracy": self.pixel_accuracy,
            "images": self.images,
            "seconds": self.seconds,
            "skipped": list(self.skipped),
            "per_class": {
                name: {key: None if math.isnan(value) else value for key, value in row.items()}
                for name, row in self.per_class.items()
            },
            "labels": self.labels.to_dict(),
            "confusion_matrix": self.matrix.counts.tolist(),
        }

    def save_json(self, path: str | os.PathLike) -> None:
        """Writes `to_dict` as JSON, in one move.

        Raises:
            OSError: If the file cannot be written.
        """
        write_json(path, self.to_dict())

    def save_csv(self, path: str | os.PathLike) -> None:
        """Writes one row per class (`class, iou, accuracy, share`; empty where it does not occur), in one move.

        Raises:
            OSError: If the file cannot be written.
        """
        with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("class", *COLUMNS))
            for name, row in self.per_class.items():
                values = ("" if math.isnan(row[column]) else f"{row[column]:.6f}" for column in COLUMNS)
                writer.writerow((name, *values))


def _cell(value: float, width: int) -> str:
    return f"{'-':>{width}}" if math.isnan(value) else f"{value:{width}.4f}"
