"""The search for a model: its probabilities kept in a folder, in which a search that was cut off goes on."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import logging
import os
import signal
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from deeplab_tf.checks import whole
from deeplab_tf.datasets.records.parallel import worker_count
from deeplab_tf.evaluation.crf_search.examples import Example, StoredExamples
from deeplab_tf.evaluation.crf_search.folder import SearchFolder
from deeplab_tf.evaluation.crf_search.grid import CRFGrid
from deeplab_tf.evaluation.crf_search.result import CRFSearch
from deeplab_tf.evaluation.crf_search.trials import ITERATIONS, is_finished, search_crf_parameters
from deeplab_tf.evaluation.items import check_classes, image_and_labels, items, name_of
from deeplab_tf.files.locks import locked_folder
from deeplab_tf.files.reading import shown
from deeplab_tf.files.scratch import scratch_folder
from deeplab_tf.inference import open_predictor
from deeplab_tf.inference.predictor import Predictor
from deeplab_tf.interrupts import Interruption
from deeplab_tf.labels import LabelSpec, label_spec
from deeplab_tf.progress import track

COUNT = 40

logger = logging.getLogger(__name__)


def search_crf(
    model,
    images: Iterable[Mapping | tuple] | tf.data.Dataset,
    labels: LabelSpec | Mapping | str | int | None = None,
    *,
    output: str | os.PathLike | None = None,
    count: int = COUNT,
    grid: CRFGrid | None = None,
    iterations: int = ITERATIONS,
    workers: int | None = None,
    **opening,
) -> CRFSearch:
    """Searches the dense CRF that gives a model the highest mean IoU on a few labelled images.

    The network predicts each image once. Of `output`, a search that was interrupted or killed goes on where it was; at
    its end the folder holds `tried.csv`, all parameters with their mean IoU; `best.json`, which `--crf` takes; and
    `search.png`.

    Args:
        model: Whatever `deeplab_tf.inference.open_predictor` takes.
        images: As for `deeplab_tf.evaluation.evaluate`.
        labels: What the label ids mean; the model's own specification when left out.
        output: A folder for the results; a temporary one when left out. While it searches it takes 2 bytes for each
            pixel and class: 320 MB for 40 images of PASCAL VOC.
        count: Images to search on, drawn evenly from all of them; all if there are fewer.
        grid: The parameters to choose from.
        iterations: Of mean field, as for `DenseCRF`.
        workers: Images at a time; one per core when left out.
        **opening: Further arguments of `open_predictor`, such as `output_stride` and `flip`.

    Returns:
        All trials and the best.

    Raises:
        FileNotFoundError: If `model` is a path where there is nothing.
        ValueError: If there is no image, or one does not fit its labels; if the numbers of classes differ; if the
            output folder holds a search of another model, data or grid.

    Example:
        >>> found = search_crf("model.keras", images, grid=CRFGrid((3, 5), (40, 80), (3, 5)), iterations=2)
        >>> crf = found.best.parameters if found.pays else None
        >>> Segmenter("model.keras", crf=crf)("cat.jpg").save("out", "cat")
    """
    whole("count", count, remedy="The papers take 100 images; try 40.")
    whole("iterations", iterations, remedy="The papers take 10.")
    grid = CRFGrid() if grid is None else grid
    options: dict[str, Any] = {"grid": grid, "iterations": iterations, "workers": worker_count(workers)}
    predictor = open_predictor(model, **opening)
    spec = predictor.labels if labels is None else label_spec(labels)
    check_classes(predictor, spec)
    images = list(images) if isinstance(images, Iterator) else images
    with contextlib.ExitStack() as stack:
        path = stack.enter_context(scratch_folder()) if output is None else Path(output)
        stack.enter_context(locked_folder(path, "a CRF search"))
        names, sums, looks = _drawn(images, count, predictor)
        folder = SearchFolder(path, len(names), iterations)
        folder.begin(
            {
                "images": list(names.values()),
                "checksums": sums,
                "labels": [*spec.names, spec.ignore_label],
                "grid": dataclasses.asdict(grid),
                "iterations": iterations,
                "way of predicting": _changed(opening),
            },
            looks,
        )
        known = folder.tried()
        if known is not None and is_finished(grid, known):
            logger.info("%s holds a finished search; nothing is left to do.", shown(path))
        else:
            if known is not None:
                logger.info("%s: going on after %d sets of parameters.", shown(path), len(known.trials))
            try:
                _predict(predictor, images, names, folder.examples)
                known = search_crf_parameters(folder.examples, spec, known=known, on_trials=folder.record, **options)
            except KeyboardInterrupt as error:
                if output is None:
                    raise
                kept = f"Interrupted. {shown(path)} keeps what was tried; the same search goes on from there."
                raise Interruption(kept, getattr(error, "number", signal.SIGINT)) from error
        folder.finish(known)
        return known


def _changed(opening: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `open_predictor` that are not at their defaults."""
    usual = inspect.signature(open_predictor).parameters
    return {name: value for name, value in opening.items() if value != usual[name].default}


def _drawn(images: Iterable, count: int, predictor: Predictor) -> tuple[dict[int, str], list[int], np.ndarray]:
    """Which images to take, by number and name; their checksums; and how the network sees the first of all."""
    names, sums, looks = [], [], np.zeros(0)
    for number, item in enumerate(items(images)):
        name = name_of(item, number + 1)
        image, labels = image_and_labels(item, name)
        if not names:
            looks = predictor.probabilities(image).mean((0, 1))
        names.append(name)
        sums.append(zlib.crc32(np.ascontiguousarray(labels).data, zlib.crc32(np.ascontiguousarray(image).data)))
    if not names:
        raise ValueError("There is no image to search on. Give a split that has some.")
    taken = [(2 * index + 1) * len(names) // (2 * min(count, len(names))) for index in range(min(count, len(names)))]
    return {index: names[index] for index in taken}, [sums[index] for index in taken], looks


def _predict(predictor: Predictor, images: Iterable, names: Mapping[int, str], examples: StoredExamples) -> None:
    """Stores the examples that are not there yet."""
    numbers = {index: number for number, index in enumerate(names) if not examples.has(number)}
    if not numbers:
        return
    wanted = ((index, item) for index, item in enumerate(items(images)) if index in numbers)
    for index, item in track(wanted, len(numbers), "predict"):
        image, labels = image_and_labels(item, names[index])
        examples.write(numbers[index], Example(image, predictor.probabilities(image), labels))
