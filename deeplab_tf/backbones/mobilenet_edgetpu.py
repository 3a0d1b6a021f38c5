"""MobileNet EdgeTPU: MobileNet blocks made of what the EdgeTPU computes fast, and its slim form."""

from __future__ import annotations

import functools

import keras

from deeplab_tf.backbones.features import AtrousRule, Backbone, Features
from deeplab_tf.backbones.mobilenet import PAD_VALUE, MobileNetLayers
from deeplab_tf.backbones.width import Width, make_divisible

SCOPE = "MobilenetEdgeTPU"
STEM_FILTERS, LAST_FILTERS = 32, 1280
SLIM_DEPTH_MULTIPLIER = 0.75
# In a fused block one dense convolution expands and looks around; the others expand 1x1, then look around depthwise.
FUSED, DEPTHWISE = "fused", "depthwise"
# Of each run of blocks: kind, number of blocks, expansion factor, output channels at depth multiplier 1, kernel
# size, stride, whether a block adds its input.
BLOCKS = (
    (FUSED, 1, 1, 16, 1, 1, False),
    (FUSED, 1, 8, 32, 3, 2, False), (FUSED, 3, 4, 32, 3, 1, True),
    (FUSED, 1, 8, 48, 3, 2, False), (FUSED, 3, 4, 48, 3, 1, True),
    (DEPTHWISE, 1, 8, 96, 3, 2, False), (DEPTHWISE, 3, 4, 96, 3, 1, True),
    (DEPTHWISE, 1, 8, 96, 3, 1, False), (DEPTHWISE, 3, 4, 96, 3, 1, True),
    (DEPTHWISE, 1, 8, 160, 5, 2, False), (DEPTHWISE, 3, 4, 160, 5, 1, True),
    (DEPTHWISE, 1, 8, 192, 3, 1, False),
)  # fmt: skip


def mobilenet_edgetpu(
    images,
    *,
    slim: bool = False,
    output_stride: int = 16,
    depth_multiplier: float = 1.0,
    frozen_statistics: bool = False,
) -> Features:
    """Builds MobileNet EdgeTPU up to its last 1x1 convolution, all with ReLU.

    Args:
        images: float `[B, H, W, 3]`, RGB, 0-255.
        slim: Never make the last convolution narrower than 1280 channels, as the released slim network.
        output_stride: 8, 16 or 32.
        depth_multiplier: Scales the channels of every layer, > 0.
        frozen_statistics: Keep the moving statistics of batch normalisation fixed in training.

    Returns:
        The last map, 1280 x depth_multiplier channels, at least 1280 if `slim`. There are no decoder taps: the
        release defines none.

    Raises:
        ValueError: If the output stride or the depth multiplier is not possible.

    Example:
        >>> features = mobilenet_edgetpu(keras.Input((513, 513, 3)), depth_multiplier=0.75, slim=True)
        >>> features.last.shape, features.taps
        ((None, 33, 33, 1280), {})
    """
    scaled = Width(depth_multiplier)
    rule = AtrousRule(output_stride)
    layers = MobileNetLayers(SCOPE, frozen_statistics)

    def block(x, name, kind, expansion, channels, kernel_size, stride, adds):
        inputs, expanded = x, make_divisible(x.shape[-1] * expansion, 8)
        stride, rate = rule.step(stride)
        around = {"stride": stride, "rate": rate, "activation": "relu"}
        if kind == DEPTHWISE:
            x = layers.conv(x, expanded, f"{name}.expand", activation="relu")
            x = layers.depthwise(x, kernel_size, f"{name}.depthwise", **around)
        elif expansion > 1:
            x = layers.conv(x, expanded, f"{name}.expand", kernel_size=kernel_size, **around)
        x = layers.conv(x, scaled(channels), f"{name}.project")
        return keras.layers.Add(name=f"{name}.add")([inputs, x]) if adds else x

    x = layers.normalize(images)
    x = layers.conv(x, scaled(STEM_FILTERS), f"{SCOPE}.Conv", kernel_size=3, stride=rule.step(2)[0], activation="relu")
    index = 0
    for kind, repeats, *shape in BLOCKS:
        for _ in range(repeats):
            x = block(x, layers.block(index), kind, *shape)
            index += 1
    last = max(scaled(LAST_FILTERS), LAST_FILTERS) if slim else scaled(LAST_FILTERS)
    return Features(layers.conv(x, last, f"{SCOPE}.Conv_1", activation="relu"), {})


MOBILENET_EDGETPU = Backbone(mobilenet_edgetpu, SCOPE, PAD_VALUE, options=("depth_multiplier",))
MOBILENET_EDGETPU_SLIM = Backbone(
    functools.partial(mobilenet_edgetpu, depth_multiplier=SLIM_DEPTH_MULTIPLIER, slim=True),
    SCOPE,
    PAD_VALUE,
    options=("depth_multiplier",),
)
