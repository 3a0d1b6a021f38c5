"""A window of a scaled, perhaps turned image, sampled without scaling the rest of the image.

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


def sample_turned(
    image: tf.Tensor, label: tf.Tensor, scaled: tf.Tensor, start: tf.Tensor, size: tf.Tensor, crop: tuple, angle
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """A window of the scaled image and its label, turned about the window's centre and read on up to `crop`.

    Args:
        image: uint8 `[H, W, 3]`.
        label: uint8 `[H, W]`.
        scaled: As for `sample_image`.
        start: As for `sample_image`.
        size: As for `sample_image`; the window's centre stays where it is.
        crop: Rows and columns of the result, `size` or larger.
        angle: In radians, counterclockwise.

    Returns:
        The image, float32 `[*crop, 3]`, the label, int32 `[*crop]`, and where the scaled image lies, boolean
        `[*crop, 1]`; image and label say nothing elsewhere.
    """
    shrink = tf.cast(tf.shape(label) - 1, tf.float32) / tf.cast(tf.maximum(scaled - 1, 1), tf.float32)
    center = tf.cast(size - 1, tf.float32) / 2
    cos, sin = tf.cos(angle), tf.sin(angle)
    # Output row and column to source row and column, for offsets from the centre.
    turn = tf.stack([[cos, sin], [-sin, cos]]) * shrink[:, None]
    origin = shrink * (tf.cast(start, tf.float32) + center) - tf.linalg.matvec(turn, center)
    # The op wants the column first.
    transform = tf.stack([turn[1, 1], turn[1, 0], origin[1], turn[0, 1], turn[0, 0], origin[0], 0.0, 0.0])

    def read(values, interpolation, fill):
        return tf.raw_ops.ImageProjectiveTransformV3(
            images=values[None],
            transforms=transform[None],
            output_shape=crop,
            fill_value=0.0,
            interpolation=interpolation,
            fill_mode=fill,
        )[0]

    # One more than the id, so that the fill is not an id; where that is, there is no image either.
    ids = read(tf.cast(label, tf.int32)[..., None] + 1, "NEAREST", "CONSTANT")
    pixels = read(tf.cast(image, tf.float32), "BILINEAR", "NEAREST")
    pixels.set_shape((*crop, 3))
    ids.set_shape((*crop, 1))
    return pixels, ids[..., 0] - 1, ids > 0


def _nearest(source: tf.Tensor, scaled: tf.Tensor, start: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """floor(p * (source - 1) / (scaled - 1) + 1/2) for the `size` pixels p from `start` on, in integers."""
    steps = tf.cast(tf.maximum(scaled - 1, 1), tf.int64)
    pixels = tf.cast(start + tf.range(size), tf.int64)
    return (2 * pixels * tf.cast(source - 1, tf.int64) + steps) // (2 * steps)
