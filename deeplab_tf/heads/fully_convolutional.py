"""VGG's fully connected layers as convolutions, the head of DeepLab's first two versions."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from deeplab_tf.checks import expect, whole_numbers
from deeplab_tf.layers import Dropout, ResizeLike, conv_relu

FULLY_CONNECTED = 1024


def vgg_head(
    x,
    rates: Sequence[int],
    *,
    kernel_size: int = 3,
    filters: int = FULLY_CONNECTED,
    dropout: float = 0.5,
    average_pool: bool = False,
    scope: str = "vgg_16",
) -> list:
    """VGG's fully connected layers as convolutions: a dilated fc6 and fc7, one pair for each rate.

    Args:
        x: `[B, h, w, C]`, the last map of VGG-16.
        rates: Atrous rate of each branch's fc6: one for a single field of view, four for DeepLabv2's ASPP.
        kernel_size: Side of fc6's kernel.
        filters: Channels of fc6 and fc7.
        dropout: Fraction of values dropped after each of them, in training.
        average_pool: Average over 3x3 windows first, as the released LargeFOV network does.
        scope: What the layers' names begin with: the backbone's scope, as in the released networks.

    Returns:
        A list of `[B, h, w, filters]`, one for each branch and ready for its own classifier.

    Raises:
        ValueError: If there is no rate, or one is below 1.

    Example:
        >>> [branch.shape[-1] for branch in vgg_head(keras.Input((41, 41, 512)), (6, 12, 18, 24))]
        [1024, 1024, 1024, 1024]
    """
    rates = whole_numbers("atrous_rates", rates, remedy="Try (12,).")
    expect(bool(rates), "atrous_rates", rates, "one or more whole numbers above 0", "Try (12,).")
    if average_pool:
        # Caffe's average counts the zeros at the border, Keras's SAME does not.
        x = keras.layers.ZeroPadding2D(1, name=f"{scope}.pool5a.pad")(x)
        x = keras.layers.AveragePooling2D(3, strides=1, name=f"{scope}.pool5a")(x)
    branches = []
    for index, rate in enumerate(rates, start=1):
        branch, suffix = x, f"_{index}" if len(rates) > 1 else ""
        for layer, size, layer_rate in (("fc6", kernel_size, rate), ("fc7", 1, 1)):
            name = f"{scope}.{layer}{suffix}"
            branch = conv_relu(branch, filters, size, name=name, rate=layer_rate)
            branch = Dropout(dropout, name=f"{name}.dropout")(branch)
        branches.append(branch)
    return branches


def join_scales(x, scales: Sequence, filters: int):
    """DeepLabv1's multi-scale head: the last map together with two-layer features of earlier maps (section 4.3).

    Args:
        x: `[B, h, w, C]`, the last map.
        scales: Maps `[B, H, W, C]` of any sizes: the normalised images and the outputs of the first four poolings.
        filters: Channels of each of their features.

    Returns:
        `[B, h, w, C + len(scales) * filters]`.

    Example:
        >>> join_scales(keras.Input((41, 41, 1024)), [keras.Input((321, 321, 3))], 128).shape
        (None, 41, 41, 1152)
    """
    maps = [x]
    for index, source in enumerate(scales):
        name = f"msc.scale{index}"
        source = conv_relu(source, filters, 3, name=f"{name}.conv1")
        source = conv_relu(source, filters, 1, name=f"{name}.conv2")
        maps.append(ResizeLike(name=f"{name}.resize")([source, x]))
    return keras.layers.Concatenate(name="msc.concat")(maps)
