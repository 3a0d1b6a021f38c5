"""The result of an evaluation: numbers, a table to read, and files to keep."""

from __future__ import annotations

import csv
import dataclasses
import math
import os
from collections.abc import Iterable, Mapping

import numpy as np

from deeplab_tf.evaluation.metrics import ConfusionMatrix, Metric
from deeplab_tf.files import replacing, write_json
from deeplab_tf.labels import LabelSpec

TITLES = {
    "iou": "IoU",
    "miou": "mean IoU",
    "frequency_weighted_iou": "weighted IoU",
    "boundary_iou": "boundary IoU",
    "boundary_f1": "boundary F1",
}
_OWN = "confusion"


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What `evaluate` measured.

    Args:
        labels: The classes.
        matrix: Pixel counts over all images.
        images: Number of images measured.
        seconds: Time taken in seconds, reading included.
        skipped: One message for each image left out.
        others: The metrics beside the confusion matrix, by name.

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
    others: Mapping[str, Metric] = dataclasses.field(default_factory=dict)

    @property
    def miou(self) -> float:
        """Mean IoU, 0-1, over the classes that occur in the truth or in the predictions."""
        return self.matrix.miou

    @property
    def pixel_accuracy(self) -> float:
        """Fraction of labelled pixels that are right, 0-1."""
        return self.matrix.pixel_accuracy

    @property
    def metrics(self) -> dict[str, Metric]:
        """All metrics by name, `matrix` as `confusion`."""
        return {_OWN: self.matrix, **self.others}

    @property
    def totals(self) -> dict[str, float]:
        """The numbers of all metrics over all classes, by name: `miou`, `pixel_accuracy`, `boundary_iou`, ..."""
        return {name: float(value) for metric in self.metrics.values() for name, value in metric.totals.items()}

    @property
    def per_class(self) -> dict[str, dict[str, float]]:
        """By class name: `iou`, `accuracy` (fraction of its pixels found), `share` (fraction of all labelled pixels).

        Further metrics add their columns. NaN where a class does not occur.
        """
        return self._rows(self.metrics.values())

    def _rows(self, metrics) -> dict[str, dict[str, float]]:
        columns = {name: column for metric in metrics for name, column in metric.per_class.items()}
        values = zip(*(np.asarray(column).tolist() for column in columns.values()))
        return {name: dict(zip(columns, row)) for name, row in zip(self.labels.names, values)}

    def table(self) -> str:
        """An aligned table for people: one row per class, the totals, and what was skipped."""
        rows = self._rows(metric for metric in self.metrics.values() if not metric.only_in_files)
        totals = {title(name): value for name, value in self.totals.items()}
        width = max(map(len, (*totals, *self.labels.names)))
        widths = {name: max(6, len(title(name))) for name in next(iter(rows.values()))}
        lines = ["  ".join([f"{'class':<{width}}", *(f"{title(name):>{widths[name]}}" for name in widths)])]
        for name, row in rows.items():
            lines.append("  ".join([f"{name:<{width}}", *(_cell(row[column], widths[column]) for column in widths)]))
        rate = self.images / self.seconds if self.seconds else float("nan")
        lines += [
            "-" * len(lines[0]),
            *(f"{name:<{width}}  {_cell(value, 6)}" for name, value in totals.items()),
            f"{'images':<{width}}  {self.images:6d}  ({rate:.3g} per second)",
        ]
        if self.skipped:
            lines += [f"{'skipped':<{width}}  {len(self.skipped):6d}", *self.skipped]
        return "\n".join(lines)

    def to_dict(self) -> dict:
        """Everything as JSON-ready values; None where a class does not occur."""
        return {
            **_for_json(self.totals),
            "images": self.images,
            "seconds": self.seconds,
            "skipped": list(self.skipped),
            "per_class": {name: _for_json(row) for name, row in self.per_class.items()},
            "labels": self.labels.to_dict(),
            "confusion_matrix": self.matrix.counts.tolist(),
        }

    def save_json(self, path: str | os.PathLike) -> None:
        """Writes `to_dict` as JSON, in one move.

        Args:
            path: The file; one that is there is replaced.

        Raises:
            ValueError: If the file cannot be written.
        """
        write_json(path, self.to_dict())

    def save_csv(self, path: str | os.PathLike) -> None:
        """Writes one row per class (`class, iou, accuracy, share, ...`; empty where it does not occur), in one move.

        Args:
            path: The file; one that is there is replaced.

        Raises:
            ValueError: If the file cannot be written.
        """
        rows = self.per_class
        write_table(path, ("class", *next(iter(rows.values()))), ((name, *row.values()) for name, row in rows.items()))


def write_table(path: str | os.PathLike, header: Iterable[str], rows: Iterable[Iterable]) -> None:
    """Writes a CSV file in one move: fractions with six places, NaN as an empty field.

    Raises:
        ValueError: If the file cannot be written.
    """
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(map(csv_field, row) for row in rows)


def title(name: str) -> str:
    """What people read for the name of a number or a column."""
    return TITLES.get(name, name.replace("_", " "))


def csv_field(value):
    """A value as CSV files have it: fractions with six places, NaN as nothing."""
    if not isinstance(value, float):
        return value
    return "" if math.isnan(value) else f"{value:.6f}"


def _cell(value: float, width: int) -> str:
    return f"{'-':>{width}}" if math.isnan(value) else f"{value:{width}.4f}"


def _for_json(row: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in row.items()}
