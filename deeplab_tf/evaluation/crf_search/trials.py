"""The search itself: mean IoU of the parameters of a grid, coarse to fine."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized

import numpy as np

from deeplab_tf.checks import expect
from deeplab_tf.crf import CRFParameters, DenseCRF
from deeplab_tf.datasets.records.parallel import ordered_map, worker_count
from deeplab_tf.evaluation.crf_search.examples import Example
from deeplab_tf.evaluation.crf_search.grid import CRFGrid, coarse_to_fine, most_places
from deeplab_tf.evaluation.crf_search.result import CRFSearch, CRFTrial
from deeplab_tf.evaluation.items import nothing_labelled
from deeplab_tf.evaluation.metrics import ConfusionMatrix
from deeplab_tf.labels import LabelSpec, label_spec
from deeplab_tf.progress import Progress

ITERATIONS = 10
# As `save_trials` writes fractions.
PLACES = 6


def search_crf_parameters(
    examples: Sequence[Example | tuple],
    labels: LabelSpec | Mapping | str | int | None = None,
    *,
    grid: CRFGrid | None = None,
    iterations: int = ITERATIONS,
    workers: int | None = None,
    known: CRFSearch | None = None,
    on_trials: Callable[[CRFSearch], None] | None = None,
) -> CRFSearch:
    """Searches the dense CRF that gives the highest mean IoU, coarse to fine, with the spatial kernel fixed.

    The first stage takes both ends and the middle of `sigma_alphas` and of `sigma_betas`, each further one their
    neighbours at half the distance around the best so far, down to neighbouring values (v1 paper, section 4). All
    weights are tried with each: the lattice of an image depends on the widths alone and is built once for them.

    Args:
        examples: A list of images, probabilities and labels, as `Example` has them, or another sequence, such as one
            that reads files; each is asked for again and again.
        labels: What the label ids mean; when left out, one id for each class of the probabilities, and 255 to ignore.
        grid: The parameters to choose from.
        iterations: Of mean field, as for `DenseCRF`.
        workers: Images at a time; one per core when left out.
        known: What an earlier search of the same found, whose trials are not made again.
        on_trials: Called after each pair of widths with what was found so far.

    Returns:
        All trials and the best.

    Raises:
        ValueError: If `examples` has no length, there is no example or no labelled pixel, an example's arrays do not
            fit, or the numbers of classes differ.

    Example:
        >>> random = np.random.default_rng(0)
        >>> labels = random.integers(0, 2, (8, 8))
        >>> examples = [Example(np.zeros((8, 8, 3), np.uint8), np.eye(2)[labels] * 0.6 + 0.2, labels)]
        >>> search_crf_parameters(examples, grid=CRFGrid((1, 4), (30, 60), (3,)), iterations=2).pays
        False
    """
    expected = "a list, or whatever has a length and gives each example again and again"
    expect(isinstance(examples, Sized), "examples", type(examples).__name__, expected, "Try list(examples).")
    expect(len(examples) > 0, "examples", len(examples), "one or more", "Give images with masks.")
    classes = np.shape(examples[0][1])[-1]
    spec = label_spec(classes if labels is None else labels)
    if spec.classes != classes:
        raise ValueError(f"The probabilities have {classes} classes, the labels {spec.classes} ({spec.name}).")
    grid, workers = CRFGrid() if grid is None else grid, worker_count(workers)
    weights = grid.bilateral_weights
    tried = {} if known is None else {trial.parameters: trial for trial in known.trials}
    without = (
        _mious(spec, (([one[1].argmax(-1)], one[2]) for one in examples), 1)[0] if known is None else known.without
    )
    left = most_places(grid.counts) - len(tried) // len(weights)
    with contextlib.closing(Progress(max(1, left) * len(examples), "search", "refinement")) as progress:
        while (missing := _next(grid, tried)) is not None:
            stage, place = missing
            sets = [grid.parameters(weight, place) for weight in weights]
            crf = DenseCRF(sets[0], iterations=iterations, engine="tensorflow")
            mious = _mious(spec, _predictions(crf, weights, examples, classes, workers, progress), len(sets))
            tried |= {one: CRFTrial(stage, one, miou) for one, miou in zip(sets, mious)}
            if on_trials is not None:
                on_trials(CRFSearch(without, tuple(tried.values()), len(examples), iterations))
    return CRFSearch(without, tuple(tried.values()), len(examples), iterations)


def is_finished(grid: CRFGrid, found: CRFSearch) -> bool:
    """Whether a search has nothing left to try."""
    return _next(grid, {trial.parameters: trial for trial in found.trials}) is None


def _next(grid: CRFGrid, tried: Mapping[CRFParameters, CRFTrial]) -> tuple[int, tuple[int, ...]] | None:
    """The first pair of widths that a search comes to and that was not tried, and its stage; None at the end."""

    def score(place: tuple[int, ...]) -> float:
        return max(tried[grid.parameters(weight, place)].miou for weight in grid.bilateral_weights)

    for stage, places in enumerate(coarse_to_fine(grid.counts, score), 1):
        for place in places:
            if not all(grid.parameters(weight, place) in tried for weight in grid.bilateral_weights):
                return stage, place
    return None


def _predictions(
    crf: DenseCRF, weights: Sequence[float], examples: Sequence, classes: int, workers: int, progress: Progress
) -> Iterator[tuple[list[np.ndarray], np.ndarray]]:
    """For each example what is predicted with each weight, and the truth."""

    def refined(index: int) -> tuple[list[np.ndarray], np.ndarray]:
        image, probabilities, labels = examples[index]
        found = np.shape(probabilities)[-1]
        if found != classes:
            raise ValueError(f"image {index + 1}: the probabilities have {found} classes, those of image 1 {classes}.")
        return [one.argmax(-1) for one in crf.refine_by_weight(image, probabilities, weights)], labels

    for result in ordered_map(refined, range(len(examples)), workers):
        yield result
        progress.step()


def _mious(spec: LabelSpec, results: Iterable[tuple[Sequence[np.ndarray], np.ndarray]], count: int) -> list[float]:
    """Mean IoU of each of some predictions for the same images, to the places that a file has."""
    matrices = [ConfusionMatrix(spec.classes, spec.ignore_label) for _ in range(count)]
    number = 0
    for number, (predictions, labels) in enumerate(results, 1):
        for matrix, prediction in zip(matrices, predictions):
            matrix.update(labels, prediction, f"image {number}")
    mious = [round(matrix.miou, PLACES) for matrix in matrices]
    if not all(math.isfinite(miou) for miou in mious):
        raise nothing_labelled(number, spec)
    return mious
