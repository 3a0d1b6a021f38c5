"""Lite reduced ASPP of MobileNetV3, as the original release's flags make it: a gated 1x1 branch and one low-level tap.

Where the paper (arXiv 1905.02244, section 6.4) ends in a classifier on the sum of both, here each has its own.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from deeplab_tf.heads.decoder import decoder
from deeplab_tf.layers.convolution import conv_bn
from deeplab_tf.layers.normalization import Norm
from deeplab_tf.layers.resize import ResizeLike
from deeplab_tf.layers.squeeze_excite import QSigmoid

# The release's flags: pooling crop 769, steps of 4 x 5 cells at output stride 32.
POOLING_CROP = 769
POOLING_STEP = (128, 160)


@keras.saving.register_keras_serializable(package="deeplab_tf")
class WindowPooling(keras.layers.Layer):
    """Average pooling, VALID padding, whose window is cut to the map where the map is smaller, each side by itself.

    So it always gives at least one cell; a map smaller than the window gives its mean.

    Args:
        window: Height and width of the window, > 0.
        strides: Steps down and to the right, > 0.
        **kwargs: As for `keras.layers.Layer`.

    Call arguments:
        inputs: `[B, H, W, C]`, any float dtype, H and W known or not.

    Returns:
        `[B, h, w, C]` with `h = (H - min(window, H)) // stride + 1`, and w likewise, in the layer's compute dtype.

    Example:
        >>> WindowPooling((25, 25), (4, 5))(tf.zeros((1, 33, 65, 8))).shape
        TensorShape([1, 3, 9, 8])
    """

    def __init__(self, window: tuple[int, int], strides: tuple[int, int], **kwargs):
        super().__init__(**kwargs)
        self.window = tuple(window)
        self.strides = tuple(strides)

    def call(self, inputs):
        # An average pooling operation takes no window that is known at run time only: sums over windows are
        # products with matrices of ones and zeros, which are constants where the size is known.
        known, size = inputs.shape[1:3], tf.shape(inputs)[1:3]
        rows, columns = (
            _averaging(size[axis] if known[axis] is None else known[axis], self.window[axis], self.strides[axis])
            for axis in (0, 1)
        )
        pooled = tf.einsum("ih,bhwc->biwc", rows, tf.cast(inputs, tf.float32))
        return tf.cast(tf.einsum("jw,biwc->bijc", columns, pooled), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        batch, *size, channels = input_shape
        cells = [
            None if side is None else (side - min(window, side)) // step + 1
            for side, window, step in zip(size, self.window, self.strides, strict=True)
        ]
        return (batch, *cells, channels)

    def get_config(self):
        return {**super().get_config(), "window": self.window, "strides": self.strides}


def _averaging(side, window: int, step: int):
    """float32 `[cells, side]`: 1 / window where a cell's window covers a position, else 0."""
    window = tf.minimum(window, side)
    starts = tf.range(0, side - window + 1, step)[:, None]
    positions = tf.range(side)[None]
    covered = (positions >= starts) & (positions < starts + window)
    return tf.cast(covered, tf.float32) / tf.cast(window, tf.float32)


def lr_aspp(x, tap, classes: int, *, output_stride: int, norm: Norm, filters: int = 128):
    """Logits of the two branches, summed at the tap's stride.

    Args:
        x: `[B, h, w, C]`, the backbone's last map.
        tap: `[B, H, W, D]`, the backbone's low-level features.
        classes: Number of classes.
        output_stride: That of `x`; the pooling window of 769 pixels and its steps of 128 x 160 follow it.
        norm: Settings of the normalisation.
        filters: Channels of the 1x1 branch and its gate.

    Returns:
        float32 `[B, H, W, classes]`.
    """
    window = (POOLING_CROP - 1) // output_stride + 1
    strides = tuple(step // output_stride for step in POOLING_STEP)
    gate = WindowPooling((window, window), strides, name="image_pooling.mean")(x)
    gate = keras.layers.Conv2D(filters, 1, name="image_pooling")(gate)
    gate = QSigmoid(name="image_pooling.gate")(gate)
    gate = ResizeLike(name="image_pooling.resize")([gate, x])
    x = conv_bn(x, filters, 1, name="aspp0", norm=norm)
    x = keras.layers.Multiply(name="aspp0.scale")([x, gate])
    return decoder(x, {1: tap}, (1,), norm=norm, filters=classes, merge="sum", gives_logits=True)
