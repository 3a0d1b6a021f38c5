"""Models and exported files beside each other, in one run."""

from __future__ import annotations

import dataclasses
import functools
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from deeplab_tf.checks import sides, whole
from deeplab_tf.evaluation.comparison import short_names
from deeplab_tf.evaluation.evaluation import write_table
from deeplab_tf.evaluation.evaluator import evaluate_all
from deeplab_tf.evaluation.items import check_classes
from deeplab_tf.evaluation.speed.figures import Figures, aligned, cells, markdown
from deeplab_tf.evaluation.speed.machine import this_machine, use_threads
from deeplab_tf.evaluation.speed.memory import peak_memory
from deeplab_tf.evaluation.speed.timing import rounds
from deeplab_tf.files import write_json
from deeplab_tf.files.disk import size_in_bytes
from deeplab_tf.images import as_rgb, read_image
from deeplab_tf.images.scaling import sizes_unlogged
from deeplab_tf.images.synthetic import synthetic_images
from deeplab_tf.inference import open_predictor
from deeplab_tf.labels import LabelSpec, label_spec
from deeplab_tf.models.saving import RUN_MODEL
from deeplab_tf.progress import counted, track
from deeplab_tf.weights.formats.exported import newest_version

RUNS = 30
# Where the first model does not say its size: that of the released models.
SIDE = 513
# The first run of a shape traces and lays out memory, and the second one may still.
WARM_UP = 2


