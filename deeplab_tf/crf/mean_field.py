"""Mean field of the dense CRF in TensorFlow (Kraehenbuehl and Koltun, 2011), which runs on all cores."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from deeplab_tf.crf.lattice import Lattice, lattice
from deeplab_tf.crf.parameters import CRFParameters

# A class whose message changes no pixel's log-probability by more than this takes no further part. A message is linear
# in the class's probabilities, so it stays below; what it could have changed in a probability is at most a quarter.
NEGLIGIBLE = 0.01


def image_kernels(images: tf.Tensor, parameters: CRFParameters) -> tuple[Lattice, Lattice]:
    """The bilateral and the spatial filter of images, for their pixels in one row.

    Args:
        images: RGB, 0-255, uint8 or float `[B, H, W, 3]`.
        parameters: Widths and normalisation; the weights are not used.

    Returns:
        The two filters of `B * H * W` points.
    """
    batch, height, width = tf.unstack(tf.shape(images)[:3])
    groups, rows, columns = (
        tf.reshape(part, [-1])
        for part in tf.meshgrid(tf.range(batch), tf.range(height), tf.range(width), indexing="ij")
    )
    places = tf.cast(tf.stack([columns, rows], 1), tf.float32)
    colours = tf.cast(tf.reshape(images, [-1, 3]), tf.float32)
    bilateral = tf.concat([places / parameters.sigma_alpha, colours / parameters.sigma_beta], 1)
    return tuple(
        lattice(points, groups, normalization=parameters.normalization)
        for points in (bilateral, places / parameters.sigma_gamma)
    )


def refined_logits(
    unary: tf.Tensor, kernels: tuple[Lattice, ...], weights: tuple, iterations: int, start: tf.Tensor | None = None
) -> tf.Tensor:
    """The logits after some iterations; their softmax are the marginals. Differentiable in `unary` and `weights`.

    Args:
        unary: float32 `[N, classes]`, log-probabilities or logits.
        kernels: Filters of N points.
        weights: What each kernel's output is multiplied by, as `Lattice` takes it.
        iterations: At least 0.
        start: The logits to go on from; `unary` when left out.

    Returns:
        float32 `[N, classes]`.
    """
    logits = unary if start is None else start
    for _ in range(iterations):
        marginals = tf.nn.softmax(logits)
        logits = tf.add_n([unary, *(kernel(marginals, weight) for kernel, weight in zip(kernels, weights))])
    return logits


def refine_in_tensorflow(
    image: np.ndarray, unary: np.ndarray, parameters: CRFParameters, iterations: int
) -> np.ndarray:
    """Marginals of one image.

    Runs operation by operation: inside a `tf.function` TensorFlow 2.21 takes three times as long for the same sparse
    products.

    Args:
        image: RGB, uint8 `[H, W, 3]`.
        unary: float32 `[H, W, classes]`, log-probabilities.
        parameters: The CRF's.
        iterations: At least 1.

    Returns:
        float32 `[H, W, classes]`.
    """
    logits = unary.reshape(-1, unary.shape[-1])
    kernels = image_kernels(image[None], parameters)
    weights = (parameters.bilateral_weight, parameters.spatial_weight)
    first = refined_logits(tf.constant(logits), kernels, weights, 1).numpy()
    taking_part = (first - logits).max(0) > NEGLIGIBLE
    if (~taking_part).sum() < 2:
        last = refined_logits(tf.constant(logits), kernels, weights, iterations - 1, tf.constant(first))
        return tf.nn.softmax(last).numpy().reshape(unary.shape)
    # Most images hold few of the classes. The others become one column that receives no message, and share out what it
    # ends with as they share it at the start.
    others = logits[:, ~taking_part]
    together = tf.reduce_logsumexp(others, 1, keepdims=True)
    reduced = tf.concat([logits[:, taking_part], together], 1)
    start = tf.concat([first[:, taking_part], together], 1)
    part = tf.constant([1.0] * taking_part.sum() + [0.0])
    last = refined_logits(reduced, kernels, tuple(weight * part for weight in weights), iterations - 1, start)
    marginals = tf.nn.softmax(last).numpy()
    refined = np.empty_like(logits)
    refined[:, taking_part] = marginals[:, :-1]
    refined[:, ~taking_part] = marginals[:, -1:] * np.exp(others - together.numpy())
    return refined.reshape(unary.shape)
