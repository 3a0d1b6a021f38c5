"""MobileNetV3 (arXiv 1905.02244), large and small, with the widths for segmentation and atrous convolution."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping

import keras

from deeplab_tf.backbones.features import AtrousRule, Backbone, Features
from deeplab_tf.backbones.mobilenet import INITIAL_STDDEV, PAD_VALUE, MobileNetLayers
from deeplab_tf.backbones.width import Width, make_divisible
from deeplab_tf.layers import squeeze_excite

SCOPE = "MobilenetV3"
STEM_FILTERS = 16


@dataclasses.dataclass(frozen=True)
class Variant:
    """One MobileNetV3.

    Args:
        blocks: Of each block, at depth multiplier 1: channels of the depthwise convolution, output channels,
            kernel size, stride, whether it squeezes and excites, activation.
        last_filters: Channels of the last 1x1 convolution.
        tap_blocks: Stride of a decoder tap to the block whose depthwise output it is.
    """

    blocks: tuple[tuple[int, int, int, int, bool, str], ...]
    last_filters: int
    tap_blocks: Mapping[int, int]


RE, HS = "relu", "hard_swish"
# The last three blocks and the last convolution have half the classifier's widths.
LARGE = Variant(
    blocks=(
        (16, 16, 3, 1, False, RE),
        (64, 24, 3, 2, False, RE), (72, 24, 3, 1, False, RE),
        (72, 40, 5, 2, True, RE), (120, 40, 5, 1, True, RE), (120, 40, 5, 1, True, RE),
        (240, 80, 3, 2, False, HS), (200, 80, 3, 1, False, HS), (184, 80, 3, 1, False, HS), (184, 80, 3, 1, False, HS),
        (480, 112, 3, 1, True, HS), (672, 112, 3, 1, True, HS),
        (336, 80, 5, 2, True, HS), (480, 80, 5, 1, True, HS), (480, 80, 5, 1, True, HS),
    ),
    last_filters=480,
    tap_blocks={4: 2, 8: 5, 16: 11},
)  # fmt: skip
SMALL = Variant(
    blocks=(
        (16, 16, 3, 2, True, RE),
        (72, 24, 3, 2, False, RE), (88, 24, 3, 1, False, RE),
        (96, 40, 5, 2, True, HS), (240, 40, 5, 1, True, HS), (240, 40, 5, 1, True, HS),
        (120, 48, 5, 1, True, HS), (144, 48, 5, 1, True, HS),
        (144, 48, 5, 2, True, HS), (288, 48, 5, 1, True, HS), (288, 48, 5, 1, True, HS),
    ),
    last_filters=288,
    tap_blocks={4: 0, 8: 2, 16: 7},
)  # fmt: skip


def mobilenet_v3(
    images,
    variant: Variant = LARGE,
    *,
    output_stride: int = 16,
    depth_multiplier: float = 1.0,
    frozen_statistics: bool = False,
) -> Features:
    """Builds MobileNetV3 up to its last 1x1 convolution.

    A block adds its input where its stride in the classifier is 1, at every output stride, so that the network
    computes the same at all of them.

    Args:
        images: float `[B, H, W, 3]`, RGB, 0-255.
        variant: `LARGE` or `SMALL`.
        output_stride: 8, 16 or 32.
        depth_multiplier: Scales the channels of every layer, > 0.
        frozen_statistics: Keep the moving statistics of batch normalisation fixed in training.

    Returns:
        The last map, 480 (large) or 288 (small) x depth_multiplier channels, and decoder taps at strides 4, 8 and
        16: depthwise outputs before squeeze and excitation.

    Raises:
        ValueError: If the output stride or the depth multiplier is not possible.

    Example:
        >>> features = mobilenet_v3(keras.Input((513, 513, 3)), SMALL, output_stride=32)
        >>> features.last.shape
        (None, 17, 17, 288)
    """
    scaled = Width(depth_multiplier)
    rule = AtrousRule(output_stride)
    layers = MobileNetLayers(SCOPE, frozen_statistics)

    x = layers.normalize(images)
    x = layers.conv(x, scaled(STEM_FILTERS), f"{SCOPE}.Conv", kernel_size=3, stride=rule.step(2)[0], activation=HS)
    taps, full_width = {}, STEM_FILTERS
    for index, (expanded, channels, kernel_size, stride, squeezes, activation) in enumerate(variant.blocks):
        name, inputs, filters = layers.block(index), x, scaled(channels)
        if expanded != full_width:
            expanded = make_divisible(inputs.shape[-1] * expanded / full_width, 8)
            x = layers.conv(x, expanded, f"{name}.expand", activation=activation)
        step, rate = rule.step(stride)
        x = layers.depthwise(x, kernel_size, f"{name}.depthwise", stride=step, rate=rate, activation=activation)
        taps[index] = x
        if squeezes:
            squeezed = make_divisible(x.shape[-1] / 4, 8)
            x = squeeze_excite(x, squeezed, name=f"{name}.squeeze_excite", stddev=INITIAL_STDDEV)
        x = layers.conv(x, filters, f"{name}.project")
        if stride == 1 and channels == full_width:
            x = keras.layers.Add(name=f"{name}.add")([inputs, x])
        full_width = channels
    x = layers.conv(x, scaled(variant.last_filters), f"{SCOPE}.Conv_1", activation=HS)
    return Features(x, {stride: taps[block] for stride, block in variant.tap_blocks.items() if stride <= output_stride})


def _row(variant: Variant) -> Backbone:
    return Backbone(functools.partial(mobilenet_v3, variant=variant), SCOPE, PAD_VALUE, options=("depth_multiplier",))


MOBILENET_V3_LARGE, MOBILENET_V3_SMALL = _row(LARGE), _row(SMALL)
