"""A window of a scaled image, sampled without scaling the rest of the image.

Scaling with aligned corners maps pixel p of a scaled axis of length T to p * (S - 1) / (T - 1) on the source axis of
length S, so a window of the scaled image can be read from the source directly.
"""

from __future__ import annotations

import tensorflow as tf

# The sampler fills with a constant whatever its float32 arithmetic puts beyond the last row or column. Its error
# stays below 6 units in the last place (2**-24 each), so the window ends 8 of them before the edge at the latest.
_EDGE = 1.0 - 2.0**-21


def sample_image(image: tf.Tensor, scaled: tf.Tensor, start: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """A window of `image` scaled bilinearly with aligned corners.

    Args:
        image: uint8 `[H, W, 3]`.
        scaled: int32 `[2]`, the height and width that the whole image is scaled to.
        start: int32 `[2]`, the window's first row and column in the scaled image.
        size: int32 `[2]`, the window's rows and columns; `start + size <= scaled`.

    Returns:
        float32 `[size[0], size[1], 3]`, 0-255.
    """
    steps = tf.cast(tf.maximum(scaled - 1, 1), tf.float32)
    first = tf.cast(start, tf.float32) / steps
    last = tf.minimum(tf.cast(start + size - 1, tf.float32) / steps, _EDGE)
    box = tf.concat([tf.minimum(first, last), last], axis=0)
    return tf.image.crop_and_resize(image[None], box[None], [0], size)[0]


def sample_label(label: tf.Tensor, scaled: tf.Tensor, start: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """A window of `label` scaled to the nearest id with aligned corners; halves go to the next row or column.

    Args:
        label: uint8 `[H, W]`.
        scaled: As for `sample_image`.
        start: As for `sample_image`.
        size: As for `sample_image`.

    Returns:
        uint8 `[size[0], size[1]]`.
    """
    source = tf.shape(label)
    for axis in range(2):
        nearest = _nearest(source[axis], scaled[axis], start[axis], size[axis])
        label = tf.gather(label, nearest, axis=axis)
    return label


def _nearest(source: tf.Tensor, scaled: tf.Tensor, start: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """floor(p * (source - 1) / (scaled - 1) + 1/2) for the `size` pixels p from `start` on, in integers."""
    steps = tf.cast(tf.maximum(scaled - 1, 1), tf.int64)
    pixels = tf.cast(start + tf.range(size), tf.int64)
    return (2 * pixels * tf.cast(source - 1, tf.int64) + steps) // (2 * steps)
