"""Convolution blocks: convolution, batch normalisation, activation, named after the checkpoint's scopes.

A layer's name is its variable scope in the released checkpoints with `.` for `/`, since Keras allows no slash:
the convolution of scope `aspp0` is the layer `aspp0`, its normalisation `aspp0.BatchNorm`.
"""

from __future__ import annotations

import keras

from deeplab_tf.layers.normalization import BatchNorm, Norm

HEAD_MOMENTUM, HEAD_EPSILON = 0.9997, 1e-5


def head_norm(frozen_statistics: bool = False) -> Norm:
    """The normalisation settings of ASPP, decoder and dense prediction cell (the release's core/utils.py).

    Args:
        frozen_statistics: Normalise with the moving statistics in training too.

    Returns:
        Momentum 0.9997 and epsilon 1e-5; scale and shift train.

    Example:
        >>> head_norm(frozen_statistics=True).frozen_statistics
        True
    """
    return Norm(HEAD_MOMENTUM, HEAD_EPSILON, frozen_statistics)


def truncated_normal(stddev: float) -> keras.initializers.Initializer:
    """Slim's truncated normal; a fresh initialiser for each layer, as Keras wants.

    Args:
        stddev: Standard deviation before the cut at two of them.

    Returns:
        An initialiser of Keras's.

    Example:
        >>> bool((abs(truncated_normal(0.1)((1000,))) <= 0.2).numpy().all())
        True
    """
    return keras.initializers.TruncatedNormal(stddev=stddev)


def normalize(x, norm: Norm, activation: str | None, name: str, norm_name: str | None = None):
    """Batch normalisation and an optional activation on the output of the layer called `name`.

    Args:
        x: `[B, H, W, C]`.
        norm: Settings of the normalisation.
        activation: A Keras activation, or None.
        name: Of the layer before.
        norm_name: Of the normalisation; `name` with `.BatchNorm`, as in most checkpoints, when left out.
    """
    x = BatchNorm(
        momentum=norm.momentum,
        epsilon=norm.epsilon,
        frozen_statistics=norm.frozen_statistics,
        trainable=norm.trainable,
        warm_up=True,
        name=norm_name or f"{name}.BatchNorm",
    )(x)
    return keras.layers.Activation(activation, name=f"{name}.{activation}")(x) if activation else x


