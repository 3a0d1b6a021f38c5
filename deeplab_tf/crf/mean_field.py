"""Mean field of the dense CRF in TensorFlow (Kraehenbuehl and Koltun, 2011), which runs on all cores."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from deeplab_tf.crf.lattice import Lattice, compiled_lattice, keys_fit, lattice
from deeplab_tf.crf.parameters import CRFParameters

# A class whose first message changes no pixel's log-probability by more than this takes no further part. A message is
# linear in the class's probabilities, which by then can only have fallen or grown by as little.
NEGLIGIBLE = 0.005
# Floats of the marginals of several weights at once: 128 MB, of which a few copies exist.
VALUES_AT_ONCE = 2**25


def batch_kernels(images: tf.Tensor, parameters: CRFParameters) -> tuple[Lattice, Lattice]:
    """The bilateral and the spatial filter of images, for their pixels in one row.

    Args:
        images: RGB, 0-255, uint8 or float `[B, H, W, 3]`.
        parameters: Widths and normalisation; the weights are not used.

    Returns:
        The two filters of `B * H * W` points.

    Raises:
        ValueError: If the kernels are too narrow; of a size that is not known yet, for any image at all.
    """
    _check_widths(*(side or 1 for side in images.shape[1:3]), parameters)
    batch, height, width = tf.unstack(tf.shape(images)[:3])
    places = tf.tile(_places(height, width), [batch, 1])
    groups = tf.repeat(tf.range(batch), height * width)
    return tuple(
        lattice(points, groups, normalization=parameters.normalization)
        for points in (_bilateral(images, places, parameters), places / parameters.sigma_gamma)
    )


def image_kernels(image: np.ndarray, parameters: CRFParameters) -> tuple[Lattice, Lattice]:
    """As `batch_kernels`, of one image `[H, W, 3]`. The spatial filter depends on its size alone and is kept.

    Raises:
        ValueError: If the kernels are too narrow.
    """
    height, width = image.shape[:2]
    _check_widths(height, width, parameters)
    places = _places(height, width)
    made = compiled_lattice(5, parameters.normalization)(_bilateral(tf.constant(image), places, parameters))
    return made, _spatial_kernel(height, width, parameters.sigma_gamma, parameters.normalization)


def _check_widths(height: int, width: int, parameters: CRFParameters) -> None:
    ranges = [width / parameters.sigma_alpha, height / parameters.sigma_alpha, *[255 / parameters.sigma_beta] * 3]
    if not (keys_fit(ranges) and keys_fit([max(height, width) / parameters.sigma_gamma] * 2)):
        raise ValueError(
            f"The kernels of {parameters} are too narrow for an image of {height}x{width} pixels. Widen sigma_alpha, "
            "sigma_beta or sigma_gamma; below 0.5 a kernel does nothing."
        )


@functools.lru_cache(maxsize=8)
def _spatial_kernel(height: int, width: int, sigma: float, normalization: str) -> Lattice:
    return compiled_lattice(2, normalization)(_places(height, width) / sigma)


def _places(height, width) -> tf.Tensor:
    rows, columns = tf.meshgrid(tf.range(height), tf.range(width), indexing="ij")
    return tf.cast(tf.reshape(tf.stack([columns, rows], -1), [-1, 2]), tf.float32)


def _bilateral(images: tf.Tensor, places: tf.Tensor, parameters: CRFParameters) -> tf.Tensor:
    colours = tf.cast(tf.reshape(images, [-1, 3]), tf.float32)
    return tf.concat([places / parameters.sigma_alpha, colours / parameters.sigma_beta], 1)


def refined_logits(
    unary: tf.Tensor,
    kernels: tuple[Lattice, ...],
    weights: tuple,
    iterations: int,
    start: tf.Tensor | None = None,
    sets: int = 1,
) -> tf.Tensor:
    """The logits after some iterations; their softmax are the marginals. Differentiable in `unary` and `weights`.

    Args:
        unary: float32 `[N, sets * classes]`, log-probabilities or logits.
        kernels: Filters of N points.
        weights: What each kernel's output is multiplied by, as `Lattice` takes it.
        iterations: At least 0.
        start: The logits to go on from; `unary` when left out.
        sets: How many sets of classes stand side by side, each with weights of its own.

    Returns:
        float32, of the same shape.
    """
    logits = unary if start is None else start
    for _ in range(iterations):
        marginals = _marginals(logits, sets)
        logits = tf.add_n([unary, *(kernel(marginals, weight) for kernel, weight in zip(kernels, weights))])
    return logits


def _marginals(logits: tf.Tensor, sets: int) -> tf.Tensor:
    if sets == 1:
        return tf.nn.softmax(logits)
    return tf.reshape(tf.nn.softmax(tf.reshape(logits, [len(logits), sets, -1])), logits.shape)


def refine_in_tensorflow(
    image: np.ndarray,
    probabilities: np.ndarray,
    parameters: CRFParameters,
    iterations: int,
    bilateral_weights: Sequence[float],
) -> Iterator[np.ndarray]:
    """Marginals of one image, for several weights of the bilateral kernel.

    The lattices and the first filtering are the same for all weights, and the sparse products of several weights at
    once take less time than one after the other: six weights take about twice the time of one.

    The iterations run operation by operation: inside a `tf.function` TensorFlow 2.21 takes three times as long for the
    same sparse products.

    Args:
        image: RGB, uint8 `[H, W, 3]`.
        probabilities: float32 `[H, W, classes]`, above 0.
        parameters: The CRF's, without the weight of the bilateral kernel.
        iterations: At least 1.
        bilateral_weights: The weights of the bilateral kernel.

    Yields:
        float32 `[H, W, classes]`, for each weight.
    """
    flat = probabilities.reshape(-1, probabilities.shape[-1])
    unary = tf.math.log(flat)
    kernels = image_kernels(image, parameters)
    alike, near = (kernel(tf.nn.softmax(unary), 1.0).numpy() for kernel in kernels)
    near *= parameters.spatial_weight
    absent = (max(bilateral_weights) * alike + near).max(0) <= NEGLIGIBLE
    if absent.sum() < 2:
        absent[:] = False
    # Most images hold few of the classes. The others become one column that receives no message, and share out what it
    # ends with as they shared it at the start.
    rest = (flat @ absent.astype(np.float32))[:, None]
    columns = [flat[:, ~absent], *([rest] if absent.any() else [])]
    unary = np.log(np.concatenate(columns, 1))
    pad = ((0, 0), (0, unary.shape[1] - alike[:, ~absent].shape[1]))
    alike, near = (np.pad(message[:, ~absent], pad) for message in (alike, near))
    heard = np.append(np.ones(len(absent) - absent.sum(), np.float32), np.zeros(pad[1][1], np.float32))
    together = max(1, VALUES_AT_ONCE // unary.size)
    for first in range(0, len(bilateral_weights), together):
        chosen = np.array(bilateral_weights[first : first + together], np.float32)
        sets = len(chosen)
        start = np.concatenate([unary + weight * alike + near for weight in chosen], 1)
        weights = (
            np.repeat(chosen, unary.shape[1]) * np.tile(heard, sets),
            parameters.spatial_weight * np.tile(heard, sets),
        )
        last = refined_logits(
            tf.constant(np.tile(unary, sets)), kernels, weights, iterations - 1, tf.constant(start), sets
        )
        for marginals in np.split(_marginals(last, sets).numpy(), sets, 1):
            if absent.any():
                refined = flat * (marginals[:, -1:] / rest)
                refined[:, ~absent] = marginals[:, :-1]
            else:
                refined = marginals
            yield np.ascontiguousarray(refined).reshape(probabilities.shape)
