"""Images at a fraction of their size, for networks that look at several scales."""

import keras
import tensorflow as tf

from deeplab_tf.checks import number
from deeplab_tf.layers.resize import resize_aligned


@keras.saving.register_keras_serializable(package="deeplab_tf")
class ImageScale(keras.layers.Layer):
    """Resizes a map by a factor, bilinearly, corners on corners: a side of n becomes floor((n - 1) x scale) + 1.

    The size is that of the release's `scale_dimension` (core/utils.py).

    Args:
        scale: The factor, > 0.
        **kwargs: As for `keras.layers.Layer`.

    Call arguments:
        images: float `[B, h, w, C]`, h and w known or not.

    Returns:
        `[B, H, W, C]` in the layer's compute dtype.

    Raises:
        ValueError: If the factor is not above 0.

    Example:
        >>> ImageScale(0.75)(tf.zeros((1, 321, 321, 3))).shape
        TensorShape([1, 241, 241, 3])
    """

    def __init__(self, scale: float, **kwargs):
        super().__init__(**kwargs)
        self.scale = number("scale", scale, above=0, remedy="Try 0.5.")

    def call(self, images):
        size = images.shape[1:3]
        if None in size:
            size = tf.cast(tf.cast(tf.shape(images)[1:3] - 1, tf.float32) * self.scale, tf.int32) + 1
        else:
            size = [self._scaled(side) for side in size]
        return resize_aligned(images, size, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        batch, *size, channels = input_shape
        return (batch, *(side and self._scaled(side) for side in size), channels)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}

    def _scaled(self, side: int) -> int:
        return int((side - 1) * self.scale) + 1
