"""Prediction for whole images of any size: pad as the release does, run the network, cut the padding off."""

from __future__ import annotations

import tensorflow as tf

from deeplab_tf.checks import is_whole


def canvas_size(height, width, output_stride: int, crop_size=None):
    """The size to which an image is padded: at least the crop size, and of the form k x output_stride + 1.

    At such a size every resize inside the network is an exact integer factor. Works on Python integers and on
    scalar tensors alike.

    Args:
        height: Image height, > 0.
        width: Image width, > 0.
        output_stride: The network's.
        crop_size: (height, width) that the network was trained on, or None.

    Returns:
        (height, width) of the canvas.

    Example:
        >>> canvas_size(375, 500, 16, (513, 513)), canvas_size(375, 500, 16)
        ((513, 513), (385, 513))
    """
    sides = []
    for side, least in zip((height, width), crop_size or (0, 0), strict=True):
        fitting = (side + output_stride - 2) // output_stride * output_stride + 1
        if is_whole(side):
            sides.append(int(least if side <= least else fitting))
        else:
            sides.append(tf.where(side <= least, least, fitting))
    return tuple(sides)


def whole_image_logits(model, images):
    """Logits of whole images at their own size.

    Padding is at the bottom and on the right, with the pixel value that the network sees as zero.

    Args:
        model: A model of this package with upsampled logits.
        images: RGB, uint8 or float `[B, H, W, 3]`, 0-255; H and W may be unknown in a graph.

    Returns:
        float32 `[B, H, W, classes]`.
    """
    static = images.shape[1:3]
    height, width = static if None not in static else tf.unstack(tf.shape(images)[1:3])
    bottom, right = (
        canvas - side
        for canvas, side in zip(
            canvas_size(height, width, model.output_stride, model.crop_size), (height, width), strict=True
        )
    )
    pad_value = tf.constant(model.pad_value, tf.float32)
    centred = tf.cast(images, tf.float32) - pad_value
    canvas = tf.pad(centred, [[0, 0], [0, bottom], [0, right], [0, 0]]) + pad_value
    return model(canvas, training=False)[:, :height, :width]
