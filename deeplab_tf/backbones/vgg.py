"""VGG-16 (arXiv 1409.1556) as DeepLab's first two versions use it, with the layout of their released networks."""

from __future__ import annotations

import dataclasses

import keras

from deeplab_tf.backbones.features import Backbone, Features
from deeplab_tf.backbones.width import Width
from deeplab_tf.layers import conv_relu, normalize_images

SCOPE = "vgg_16"
OUTPUT_STRIDE = 8
# RGB mean of Caffe's ImageNet models.
MEAN = (122.675, 116.669, 104.008)
# Of each block: convolutions, channels, atrous rate, stride of the pooling after it.
BLOCKS = ((2, 64, 1, 2), (2, 128, 1, 2), (3, 256, 1, 2), (3, 512, 1, 1), (3, 512, 2, 1))


@dataclasses.dataclass(frozen=True)
class VGGFeatures(Features):
    """`Features`, and what the multi-scale head of DeepLabv1 reads.

    Args:
        images: The normalised images, `[B, H, W, 3]`.
        pools: The outputs of the five poolings, at strides 2, 4, 8, 8, 8.
    """

    images: keras.KerasTensor
    pools: tuple[keras.KerasTensor, ...]


def _max_pool(x, stride: int, name: str):
    if stride > 1:
        # Caffe rounds sizes up: n becomes n // 2 + 1. Zeros serve as padding since x comes out of a ReLU.
        x = keras.layers.ZeroPadding2D(((1, 2), (1, 2)), name=f"{name}.pad")(x)
    padding = "valid" if stride > 1 else "same"
    return keras.layers.MaxPooling2D(3, strides=stride, padding=padding, name=name)(x)


def vgg_16(
    images, *, output_stride: int = 8, depth_multiplier: float = 1.0, frozen_statistics: bool = False
) -> VGGFeatures:
    """Builds the convolutions of VGG-16 and its five poolings, the last two without stride.

    Args:
        images: float `[B, H, W, 3]`, RGB, 0-255.
        output_stride: 8, the only one of the released networks.
        depth_multiplier: Scales the channels of every layer, > 0.
        frozen_statistics: Without effect, for the sake of the common interface: there is no normalisation.

    Returns:
        The last pooling's output, 512 x depth_multiplier channels, and decoder taps at strides 4 and 8 (the second
        and the fourth pooling).

    Raises:
        ValueError: If the output stride or the depth multiplier is not possible.

    Example:
        >>> vgg_16(keras.Input((321, 321, 3))).last.shape
        (None, 41, 41, 512)
    """
    if output_stride != OUTPUT_STRIDE:
        raise ValueError(
            f"vgg_16 has output_stride {OUTPUT_STRIDE} only; received {output_stride}. "
            "Its undilated poolings would see other fields at another one."
        )
    scaled = Width(depth_multiplier, divisor=None)
    normalised = normalize_images(images, SCOPE, MEAN)
    x, pools = normalised, []
    for block, (convolutions, channels, rate, stride) in enumerate(BLOCKS, start=1):
        for index in range(1, convolutions + 1):
            name = f"{SCOPE}.conv{block}.conv{block}_{index}"
            x = conv_relu(x, scaled(channels), 3, name=name, rate=rate)
        x = _max_pool(x, stride, f"{SCOPE}.pool{block}")
        pools.append(x)
    return VGGFeatures(x, {4: pools[1], 8: pools[3]}, normalised, tuple(pools))


VGG_16 = Backbone(vgg_16, SCOPE, pad_value=MEAN, options=("depth_multiplier",))
