"""Bilinear resize with aligned corners, the only resize of the original release."""

import keras
import tensorflow as tf


def resize_aligned(features, size, dtype: str):
    """Interpolates in float32, corners on corners.

    Args:
        features: `[B, h, w, C]`, any float dtype.
        size: (H, W), known or a tensor.
        dtype: Of the result.

    Returns:
        `[B, H, W, C]`.
    """
    # tf.image.resize has no aligned corners; the raw operation is public and has.
    resized = tf.raw_ops.ResizeBilinear(images=tf.cast(features, tf.float32), size=size, align_corners=True)
    return tf.cast(resized, dtype)


@keras.saving.register_keras_serializable(package="deeplab_tf")
class ResizeLike(keras.layers.Layer):
    """Resizes a map to the height and width of another one, bilinearly, corners on corners.

    `tf.image.resize` and `keras.ops.image.resize` sample at half-pixel centres and do not give the released
    results; sizes of the form k*stride + 1 make every aligned resize an exact integer factor.

    Call arguments:
        inputs: A pair (features `[B, h, w, C]`, reference `[B, H, W, D]`), any float dtype, h, w, H, W known or
            not.

    Returns:
        `[B, H, W, C]` in the layer's compute dtype. A 1x1 map is spread over H x W.

    Example:
        >>> ResizeLike()([tf.zeros((1, 5, 5, 8)), tf.zeros((1, 17, 17, 3))]).shape
        TensorShape([1, 17, 17, 8])
    """

    def call(self, inputs):
        features, reference = inputs
        size = reference.shape[1:3]
        if None in size:
            size = tf.shape(reference)[1:3]
        elif tuple(size) == tuple(features.shape[1:3]):
            return features
        return resize_aligned(features, size, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        features, reference = input_shape
        return (features[0], reference[1], reference[2], features[3])
