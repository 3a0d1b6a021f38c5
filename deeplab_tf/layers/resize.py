"""Bilinear resize with aligned corners, the only resize of the original release."""

import keras
import tensorflow as tf


def resize_aligned(features, size, dtype: str):
    """Interpolates in float32, corners on corners, as `resize_bilinear` of the release's core/utils.py.

    Args:
        features: `[B, h, w, C]`, any float dtype.
        size: (H, W), known or a tensor.
        dtype: Of the result.

    Returns:
        `[B, H, W, C]`.

    Example:
        >>> resize_aligned([[[[0.0], [2.0]]]], (1, 3), "float32").numpy().ravel()
        array([0., 1., 2.], dtype=float32)
    """
    # tf.image.resize has no aligned corners; the raw operation is public and has.
    resized = tf.raw_ops.ResizeBilinear(images=tf.cast(features, tf.float32), size=size, align_corners=True)
    return tf.cast(resized, dtype)


# One graph for all sizes and networks: TensorFlow keeps every gradient of one's own, and the graph that it is made in.
@tf.function(input_signature=[tf.TensorSpec([None] * 4), tf.TensorSpec([2], tf.int32)])
def resize_in_training(features: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Interpolates with a gradient of two matrix products: TensorFlow's own has one core, on GPUs no fixed order.

    Args:
        features: float32 `[B, h, w, C]`.
        size: (H, W).

    Returns:
        `[B, H, W, C]`.
    """
    batch, rows, columns, channels = tf.unstack(tf.shape(features))
    height, width = tf.unstack(size)

    @tf.custom_gradient
    def resized(features):
        def gradient(outputs):
            outputs = tf.reshape(outputs, [batch, height, width * channels])
            outputs = tf.matmul(_shares(rows, height), outputs)
            outputs = tf.matmul(_shares(columns, width), tf.reshape(outputs, [batch * rows, width, channels]))
            return tf.reshape(outputs, [batch, rows, columns, channels])

        return tf.raw_ops.ResizeBilinear(images=features, size=size, align_corners=True), gradient

    return resized(features)


def _shares(small: tf.Tensor, large: tf.Tensor) -> tf.Tensor:
    """What every one of `large` places takes from every one of `small`, `[small, large]`."""
    step = tf.cast(small - 1, tf.float32) / tf.cast(tf.maximum(large - 1, 1), tf.float32)
    places = tf.range(tf.cast(large, tf.float32)) * step
    return tf.nn.relu(1.0 - tf.abs(tf.range(tf.cast(small, tf.float32))[:, None] - places))


@keras.saving.register_keras_serializable(package="deeplab_tf")
class ResizeLike(keras.layers.Layer):
    """Resizes a map to the height and width of another one, bilinearly, corners on corners.

    It is the only resize of the release (core/utils.py). `tf.image.resize` and `keras.ops.image.resize` sample at
    half-pixel centres and do not give the released results; sizes of the form k*stride + 1 make every aligned resize
    an exact integer factor.

    Call arguments:
        inputs: A pair (features `[B, h, w, C]`, reference `[B, H, W, D]`), any float dtype, h, w, H, W known or
            not.

    Returns:
        `[B, H, W, C]` in the layer's compute dtype. A 1x1 map is spread over H x W.

    Example:
        >>> ResizeLike()([tf.zeros((1, 5, 5, 8)), tf.zeros((1, 17, 17, 3))]).shape
        TensorShape([1, 17, 17, 8])
    """

    def call(self, inputs, training=False):
        features, reference = inputs
        size = reference.shape[1:3]
        if None in size:
            size = tf.shape(reference)[1:3]
        elif tuple(size) == tuple(features.shape[1:3]):
            return features
        if not training:
            return resize_aligned(features, size, self.compute_dtype)
        resized = resize_in_training(tf.cast(features, tf.float32), tf.cast(size, tf.int32))
        shape = self.compute_output_shape([features.shape, reference.shape])
        return tf.cast(tf.ensure_shape(resized, shape), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        features, reference = input_shape
        return (features[0], reference[1], reference[2], features[3])
