"""MobileNetV2 (arXiv 1801.04381) with atrous convolution and any depth multiplier."""

from __future__ import annotations

import keras

from deeplab_tf.backbones.features import AtrousRule, Backbone, Features
from deeplab_tf.backbones.mobilenet import PAD_VALUE, MobileNetLayers
from deeplab_tf.backbones.width import Width, make_divisible
from deeplab_tf.checks import whole

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


def mobilenet_v2(
    images,
    *,
    output_stride: int = 16,
    depth_multiplier: float = 1.0,
    divisible_by: int | None = None,
    frozen_statistics: bool = False,
) -> Features:
    """Builds MobileNetV2 up to its 320-channel block, as the release's DeepLab uses it.

    Args:
        images: float `[B, H, W, 3]`, RGB, 0-255.
        output_stride: 8, 16 or 32.
        depth_multiplier: Scales the channels of every layer, > 0.
        divisible_by: What channels are made multiples of. None takes 8 at a depth multiplier of 1 and 1 at any other,
            as the release; 8 gives `keras.applications`' widths at all of them.
        frozen_statistics: Keep the moving statistics of batch normalisation fixed in training.

    Returns:
        The last map, 320 x depth_multiplier channels, and decoder taps at strides 4, 8, and 16 (the depthwise
        outputs of blocks 2, 5 and 12).

    Raises:
        ValueError: If the output stride, the depth multiplier or the divisor is not possible.

    Example:
        >>> features = mobilenet_v2(keras.Input((513, 513, 3)))
        >>> features.last.shape
        (None, 33, 33, 320)
    """
    if divisible_by is not None:
        divisible_by = whole("divisible_by", divisible_by, remedy="Usual is 8.")
    rule = AtrousRule(output_stride)
    layers = MobileNetLayers(SCOPE, frozen_statistics)
    scaled = Width(depth_multiplier, divisible_by or (8 if depth_multiplier == 1.0 else 1))

    x = layers.normalize(images)
    x = layers.conv(x, scaled(STEM_FILTERS), f"{SCOPE}.Conv", kernel_size=3, stride=rule.step(2)[0], activation="relu6")
    taps = {}
    for index, (expansion, channels, stride) in enumerate(BLOCKS):
        name, inputs, filters = layers.block(index), x, scaled(channels)
        if expansion > 1:
            x = layers.conv(x, make_divisible(x.shape[-1] * expansion, 8), f"{name}.expand", activation="relu6")
        stride, rate = rule.step(stride)
        x = layers.depthwise(x, 3, f"{name}.depthwise", stride=stride, rate=rate, activation="relu6")
        taps[index] = x
        x = layers.conv(x, filters, f"{name}.project")
        if stride == 1 and inputs.shape[-1] == filters:
            x = keras.layers.Add(name=f"{name}.add")([inputs, x])
    return Features(x, {stride: taps[block] for stride, block in TAP_BLOCKS.items() if stride <= output_stride})


MOBILENET_V2 = Backbone(mobilenet_v2, SCOPE, pad_value=PAD_VALUE, options=("depth_multiplier", "divisible_by"))
