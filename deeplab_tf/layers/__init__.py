"""The building blocks of heads and backbones."""

from deeplab_tf.layers.convolution import (
    conv_bn,
    conv_relu,
    depthwise_bn,
    head_norm,
    separable_conv_bn,
    truncated_normal,
)
from deeplab_tf.layers.drop_path import DropPath
from deeplab_tf.layers.dropout import Dropout
from deeplab_tf.layers.image_normalization import ImageNormalization, channel_values, normalize_images
from deeplab_tf.layers.image_scale import ImageScale
from deeplab_tf.layers.normalization import BatchNorm, Norm
from deeplab_tf.layers.resize import ResizeLike, resize_aligned
from deeplab_tf.layers.squeeze_excite import QSigmoid, squeeze_excite

__all__ = [
    "BatchNorm",
    "DropPath",
    "Dropout",
    "ImageNormalization",
    "ImageScale",
    "Norm",
    "QSigmoid",
    "ResizeLike",
    "channel_values",
    "conv_bn",
    "conv_relu",
    "depthwise_bn",
    "head_norm",
    "normalize_images",
    "resize_aligned",
    "separable_conv_bn",
    "squeeze_excite",
    "truncated_normal",
]
