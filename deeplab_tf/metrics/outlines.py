"""Bands along the outlines of batches of label maps, in a graph, for maps of any size."""

from __future__ import annotations

import tensorflow as tf


def in_band(labels: tf.Tensor, width: int | tf.Tensor, *, border: bool = False) -> tf.Tensor:
    """Where another label is at most `width` rows and columns away, boolean `[B, H, W]`.

    Args:
        labels: int32 `[B, H, W]`, >= 0.
        width: In pixels, > 0.
        border: What lies beyond the image counts as another label.
    """
    most, least = _most(labels, width), -_most(-labels, width)
    inside = (most != labels) | (least != labels)
    if border:
        rows, columns = (_at_end(tf.shape(labels)[axis], width) for axis in (1, 2))
        inside |= rows[:, None] | columns
    return inside


def _at_end(length: tf.Tensor, width: int | tf.Tensor) -> tf.Tensor:
    places = tf.range(length)
    return (places < width) | (places >= length - width)


def _most(values: tf.Tensor, width: int | tf.Tensor) -> tf.Tensor:
    """Largest value at most `width` rows and columns away, int32 `[B, H, W]`."""
    shape = values.shape
    for axis in (1, 2):
        reach = tf.minimum(width, tf.shape(values)[axis])
        # What is done covers 2 x done + 1 places, so copies that far to either side leave no gap.
        _, values = tf.while_loop(
            lambda done, _, reach=reach: done < reach,
            lambda done, values, reach=reach, axis=axis: _doubled(done, values, reach, axis),
            (tf.constant(0), values),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, None, None])),
        )
    return tf.ensure_shape(values, shape)


def _doubled(done: tf.Tensor, values: tf.Tensor, reach: tf.Tensor, axis: int) -> tuple[tf.Tensor, tf.Tensor]:
    shift = tf.minimum(reach - done, 2 * done + 1)
    before, after = shifted(values, shift, axis), shifted(values, -shift, axis)
    return done + shift, tf.maximum(values, tf.maximum(before, after))


def shifted(values: tf.Tensor, shift: tf.Tensor, axis: int) -> tf.Tensor:
    """The values `shift` places on along an axis; what comes in is the least int32."""
    length = tf.shape(values)[axis]
    indices = tf.range(length) - shift
    taken = tf.gather(values, tf.clip_by_value(indices, 0, length - 1), axis=axis)
    there = (indices >= 0) & (indices < length)
    there = there[:, None] if axis == 1 else there
    return tf.where(there, taken, tf.int32.min)


def contours(labels: tf.Tensor) -> tf.Tensor:
    """Where one of the four neighbours has another label, boolean `[B, H, W]`; the border has no neighbour."""
    found = tf.zeros_like(labels, tf.bool)
    for axis in (1, 2):
        for shift in (1, -1):
            beside = shifted(labels, tf.constant(shift), axis)
            found |= (beside != labels) & (beside != tf.int32.min)
    return found


def near(asked: tf.Tensor, other: tf.Tensor, reach: tf.Tensor) -> tf.Tensor:
    """Where `asked` is not -1 and `other` has its value at most `reach` pixels away.

    Args:
        asked: int32 `[B, H, W]`.
        other: int32 `[B, H, W]`.
        reach: A float.

    Returns:
        boolean `[B, H, W]`.
    """
    whole = tf.cast(tf.floor(reach), tf.int32)
    padded = tf.pad(other, [[0, 0], [whole, whole], [whole, whole]], constant_values=-1)
    size = tf.shape(asked)
    down, right = tf.meshgrid(tf.range(-whole, whole + 1), tf.range(-whole, whole + 1), indexing="ij")
    inside = tf.cast(down**2 + right**2, reach.dtype) <= reach**2
    offsets = tf.stack([tf.boolean_mask(down, inside), tf.boolean_mask(right, inside)], 1) + whole

    def compared(index, found):
        beside = tf.ensure_shape(tf.slice(padded, tf.concat([[0], offsets[index]], 0), size), asked.shape)
        return index + 1, found | (beside == asked)

    _, found = tf.while_loop(
        lambda index, _: index < tf.shape(offsets)[0],
        compared,
        (tf.constant(0), tf.zeros_like(asked, tf.bool)),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, None, None])),
    )
    return tf.ensure_shape(found, asked.shape) & (asked >= 0)
