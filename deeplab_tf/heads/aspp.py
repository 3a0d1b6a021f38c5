"""Atrous spatial pyramid pooling as of DeepLabv3: image pooling, a 1x1 branch, atrous branches (v3 paper, 3.3)."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from deeplab_tf.layers.convolution import conv_bn, head_conv_bn
from deeplab_tf.layers.dropout import Dropout
from deeplab_tf.layers.normalization import Norm
from deeplab_tf.layers.resize import ResizeLike

RATES_AT_16 = (6, 12, 18)


def default_atrous_rates(output_stride: int) -> tuple[int, ...]:
    """The published rates 6, 12, 18 at output stride 16, scaled so that the fields of view stay the same.

    Example:
        >>> default_atrous_rates(8)
        (12, 24, 36)
    """
    return tuple(rate * 16 // output_stride for rate in RATES_AT_16)


def image_pooling(x, filters: int, norm: Norm):
    """The image-level branch: global mean, 1x1 convolution, spread over the map again.

    Args:
        x: `[B, H, W, C]`.
        filters: Output channels.
        norm: Settings of the normalisation.

    Returns:
        `[B, H, W, filters]`.
    """
    pooled = keras.layers.GlobalAveragePooling2D(keepdims=True, name="image_pooling.mean")(x)
    pooled = conv_bn(pooled, filters, 1, name="image_pooling", norm=norm)
    return ResizeLike(name="image_pooling.resize")([pooled, x])


def aspp(
    x,
    atrous_rates: Sequence[int],
    *,
    norm: Norm,
    filters: int = 256,
    separable: bool = False,
    pooling: bool = True,
    dropout: float = 0.1,
):
    """Image pooling, 1x1 and atrous 3x3 branches, concatenated and projected.

    Args:
        x: `[B, H, W, C]`, the backbone's last map.
        atrous_rates: One branch per rate; none gives the release's "no ASPP" head of two branches.
        norm: Settings of the normalisation.
        filters: Channels of every branch and of the projection.
        separable: Separable convolutions in the atrous branches.
        pooling: With the image-level branch.
        dropout: Fraction of the projection's values dropped in training.

    Returns:
        `[B, H, W, filters]`.
    """
    branches = [image_pooling(x, filters, norm)] if pooling else []
    branches.append(conv_bn(x, filters, 1, name="aspp0", norm=norm))
    for index, rate in enumerate(atrous_rates, start=1):
        branches.append(head_conv_bn(x, filters, name=f"aspp{index}", norm=norm, rate=rate, separable=separable))
    x = keras.layers.Concatenate(name="aspp.concat")(branches) if len(branches) > 1 else branches[0]
    x = conv_bn(x, filters, 1, name="concat_projection", norm=norm)
    return Dropout(dropout, name="concat_projection.dropout")(x)
