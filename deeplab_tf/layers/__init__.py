"""The building blocks of heads and backbones."""

from deeplab_tf.layers.aspp import aspp, default_atrous_rates, image_pooling
from deeplab_tf.layers.convolution import (
    conv_bn,
    depthwise_bn,
    head_norm,
    separable_conv_bn,
    truncated_normal,
)
from deeplab_tf.layers.decoder import decoder
from deeplab_tf.layers.normalization import BatchNorm, Norm
from deeplab_tf.layers.resize import ResizeLike

__all__ = [
    "BatchNorm",
    "Norm",
    "ResizeLike",
    "aspp",
    "conv_bn",
    "decoder",
    "default_atrous_rates",
    "depthwise_bn",
    "head_norm",
    "image_pooling",
    "separable_conv_bn",
    "truncated_normal",
]
