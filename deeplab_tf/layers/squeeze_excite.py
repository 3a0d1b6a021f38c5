"""Squeeze and excitation as MobileNetV3 has it: channels scaled by gates computed from the whole map."""

from __future__ import annotations

import keras

from deeplab_tf.layers.convolution import truncated_normal


@keras.saving.register_keras_serializable(package="deeplab_tf")
class QSigmoid(keras.layers.Layer):
    """The piecewise linear sigmoid of the release's core/utils.py, `relu6(x + 3) * 0.16667`, made for 8-bit arithmetic.

    Call arguments:
        inputs: Any shape, any float dtype.

    Returns:
        The same shape, from 0 to 1.00002: the constant is not 1/6, and released weights are tuned to it.

    Example:
        >>> QSigmoid()(tf.constant([-3.0, 0.0])).numpy()
        array([0.     , 0.50001], dtype=float32)
    """

    def call(self, inputs):
        return keras.ops.relu6(inputs + 3.0) * 0.16667

    def compute_output_shape(self, input_shape):
        return input_shape


def squeeze_excite(x, filters: int, *, name: str, stddev: float = 0.09):
    """Multiplies each channel by a gate: global mean, 1x1 convolution, ReLU, 1x1 convolution, `QSigmoid`.

    Squeeze and excitation (Hu et al. 2018, arXiv 1709.01507) as MobileNetV3 has it (arXiv 1905.02244, section 5.3).

    Args:
        x: `[B, H, W, C]`.
        filters: Channels between the two convolutions.
        name: The block's scope, `.` for `/`.
        stddev: Of the kernels' truncated normal initialisation.

    Returns:
        `[B, H, W, C]`.

    Example:
        >>> squeeze_excite(keras.Input((33, 33, 16)), 4, name="a").shape
        (None, 33, 33, 16)
    """
    gate = keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}.mean")(x)
    gate = keras.layers.Conv2D(
        filters, 1, activation="relu", kernel_initializer=truncated_normal(stddev), name=f"{name}.Conv"
    )(gate)
    gate = keras.layers.Conv2D(x.shape[-1], 1, kernel_initializer=truncated_normal(stddev), name=f"{name}.Conv_1")(gate)
    gate = QSigmoid(name=f"{name}.gate")(gate)
    return keras.layers.Multiply(name=f"{name}.scale")([x, gate])