def padded(x, kernel_size: int, stride: int, name: str):
    """The input and the padding argument of a convolution that pads alike on all sides.

    TensorFlow's SAME pads a strided convolution by the parity of the image's size; with this one the samples of
    every stride lie on each other.

    Args:
        x: `[B, H, W, C]`.
        kernel_size: Side of the square kernel, odd.
        stride: The convolution's stride.
        name: The convolution's name.

    Returns:
        (`x`, zeros around it where the stride is above 1; "valid" or "same").
    """
    if stride == 1 or kernel_size == 1:
        return x, "same"
    return keras.layers.ZeroPadding2D(kernel_size // 2, name=f"{name}.pad")(x), "valid"


def conv_bn(
    x,
    filters: int,
    kernel_size: int,
    *,
    name: str,
    norm: Norm,
    stride: int = 1,
    rate: int = 1,
    activation: str | None = "relu",
    initializer: keras.initializers.Initializer | None = None,
    explicit_padding: bool = False,
    norm_name: str | None = None,
):
    """Convolution without bias, batch normalisation, activation.

    Args:
        x: `[B, H, W, C]`.
        filters: Output channels.
        kernel_size: Side of the square kernel.
        name: The convolution's scope, `.` for `/`.
        norm: Settings of the normalisation.
        stride: Stride.
        rate: Atrous rate; with a stride of 1 only.
        activation: A Keras activation, or None for a linear output.
        initializer: Of the kernel; Glorot uniform when left out.
        explicit_padding: Pad a strided convolution alike on all sides instead of TensorFlow's SAME.
        norm_name: The normalisation's name, where it is not `name` with `.BatchNorm`.

    Returns:
        `[B, ceil(H / stride), ceil(W / stride), filters]`.

    Example:
        >>> conv_bn(keras.Input((33, 33, 8)), 16, 3, name="a", norm=head_norm(), stride=2).shape
        (None, 17, 17, 16)
    """
    x, padding = padded(x, kernel_size, stride, name) if explicit_padding else (x, "same")
    x = keras.layers.Conv2D(
        filters,
        kernel_size,
        strides=stride,
        dilation_rate=rate,
        padding=padding,
        use_bias=False,
        kernel_initializer=initializer or "glorot_uniform",
        name=name,
    )(x)
    return normalize(x, norm, activation, name, norm_name)


def conv_relu(x, filters: int, kernel_size: int, *, name: str, rate: int = 1):
    """Convolution with bias, and ReLU.

    Args:
        x: `[B, H, W, C]`.
        filters: Output channels.
        kernel_size: Side of the square kernel.
        name: The convolution's name.
        rate: Atrous rate.

    Returns:
        `[B, H, W, filters]`.

    Example:
        >>> conv_relu(keras.Input((33, 33, 8)), 16, 3, name="a", rate=2).shape
        (None, 33, 33, 16)
    """
    x = keras.layers.Conv2D(
        filters, kernel_size, dilation_rate=rate, padding="same", kernel_initializer="he_normal", name=name
    )(x)
    return keras.layers.Activation("relu", name=f"{name}.relu")(x)


def depthwise_bn(
    x,
    kernel_size: int,
    *,
    name: str,
    norm: Norm,
    stddev: float = 0.33,
    stride: int = 1,
    rate: int = 1,
    activation: str | None = "relu",
    explicit_padding: bool = False,
):
    """Depthwise convolution without bias, batch normalisation, activation; arguments as for `conv_bn`.

    Args:
        x: `[B, H, W, C]`.
        kernel_size: Side of the square kernel.
        name: The convolution's scope, `.` for `/`.
        norm: Settings of the normalisation.
        stride: Step of the convolution.
        rate: Atrous rate.
        activation: Name of a Keras activation, or None.
        stddev: Of the kernel's truncated normal initialisation.
        explicit_padding: Whether to pad by the same on both sides, whatever the size.

    Returns:
        `[B, ceil(H / stride), ceil(W / stride), C]`.

    Example:
        >>> depthwise_bn(keras.Input((33, 33, 8)), 3, name="a", norm=head_norm()).shape
        (None, 33, 33, 8)
    """
    x, padding = padded(x, kernel_size, stride, name) if explicit_padding else (x, "same")
    x = keras.layers.DepthwiseConv2D(
        kernel_size,
        strides=stride,
        dilation_rate=rate,
        padding=padding,
        use_bias=False,
        depthwise_initializer=truncated_normal(stddev),
        name=name,
    )(x)
    return normalize(x, norm, activation, name)


def separable_conv_bn(x, filters: int, kernel_size: int, *, name: str, norm: Norm, rate: int = 1):
    """Depthwise then pointwise convolution, each with normalisation and ReLU (v3+ paper, section 3.1).

    It is the release's `split_separable_conv2d` (core/utils.py).

    Args:
        x: `[B, H, W, C]`.
        filters: Output channels.
        kernel_size: Side of the square kernel.
        name: The convolutions' scope, `.` for `/`.
        norm: Settings of both normalisations.
        rate: Atrous rate of the depthwise convolution.

    Returns:
        `[B, H, W, filters]`.

    Example:
        >>> separable_conv_bn(keras.Input((33, 33, 8)), 16, 3, name="a", norm=head_norm()).shape
        (None, 33, 33, 16)
    """
    x = depthwise_bn(x, kernel_size, name=f"{name}_depthwise", norm=norm, rate=rate)
    return conv_bn(x, filters, 1, name=f"{name}_pointwise", norm=norm, initializer=truncated_normal(0.06))


def head_conv_bn(x, filters: int, *, name: str, norm: Norm, rate: int = 1, separable: bool = False):
    """A head's 3x3 convolution, plain or separable."""
    if separable:
        return separable_conv_bn(x, filters, 3, name=name, norm=norm, rate=rate)
    return conv_bn(x, filters, 3, name=name, norm=norm, rate=rate)
