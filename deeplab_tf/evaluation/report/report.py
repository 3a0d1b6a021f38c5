"""Gathers what a report shows while images are evaluated, and writes its files."""

from __future__ import annotations

import contextlib
import csv
import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deeplab_tf.checks import expect
from deeplab_tf.evaluation.comparison import save_csv, save_json, short_names
from deeplab_tf.evaluation.evaluation import Evaluation, csv_field, write_table
from deeplab_tf.evaluation.metrics import ConfusionMatrix, TrimapIoU
from deeplab_tf.evaluation.report import charts
from deeplab_tf.evaluation.report.gallery import Highest, side_by_side
from deeplab_tf.evaluation.report.page import HEADING, LETTERS, write_report_page
from deeplab_tf.files import check_writable, replacing
from deeplab_tf.files.scratch import no_empty_folders
from deeplab_tf.labels import LabelSpec

PAGE = "report.html"
SHOWN = 6
METRICS = ("trimap", "boundary_iou", "boundary_f1")


class Report(contextlib.AbstractContextManager):
    """A folder that says how good one model is, or how two differ, and on which images.

    It holds `report.html`, which needs no other file, and the same numbers and pictures as files: `metrics.json`,
    `classes.csv`, `images.csv` (each image's IoU), `confusion_matrix.csv`, PNGs. Of the images only those are kept that
    the page shows.

    Args:
        folder: Where to; it is made. Files of an earlier report are replaced.
        labels: The classes.
        models: What one model, or each of two, is called.
        shown: Images to show at either end.
        heading: Of the page, where it compares two.
        letters: What its tables and pictures call the two, whose names may be long.

    Raises:
        ValueError: If the folder cannot be written, or there is no model or more than two.

    Example:
        >>> with Report("out", label_spec("pascal_voc"), ["model.keras"]) as report:
        ...     results = evaluate_all(["model.keras"], images, metrics=report.metrics, on_image=report.add)
        ...     print(report.finish(results))
        out/report.html
    """

    # What the page has besides the confusion matrix.
    metrics = METRICS

    def __init__(
        self,
        folder: str | os.PathLike,
        labels: LabelSpec,
        models: Sequence[str],
        *,
        shown: int = SHOWN,
        heading: str = HEADING,
        letters: tuple[str, str] = LETTERS,
    ):
        expect(len(models) in (1, 2), "models", list(models), "one name or two", "Compare two at a time.")
        self._stack = contextlib.ExitStack()
        # What is measured may fail before there is anything to report.
        self._stack.enter_context(no_empty_folders(folder))
        self.folder, self.labels, self.models = check_writable(folder), labels, short_names(models)
        self.heading, self.letters = heading, letters
        self._first, self._second = Highest(shown), Highest(shown)

    def __enter__(self) -> Report:
        temporary = self._stack.enter_context(replacing(self.folder / "images.csv"))
        self._rows = csv.writer(self._stack.enter_context(open(temporary, "w", newline="", encoding="utf-8")))
        if len(self.models) == 1:
            header = ["miou", "pixel_accuracy", *self.labels.names]
        else:
            header = [*(f"miou {name}" for name in self.models), "difference", "pixels_that_differ"]
        self._rows.writerow(["image", *header])
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def add(self, filename: str, image: np.ndarray, truth: np.ndarray, predictions: list[np.ndarray]) -> None:
        """Takes an image, as `evaluate_all` gives it to `on_image`; within the report's `with` block.

        Args:
            filename: What it is called.
            image: uint8 `[H, W, 3]`.
            truth: Its labels, integer `[H, W]`.
            predictions: Of each model, integer `[H, W]`.

        Raises:
            ValueError: If the sizes differ, or there are other ids than those of the labels.
        """
        found = []
        for prediction in predictions:
            found.append(ConfusionMatrix(self.labels.classes, self.labels.ignore_label))
            found[-1].update(truth, prediction, filename)
        scores = [matrix.miou for matrix in found]
        (self._add_one if len(found) == 1 else self._add_two)(filename, image, truth, predictions, found, scores)

    def _add_one(self, filename, image, truth, predictions, found, scores) -> None:
        (matrix,), (score,) = found, scores
        self._write(filename, score, matrix.pixel_accuracy, *matrix.iou.tolist())
        if math.isnan(score):
            return
        there = np.flatnonzero(~np.isnan(matrix.iou))
        order = there[np.argsort(matrix.iou[there], kind="stable")]
        classes = ", ".join(f"{self.labels.names[index]} {matrix.iou[index]:.2f}" for index in order)

        def draw() -> tuple[str, bytes]:
            picture = side_by_side(image, truth, {"prediction": predictions[0]}, self.labels, errors=True)
            return f"{filename}: mean IoU {score:.3f} ({classes})", picture

        # An image of one class is easily right: of equals those of many classes show more.
        self._first.offer((-score, len(there)), draw)
        self._second.offer((score, len(there)), draw)

    def _add_two(self, filename, image, truth, predictions, found, scores) -> None:
        difference = scores[1] - scores[0]
        counted = truth != self.labels.ignore_label
        self._write(filename, *scores, difference, int(((predictions[0] != predictions[1]) & counted).sum()))
        if math.isnan(difference):
            return

        def draw() -> tuple[str, bytes]:
            told = ", ".join(f"{letter} {score:.3f}" for letter, score in zip(self.letters, scores))
            by_letter: dict[str, np.ndarray] = dict(zip(self.letters, predictions))
            return f"{filename}: mean IoU {told}", side_by_side(image, truth, by_letter, self.labels, errors=False)

        for kept, size in ((self._first, -difference), (self._second, difference)):
            if size > 0:
                kept.offer((size,), draw)

    def _write(self, *fields) -> None:
        self._rows.writerow(map(csv_field, fields))

    def finish(self, results: Sequence[Evaluation]) -> Path:
        """Writes the files and the page.

        Args:
            results: Of `evaluate_all`, as many as there are models.

        Returns:
            The page.

        Raises:
            ValueError: If a file cannot be written.
        """
        named = dict(zip(self.models, results))
        pictures = {"iou_by_frequency": charts.frequency_picture(named)}
        trimaps = {name: result.others.get("trimap") for name, result in named.items()}
        curves = {name: trimap.curve for name, trimap in trimaps.items() if isinstance(trimap, TrimapIoU)}
        if any(not math.isnan(value) for curve in curves.values() for value in curve.values()):
            pictures["trimap"] = charts.trimap_picture(curves, [result.miou for result in results])
        for number, result in enumerate(results, 1):
            name = "confusion_matrix" + (f"_{number}" if len(results) > 1 else "")
            pictures[name] = charts.confusion_picture(result.matrix, self.labels)
            rows = zip(self.labels.names, result.matrix.counts.tolist())
            header = ("truth \\ predicted", *self.labels.names)
            write_table(self.folder / f"{name}.csv", header, ((row, *counts) for row, counts in rows))
        for name, picture in pictures.items():
            with replacing(self.folder / f"{name}.png") as temporary:
                temporary.write_bytes(picture)
        save_json(self.folder / "metrics.json", named)
        save_csv(self.folder / "classes.csv", named)
        page = self.folder / PAGE
        galleries = self._first.pictures, self._second.pictures
        write_report_page(page, named, pictures, galleries, heading=self.heading, letters=self.letters)
        return page