class Benchmark:
    """What `benchmark` measures: opened at once, measured by `run`; what there is can be shown at any time.

    Args:
        models: As for `benchmark`, like all other arguments.
        images: What to predict.
        reference: One of the models.
        runs: Timed runs of each model.
        size: Of the synthetic image, in pixels.
        threads: For each network.
        memory: Whether to measure it.
        **opening: How the models are opened.

    Attributes:
        figures: Of each model, in the order given.
        labels: The classes of the first model.
        machine: What runs them.

    Raises:
        FileNotFoundError: As for `benchmark`.
        ValueError: As for `benchmark`, except what concerns the labelled images.

    Example:
        >>> measured = Benchmark(["model.keras"], size=65, runs=3, memory=False)
        >>> measured.run()
        >>> measured.timed, measured.figures[0].agreement
        (3, 1.0)
    """

    def __init__(
        self,
        models: Sequence,
        images: Iterable[np.ndarray | str | os.PathLike] | None = None,
        *,
        reference=None,
        runs: int = RUNS,
        size: int | Sequence[int] | None = None,
        threads: int | None = None,
        memory: bool = True,
        **opening,
    ):
        self._models = list(models)
        if not self._models:
            raise ValueError(
                "Received no model to measure. Give .keras files, run folders, SavedModels or .tflite files."
            )
        self.runs = whole("runs", runs, remedy=f"It is the number of timed runs of each model; try {RUNS}.")
        self._first = self._position(reference)
        self._threads = use_threads(threads)
        self._opening, self._with_memory = opening, memory
        self._predictors = [open_predictor(model, self._threads, **opening) for model in self._models]
        self.labels = self._predictors[0].labels
        self._synthetic = images is None
        self._images = self._read(images, size)
        self.machine = this_machine(self._threads)
        names = short_names([predictor.source for predictor in self._predictors])
        self.figures = [Figures(name, stored_bytes(model)) for name, model in zip(names, self._models)]

    @property
    def timed(self) -> int:
        """How many runs of each model have been timed."""
        return min(len(one.times.seconds) for one in self.figures)

    def run(
        self,
        data: Iterable[Mapping | tuple] | tf.data.Dataset | None = None,
        labels: LabelSpec | Mapping | str | int | None = None,
    ) -> None:
        """Measures agreement, times, memory and mean IoU, in this order.

        Args:
            data: Labelled images, as for `evaluate`.
            labels: What their ids mean; as in the first model when left out.

        Raises:
            ValueError: If a model has other classes than the data.
        """
        for predictor in self._predictors if data is not None else ():
            check_classes(predictor, self.labels if labels is None else label_spec(labels))
        with sizes_unlogged():
            self._compare()
            self._time()
            if self._with_memory:
                self._remember()
            if data is not None:
                for one, found in zip(self.figures, evaluate_all(self._predictors, data, labels)):
                    one.evaluation = found

    def table(self) -> str:
        """What is there, aligned, and what it was measured on."""
        return f"{aligned(cells(self.figures))}\n\n{self._about()}"

    def markdown(self) -> str:
        """The same for a page."""
        return f"{markdown(cells(self.figures))}\n\n{self._about()}"

    def to_dict(self) -> dict:
        """Everything as JSON-ready values; None where something was not measured."""
        return {
            "machine": dataclasses.asdict(self.machine),
            "runs": self.timed,
            "images": len(self._images),
            "largest_image": list(self._largest),
            "reference": self.figures[self._first].name,
            "models": [
                {name: None if value != value else value for name, value in one.to_dict().items()}
                for one in self.figures
            ],
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
        """Writes a row for each model, in one move: bytes, seconds and fractions, empty where nothing was measured.

        Args:
            path: The file; one that is there is replaced.

        Raises:
            ValueError: If the file cannot be written.
        """
        rows = [one.to_dict() for one in self.figures]
        write_table(path, rows[0], (row.values() for row in rows))

    def _read(self, images, size) -> list[np.ndarray]:
        if images is None:
            remedy = f"It is the size of the synthetic image; try {SIDE}."
            default = getattr(self._predictors[0], "limit", None) or (SIDE, SIDE)
            return synthetic_images(*(default if size is None else sides("size", size, above=1, remedy=remedy)))[:1]
        if size is not None:
            raise ValueError(f"Images have their own sizes; received size={size} too. Leave one of them out.")
        read = [read_image(image) if isinstance(image, str | os.PathLike) else as_rgb(image) for image in images]
        if not read:
            raise ValueError("Received no image to predict. Give some, or None for a synthetic one.")
        return read

    @property
    def _largest(self) -> tuple[int, int]:
        height, width = max((image.shape[:2] for image in self._images), key=np.prod)
        return int(height), int(width)

    def _position(self, reference) -> int:
        if reference is None:
            return 0
        for index, model in enumerate(self._models):
            if model is reference or (isinstance(model, str | os.PathLike) and Path(model) == Path(reference)):
                return index
        raise ValueError(f"reference must be one of the models; received {reference}. Name it among them too.")

    def _compare(self) -> None:
        """Labels of every image by every model, which warms them up too."""
        equal, pixels, seen = np.zeros(len(self._predictors)), 0, set()
        for image in track(self._images, len(self._images), "compare"):
            times = 1 if image.shape in seen else WARM_UP
            found = [[predictor.predict(image) for _ in range(times)][-1] for predictor in self._predictors]
            equal += [np.count_nonzero(labels == found[self._first]) for labels in found]
            pixels += found[0].size
            seen.add(image.shape)
        for one, predictor, count in zip(self.figures, self._predictors, equal):
            if predictor.labels.classes == self._predictors[self._first].labels.classes:
                one.agreement = float(count / pixels)

    def _time(self) -> None:
        image = self._images[0]

        def predict(predictor):
            predictor.predict(image)

        keys = [str(index) for index in range(len(self.figures))]
        functions = {key: functools.partial(predict, one) for key, one in zip(keys, self._predictors)}
        times = dict(zip(keys, (one.times for one in self.figures)))
        for done in track(rounds(functions, self.runs, times), self.runs, "time", "round"):
            image = self._images[done % len(self._images)]
            for one in self.figures:
                one.relative = one.times.median / self.figures[self._first].times.median

    def _remember(self) -> None:
        for one, model in track(list(zip(self.figures, self._models)), len(self._models), "memory", "file"):
            if isinstance(model, str | os.PathLike):
                one.memory = peak_memory(model, self._largest, self._threads, self._opening)

    def _about(self) -> str:
        height, width = self._largest
        what = counted(len(self._images), "synthetic image" if self._synthetic else "image")
        sharper = " (give real ones for a sharper comparison of labels)" if self._synthetic else ""
        lines = [
            f"{what} of up to {height}x{width}; {counted(self.timed, 'run')} of each model, in turns{sharper}.",
            f"{self.machine}.",
            f"Time and equal labels are relative to {self.figures[self._first].name}.",
        ]
        if any(not math.isnan(one.memory) for one in self.figures):
            lines.append("Memory is the peak of a process of its own beyond that of its libraries.")
        evaluated = self.figures[0].evaluation
        if evaluated:
            lines.append(f"mIoU and pixel accuracy are of {counted(evaluated.images, 'labelled image')}.")
        return "\n".join(lines)


def benchmark(
    models: Sequence,
    images: Iterable[np.ndarray | str | os.PathLike] | None = None,
    *,
    data: Iterable[Mapping | tuple] | tf.data.Dataset | None = None,
    labels: LabelSpec | Mapping | str | int | None = None,
    **settings,
) -> Benchmark:
    """Measures models and exported files beside each other: time, memory, size, agreement of labels and mean IoU.

    In each round every model predicts the same image once, in an order drawn for each round, so that a machine that is
    busy for a moment slows all alike. A run is all of `predict`, from the decoded image to its labels. Processor time
    is that of all threads together.

    Args:
        models: Whatever `deeplab_tf.inference.open_predictor` takes; all are opened before anything is measured.
        images: Image files or RGB arrays, which the rounds take in turn; one synthetic image when left out.
        data: Labelled images for the mean IoU, as for `evaluate`.
        labels: What their ids mean; as in the first model when left out.
        **settings: Further arguments of `Benchmark`: `reference`, one of the models, with which times and labels are
            compared, the first when left out; `runs`, the timed runs of each model, 30; `size`, a side or (height,
            width) of the synthetic image, that of the first model when left out; `threads` of each network, all
            processors when left out, which TensorFlow takes only before it has started; `memory`, whether to open each
            file once more, in a process of its own, for its peak. All others are those of `open_predictor`.

    Returns:
        The figures, their table, and their files.

    Raises:
        FileNotFoundError: If there is nothing at a path.
        ValueError: If a model cannot be opened or has other classes than the data, an image cannot be read, or an
            argument is not possible; the message names it.

    Example:
        >>> measured = benchmark(["model.keras", "runs/voc"], size=65, runs=3, memory=False)
        >>> [figures.name for figures in measured.figures]
        ['model.keras', 'voc']
        >>> measured.save_csv("speed.csv")
    """
    measured = Benchmark(models, images, **settings)
    measured.run(data, labels)
    return measured


def stored_bytes(model) -> float:
    """The size of what is opened of a path: of a run folder its model, of versions the newest; NaN of a model."""
    if not isinstance(model, str | os.PathLike):
        return float("nan")
    path = newest_version(Path(model)) or Path(model)
    return size_in_bytes(path / RUN_MODEL if (path / RUN_MODEL).is_file() else path)
