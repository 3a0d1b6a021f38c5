"""The fully connected CRF of DeepLab v1 and v2, which moves the edges of a segmentation onto those of the image."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import numpy as np

from deeplab_tf.checks import expect, one_of, whole
from deeplab_tf.crf.mean_field import refine_in_tensorflow
from deeplab_tf.crf.parameters import CRFParameters, crf_parameters
from deeplab_tf.crf.pydensecrf2 import pydensecrf2, refine_with_pydensecrf2
from deeplab_tf.datasets.records.parallel import ordered_map, worker_count

ENGINES = ("auto", "tensorflow", "pydensecrf2")
# As pydensecrf's unary_from_softmax: no class is impossible.
LEAST_PROBABILITY = 1e-5
# What sums of 8-bit and half-precision probabilities are off by.
SUM_TOLERANCE = 0.01


class DenseCRF:
    """Refines class probabilities by the image, by mean field in a dense CRF (v1 paper, section 2.2).

    Every pixel sees every other one: alike in position and colour they pull each other to the same class. Both engines
    filter by the same approximation of the kernels, the permutohedral lattice, and give the same probabilities up to
    rounding.

    Args:
        parameters: A name in `CRF_PARAMETERS`, five numbers in a text, or `CRFParameters`; see `crf_parameters`.
        iterations: Of mean field; the papers take 10.
        engine: `"tensorflow"`, on all cores, which `"auto"` takes; or `"pydensecrf2"`, which the extra `crf` installs,
            on one core. Where that is missing or broken, TensorFlow serves and a warning names the extra.

    Attributes:
        parameters: `CRFParameters`.
        iterations: As given.
        engine: The engine that serves, `"tensorflow"` or `"pydensecrf2"`.

    Raises:
        ValueError: If a parameter, the number of iterations or the engine is not possible.

    Example:
        >>> image = np.zeros((4, 6, 3), np.uint8)
        >>> DenseCRF("v2_resnet_101", engine="tensorflow").refine(image, np.full((4, 6, 2), 0.5)).shape
        (4, 6, 2)
    """

    def __init__(
        self,
        parameters: str | CRFParameters = "v2_resnet_101",
        *,
        iterations: int = 10,
        engine: Literal["auto", "tensorflow", "pydensecrf2"] = "auto",
    ):
        self.iterations = whole("iterations", iterations, remedy="The papers take 10.")
        engine = one_of("engine", engine, ENGINES)
        self.parameters = crf_parameters(parameters)
        self.engine = "pydensecrf2" if engine == "pydensecrf2" and pydensecrf2() is not None else "tensorflow"

    def refine(self, image: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        """Refined probabilities of one image; any size and number of classes.

        Args:
            image: RGB, uint8 `[H, W, 3]`, at the size that it was labelled at.
            probabilities: Float `[H, W, classes]`, sums of 1.

        Returns:
            float32 `[H, W, classes]`, sums of 1; with one class, what was given.

        Raises:
            ValueError: If the arrays do not fit, the values are not probabilities, or the kernels are far too narrow.
        """
        return next(self.refine_by_weight(image, probabilities, [self.parameters.bilateral_weight]))

    def refine_by_weight(
        self, image: np.ndarray, probabilities: np.ndarray, bilateral_weights: Sequence[float]
    ) -> Iterator[np.ndarray]:
        """Refined probabilities of one image for several weights of the bilateral kernel, in place of the CRF's own.

        In TensorFlow this takes far less time than a CRF for each weight.

        Args:
            image: As for `refine`.
            probabilities: As for `refine`.
            bilateral_weights: The weights, above 0.

        Yields:
            What `refine` returns, for each weight.

        Raises:
            ValueError: As `refine`, and if a weight is not above 0.
        """
        image, probabilities = np.asarray(image), np.asarray(probabilities)
        _check(image, probabilities)
        sets = [dataclasses.replace(self.parameters, bilateral_weight=weight) for weight in bilateral_weights]
        if probabilities.shape[-1] == 1:
            yield from (probabilities.astype(np.float32) for _ in sets)
            return
        possible = np.clip(probabilities, LEAST_PROBABILITY, 1, dtype=np.float32)
        if self.engine == "pydensecrf2":
            yield from (refine_with_pydensecrf2(image, possible, one, self.iterations) for one in sets)
            return
        weights = [one.bilateral_weight for one in sets]
        yield from refine_in_tensorflow(image, possible, self.parameters, self.iterations, weights)

    def refine_all(
        self, pairs: Iterable[tuple[np.ndarray, np.ndarray]], *, workers: int | None = None
    ) -> Iterator[np.ndarray]:
        """Refined probabilities of many images, several at a time.

        Args:
            pairs: Images and probabilities, as for `refine`; taken as they are needed, so that few are in memory.
            workers: Images at a time; one per core when left out.

        Yields:
            What `refine` returns, in the order of the pairs.

        Raises:
            ValueError: As `refine`, and if the number of workers is not above 0.
        """
        yield from ordered_map(lambda pair: self.refine(*pair), pairs, worker_count(workers))

    def __repr__(self):
        return f"DenseCRF({self.parameters}, iterations={self.iterations}, engine={self.engine!r})"


def _check(image: np.ndarray, probabilities: np.ndarray) -> None:
    valid = image.ndim == 3 and image.shape[-1] == 3 and image.dtype == np.uint8 and image.size > 0
    expect(valid, "image", _kind(image), "RGB, uint8 [H, W, 3]", "Round other numbers to 0-255.")
    valid = probabilities.ndim == 3 and probabilities.shape[-1] > 0 and probabilities.dtype.kind == "f"
    expect(valid, "probabilities", _kind(probabilities), "float [H, W, classes]", "Give the softmax of the scores.")
    if probabilities.shape[:2] != image.shape[:2]:
        (height, width), (other_height, other_width) = image.shape[:2], probabilities.shape[:2]
        raise ValueError(
            f"The image has {height}x{width} pixels and the probabilities {other_height}x{other_width}. Enlarge the "
            "probabilities to the image's size first, as the predictors' `probabilities` does."
        )
    low, high = float(probabilities.min()), float(probabilities.max())
    # NaN fails every comparison.
    valid = low >= -SUM_TOLERANCE and high <= 1 + SUM_TOLERANCE
    remedy = "Give the softmax of the scores; NaN comes from a network whose training diverged."
    expect(valid, "probabilities", f"{low:.4g} to {high:.4g}", "from 0 to 1", remedy)
    classes = probabilities.shape[-1]
    sums = probabilities.astype(np.float32, copy=False) @ np.ones(classes, np.float32)
    worst = float(sums.flat[np.abs(sums - 1).argmax()])
    valid = abs(worst - 1) <= SUM_TOLERANCE
    expect(valid, "The sum of a pixel's probabilities", worst, "1", "Give the softmax of the scores.")


def _kind(array: np.ndarray) -> str:
    return f"{array.dtype} {list(array.shape)}"
