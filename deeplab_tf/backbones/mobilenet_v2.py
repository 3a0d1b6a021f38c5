"""MobileNetV2 (arXiv 1801.04381) with atrous convolution and any depth multiplier."""

from __future__ import annotations

import keras

from deeplab_tf.backbones.features import AtrousRule, Backbone, Features
from deeplab_tf.layers import Norm, conv_bn, depthwise_bn, truncated_normal

SCOPE = "MobilenetV2"
STEM_FILTERS = 32
# Of each inverted residual block: expansion factor, output channels at depth multiplier 1, stride.
BLOCKS = (
    (1, 16, 1),
    (6, 24, 2), (6, 24, 1),
    (6, 32, 2), (6, 32, 1), (6, 32, 1),
    (6, 64, 2), (6, 64, 1), (6, 64, 1), (6, 64, 1),
    (6, 96, 1), (6, 96, 1), (6, 96, 1),
    (6, 160, 2), (6, 160, 1), (6, 160, 1),
    (6, 320, 1),
)  # fmt: skip
# Stride of a decoder tap to the block whose depthwise output it is.
TAP_BLOCKS = {4: 2, 8: 5, 16: 12}


def make_divisible(value: float, divisor: int) -> int:
    """The multiple of `divisor` nearest to `value`, at least `divisor`, and never below 90 % of `value`."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def block_name(index: int) -> str:
    """Scope of the block with this index, `.` for `/`."""
    return f"{SCOPE}.expanded_conv" + (f"_{index}" if index else "")


def mobilenet_v2(
    images,
    *,
    output_stride: int = 16,
    depth_multiplier: float = 1.0,
    frozen_statistics: bool = False,
) -> Features:
    """Builds MobileNetV2 up to its 320-channel block, as the release's DeepLab uses it.

    Args:
        images: float `[B, H, W, 3]`, RGB, 0-255.
        output_stride: 8, 16 or 32.
        depth_multiplier: Scales the channels of every layer, > 0.
        frozen_statistics: Keep the moving statistics of batch normalisation fixed in training.

    Returns:
        The last map, 320 x depth_multiplier channels, and decoder taps at strides 4, 8, and 16 (the depthwise
        outputs of blocks 2, 5 and 12; strides coarser than `output_stride` are left out).

    Raises:
        ValueError: If the output stride or the depth multiplier is not possible.

    Example:
        >>> features = mobilenet_v2(keras.Input((513, 513, 3)))
        >>> features.last.shape
        (None, 33, 33, 320)
    """
    if not depth_multiplier > 0:
        raise ValueError(f"depth_multiplier must be above 0, usually 0.25 to 1.4; received {depth_multiplier}.")
    rule = AtrousRule(output_stride)
    norm = Norm(momentum=0.997, epsilon=1e-3, frozen_statistics=frozen_statistics)
    divisor = 8 if depth_multiplier == 1.0 else 1

    def scaled(channels: int) -> int:
        return make_divisible(channels * depth_multiplier, divisor)

    def conv(x, filters, name, kernel_size=1, stride=1, activation="relu6"):
        return conv_bn(
            x,
            filters,
            kernel_size,
            name=name,
            norm=norm,
            stride=stride,
            activation=activation,
            initializer=truncated_normal(0.09),
        )

    # float32 under mixed precision too: 0-255 after an interpolation does not fit the halves' precision.
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32", name=f"{SCOPE}.normalize")(images)
    x = conv(x, scaled(STEM_FILTERS), f"{SCOPE}.Conv", kernel_size=3, stride=rule.step(2)[0])
    taps = {}
    for index, (expansion, channels, stride) in enumerate(BLOCKS):
        name, inputs, filters = block_name(index), x, scaled(channels)
        if expansion > 1:
            x = conv(x, make_divisible(x.shape[-1] * expansion, 8), f"{name}.expand")
        stride, rate = rule.step(stride)
        x = depthwise_bn(
            x,
            3,
            name=f"{name}.depthwise",
            norm=norm,
            stride=stride,
            rate=rate,
            activation="relu6",
            stddev=0.09,
        )
        taps[index] = x
        x = conv(x, filters, f"{name}.project", activation=None)
        if stride == 1 and inputs.shape[-1] == filters:
            x = keras.layers.Add(name=f"{name}.add")([inputs, x])
    return Features(x, {stride: taps[block] for stride, block in TAP_BLOCKS.items() if stride <= output_stride})


MOBILENET_V2 = Backbone(mobilenet_v2, SCOPE, pad_value=(127.5, 127.5, 127.5), options=("depth_multiplier",))
