"""Scores of a small image at the size of the large one: labels or probabilities, in strips that bound the memory."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

# Values (pixels x classes) of a strip; about six times as many floats are held at once.
STRIP_VALUES = 1 << 22


def enlarged_labels(scores: tf.Tensor, size) -> tf.Tensor:
    """The best class of every pixel after scores were enlarged bilinearly, in strips that bound the memory.

    A class that is best at all four neighbours of a pixel is best there too, so only pixels between neighbours of
    different classes are interpolated.

    Args:
        scores: float `[B, h, w, C]`.
        size: (height, width).

    Returns:
        int32 `[B, height, width]`: the arg max of the enlarged scores, which themselves never exist as a whole.
    """
    height, width = size
    have_rows, have_columns, classes = tf.unstack(tf.shape(scores)[1:])
    x0, x1, fx = _taps(tf.range(width), have_columns, width)

    def image(scores):
        best = tf.argmax(scores, -1, output_type=tf.int32)
        down = tf.concat([best[1:], best[-1:]], 0)
        same = best == down
        right = tf.concat([same[:, 1:] & (best[:, 1:] == best[:, :-1]), same[:, -1:]], 1)
        cells = tf.where(same & right, best, -1)
        flat = tf.reshape(scores, (-1, classes))

        def strip(rows):
            y0, y1, fy = _taps(rows, have_rows, height)
            labels = tf.gather(tf.gather(cells, y0), x0, axis=1)
            open_pixels = tf.where(labels < 0)
            row, column = open_pixels[:, 0], open_pixels[:, 1]
            top, bottom = tf.gather(y0, row) * have_columns, tf.gather(y1, row) * have_columns
            left, right = tf.gather(x0, column), tf.gather(x1, column)
            across, along = tf.gather(fx, column)[:, None], tf.gather(fy, row)[:, None]
            upper = _between(tf.gather(flat, top + left), tf.gather(flat, top + right), across)
            lower = _between(tf.gather(flat, bottom + left), tf.gather(flat, bottom + right), across)
            found = tf.argmax(_between(upper, lower, along), -1, output_type=tf.int32)
            return tf.tensor_scatter_nd_update(labels, open_pixels, found)

        return _in_strips(strip, height, width * classes, tf.int32, (None, None))

    return tf.map_fn(image, scores, fn_output_signature=tf.TensorSpec((None, None), tf.int32))


def enlarged_probabilities(scores: tf.Tensor, size) -> tf.Tensor:
    """Softmax of bilinearly enlarged scores; twice the result's memory is needed for a moment.

    Args:
        scores: float32 `[B, h, w, C]`.
        size: (height, width).

    Returns:
        float32 `[B, height, width, C]`.
    """
    height, width = size
    classes = scores.shape[-1]

    def image(scores):
        def strip(rows):
            return tf.nn.softmax(enlarged_rows(scores, size, rows))

        return _in_strips(strip, height, width * classes, tf.float32, (None, None, classes))

    return tf.map_fn(image, scores, fn_output_signature=tf.TensorSpec((None, None, classes), tf.float32))


def enlarged_rows(scores: tf.Tensor, size, rows: tf.Tensor) -> tf.Tensor:
    """Some rows of the bilinearly enlarged scores.

    Args:
        scores: float `[h, w, C]`.
        size: (height, width) of the whole.
        rows: int32 `[n]`, which rows.

    Returns:
        float `[n, width, C]`.
    """
    height, width = size
    y0, y1, fy = _taps(rows, tf.shape(scores)[0], height)
    x0, x1, fx = _taps(tf.range(width), tf.shape(scores)[1], width)
    mixed = _between(tf.gather(scores, y0), tf.gather(scores, y1), fy[:, None, None])
    return _between(tf.gather(mixed, x0, axis=1), tf.gather(mixed, x1, axis=1), fx[None, :, None])


def _taps(positions: tf.Tensor, have, wanted) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The two neighbours of enlarged positions and the weight of the second; pixel centres lie at halves."""
    scale = tf.cast(have, tf.float32) / tf.cast(wanted, tf.float32)
    last = tf.cast(have - 1, tf.float32)
    source = tf.clip_by_value((tf.cast(positions, tf.float32) + 0.5) * scale - 0.5, 0.0, last)
    first = tf.cast(source, tf.int32)
    return first, tf.minimum(first + 1, have - 1), source - tf.cast(first, tf.float32)


def _between(first: tf.Tensor, second: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    return first + (second - first) * weight


def _in_strips(strip: Callable, height, row_values, dtype: tf.DType, shape: tuple) -> tf.Tensor:
    """`strip(rows)` for all rows of an image, a few at a time, joined."""
    height = tf.convert_to_tensor(height)
    rows = tf.clip_by_value(STRIP_VALUES // row_values, 1, height)
    count = (height + rows - 1) // rows
    parts = tf.TensorArray(dtype, count, infer_shape=False, element_shape=shape)

    def body(index, parts):
        start = index * rows
        return index + 1, parts.write(index, strip(tf.range(start, tf.minimum(start + rows, height))))

    _, parts = tf.while_loop(lambda index, _: index < count, body, (0, parts), parallel_iterations=1)
    return parts.concat()


def probabilities_at(scores: np.ndarray | tf.Tensor, size: tuple[int, int]) -> np.ndarray:
    """`enlarged_probabilities` of one image as an array, without a second copy of the result.

    Args:
        scores: float32 `[h, w, C]`.
        size: (height, width).

    Returns:
        float32 `[height, width, C]`.
    """
    height, width = size
    scores = tf.convert_to_tensor(scores)
    probabilities = np.empty((height, width, scores.shape[-1]), np.float32)
    rows = max(1, STRIP_VALUES // (width * scores.shape[-1]))
    for start in range(0, height, rows):
        chosen = tf.range(start, min(start + rows, height))
        probabilities[start : start + rows] = _softmax_of_rows()(scores, tf.constant(size), chosen)
    return probabilities


@functools.cache
def _softmax_of_rows() -> Callable:
    scores = tf.TensorSpec((None, None, None), tf.float32)
    size, rows = tf.TensorSpec((2,), tf.int32), tf.TensorSpec((None,), tf.int32)

    @tf.function(input_signature=[scores, size, rows], autograph=False)
    def softmax(scores, size, rows):
        return tf.nn.softmax(enlarged_rows(scores, tf.unstack(size), rows))

    return softmax


@functools.cache
def _labels() -> Callable:
    scores, size = tf.TensorSpec((None, None, None, None), tf.float32), tf.TensorSpec((2,), tf.int32)

    @tf.function(input_signature=[scores, size], autograph=False)
    def labels(scores, size):
        return enlarged_labels(scores, tf.unstack(size))

    return labels


def labels_at(scores: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """`enlarged_labels` of one image as an array.

    Args:
        scores: float32 `[h, w, C]`.
        size: (height, width).

    Returns:
        int32 `[height, width]`.
    """
    return _labels()(tf.convert_to_tensor(scores)[None], tf.constant(size))[0].numpy()


def label_map_at(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A label map enlarged where there are no scores: each label counts as a score of 1, so that outlines are smooth.

    Args:
        labels: integer `[h, w]`.
        size: (height, width).

    Returns:
        int32 `[height, width]`.
    """
    found, places = np.unique(labels, return_inverse=True)
    scores = np.eye(len(found), dtype=np.float32)[places.reshape(labels.shape)]
    return found.astype(np.int32)[labels_at(scores, size)]
