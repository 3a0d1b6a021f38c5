"""Logits of whole images in the plainest way, which what predicts is compared with."""

from __future__ import annotations

import tensorflow as tf

from deeplab_tf.inference.whole_image import canvas_size


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
