"""The classes that can be best somewhere: the others need not be enlarged."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

# Interpolation rounds: the share of the largest score by which a class must be behind to be left out.
ROUNDING = 1e-5


def candidate_classes(scores: tf.Tensor, *, between_pixels: bool = False) -> tf.Tensor:
    """The classes that can be best anywhere after scores were enlarged bilinearly, ascending.

    Between four neighbours a class lies between its least and its largest score of theirs. So one whose largest is
    below another's least, in every such cell, is nowhere the best.

    Args:
        scores: float `[B, h, w, C]`.
        between_pixels: The enlarged scores are interpolated once more, which mixes those of adjoining cells.

    Returns:
        int32 `[K]`, 1 <= K <= C; all classes where scores are not numbers.

    Example:
        >>> candidate_classes(tf.constant([[[[0.0, 5.0, 1.0], [0.0, 2.0, 4.0]]]])).numpy()
        array([1, 2], dtype=int32)
    """
    most, least = scores, scores
    for _ in range(2 if between_pixels else 1):
        most, least = _over_neighbours(tf.maximum, most), _over_neighbours(tf.minimum, least)
    bar = tf.reduce_max(least, -1, keepdims=True) - ROUNDING * tf.reduce_max(tf.abs(scores))
    # Not `most >= bar`, which no score satisfies where one is not a number.
    possible = tf.reduce_any(tf.logical_not(most < bar), [0, 1, 2])
    return tf.cast(tf.where(possible)[:, 0], tf.int32)


def labels_among_candidates(
    scores: tf.Tensor, labels: Callable[[tf.Tensor], tf.Tensor], *, between_pixels: bool = False
) -> tf.Tensor:
    """Labels that are made from the scores of candidate classes only; the same ones, for less work.

    Args:
        scores: float `[B, h, w, C]`.
        labels: Makes labels, int32 of any shape, of the candidates' scores, `[B, h, w, K]`.
        between_pixels: As for `candidate_classes`.

    Returns:
        int32, of the shape that `labels` gives.
    """
    classes = candidate_classes(scores, between_pixels=between_pixels)
    return tf.gather(classes, labels(tf.gather(scores, classes, axis=-1)))


def _over_neighbours(pick: Callable, scores: tf.Tensor) -> tf.Tensor:
    """`pick` over every pixel, its right, its lower and its lower right neighbour, as far as there are any."""
    scores = pick(scores, tf.concat([scores[:, 1:], scores[:, -1:]], 1))
    return pick(scores, tf.concat([scores[:, :, 1:], scores[:, :, -1:]], 2))
