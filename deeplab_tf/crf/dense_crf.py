"""The fully connected CRF of DeepLab v1 and v2, which moves the edges of a segmentation onto those of the image."""

from __future__ import annotations

import concurrent.futures
import os
from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np

from deeplab_tf.crf.mean_field import refine_in_tensorflow
from deeplab_tf.crf.parameters import CRFParameters, crf_parameters
from deeplab_tf.crf.pydensecrf2 import pydensecrf2, refine_with_pydensecrf2

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
        engine: `"tensorflow"`, on all cores; `"pydensecrf2"`, which the extra `crf` installs, on one core; `"auto"`
            takes pydensecrf2 where it is installed. Where it is missing or broken, TensorFlow serves and a warning
            names the extra.

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
        if isinstance(iterations, bool) or not isinstance(iterations, int | np.integer) or iterations < 1:
            raise ValueError(f"The iterations of a dense CRF must be a whole number above 0; received {iterations!r}.")
        if engine not in ENGINES:
            raise ValueError(f"The engine of a dense CRF must be one of {', '.join(ENGINES)}; received {engine!r}.")
        self.parameters = crf_parameters(parameters)
        self.iterations = int(iterations)
        self.engine = "tensorflow" if engine == "tensorflow" or pydensecrf2() is None else "pydensecrf2"

    def refine(self, image: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        """Refined probabilities of one image; any size and number of classes.

        Args:
            image: RGB, uint8 `[H, W, 3]`, at the size that it was labelled at.
            probabilities: Float `[H, W, classes]`, sums of 1.

        Returns:
            float32 `[H, W, classes]`, sums of 1; with one class, what was given.

        Raises:
            ValueError: If the arrays do not fit, or the values are not probabilities.
        """
        image, probabilities = np.asarray(image), np.asarray(probabilities)
        _check(image, probabilities)
        if probabilities.shape[-1] == 1:
            return probabilities.astype(np.float32)
        unary = np.log(np.clip(probabilities, LEAST_PROBABILITY, 1, dtype=np.float32))
        engine = refine_in_tensorflow if self.engine == "tensorflow" else refine_with_pydensecrf2
        return engine(image, unary, self.parameters, self.iterations)

    def refine_all(
        self, pairs: Iterable[tuple[np.ndarray, np.ndarray]], *, workers: int | None = None
    ) -> Iterator[np.ndarray]:
        """Refined probabilities of many images, several at a time.

        Args:
            pairs: Images and probabilities, as for `refine`; taken as they are needed, so that few are in memory.
            workers: Images at a time; one per core when left out.

        Yields:
            What `refine` returns, in the order of the pairs.
        """
        workers = workers or len(os.sched_getaffinity(0))
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            waiting = []
            for image, probabilities in pairs:
                waiting.append(pool.submit(self.refine, image, probabilities))
                if len(waiting) > workers:
                    yield waiting.pop(0).result()
            while waiting:
                yield waiting.pop(0).result()

    def __repr__(self):
        return f"DenseCRF({self.parameters}, iterations={self.iterations}, engine={self.engine!r})"


def _check(image: np.ndarray, probabilities: np.ndarray) -> None:
    if image.ndim != 3 or image.shape[-1] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(
            f"The dense CRF takes an RGB image, uint8 [H, W, 3]; received {image.dtype} {list(image.shape)}."
        )
    if probabilities.ndim != 3 or not probabilities.shape[-1] or probabilities.dtype.kind != "f":
        raise ValueError(
            "The dense CRF takes float probabilities [H, W, classes]; "
            f"received {probabilities.dtype} {list(probabilities.shape)}."
        )
    if probabilities.shape[:2] != image.shape[:2]:
        (height, width), (other_height, other_width) = image.shape[:2], probabilities.shape[:2]
        raise ValueError(
            f"The image has {height}x{width} pixels and the probabilities {other_height}x{other_width}: enlarge the "
            "probabilities to the image's size first, as Segmenter does."
        )
    # NaN fails every comparison.
    if not (probabilities.min() >= -SUM_TOLERANCE and probabilities.max() <= 1 + SUM_TOLERANCE):
        raise ValueError(
            f"Probabilities must be from 0 to 1; received {probabilities.min()} to {probabilities.max()}. "
            "Take the softmax of logits first; NaN comes from a network whose training diverged."
        )
    sums = probabilities.sum(-1, dtype=np.float32)
    worst = float(sums.flat[np.abs(sums - 1).argmax()])
    if abs(worst - 1) > SUM_TOLERANCE:
        raise ValueError(f"The probabilities of a pixel must sum to 1; received a sum of {worst:.4g}.")
