"""The building blocks of heads and backbones."""

from deeplab_tf.layers.aspp import aspp, default_atrous_rates, image_pooling
from deeplab_tf.layers.convolution import (
    conv_bn,
    depthwise_bn,
    head_norm,
    separable_conv_bn,
    truncated_normal,
)
from deeplab_tf.layers.decoder import decoder, reads_logits
from deeplab_tf.layers.dense_prediction_cell import GridPool, dense_prediction_cell
from deeplab_tf.layers.drop_path import DropPath
from deeplab_tf.layers.image_normalization import ImageNormalization, channel_values, normalize_images
from deeplab_tf.layers.image_scale import ImageScale
from deeplab_tf.layers.lr_aspp import WindowPooling, lr_aspp
from deeplab_tf.layers.normalization import BatchNorm, Norm
from deeplab_tf.layers.resize import ResizeLike
from deeplab_tf.layers.squeeze_excite import QSigmoid, squeeze_excite

__all__ = [
    "BatchNorm",
    "DropPath",
    "GridPool",
    "ImageNormalization",
    "ImageScale",
    "Norm",
    "QSigmoid",
    "ResizeLike",
    "WindowPooling",
    "aspp",
    "channel_values",
    "conv_bn",
    "decoder",
    "default_atrous_rates",
    "dense_prediction_cell",
    "depthwise_bn",
    "head_norm",
    "image_pooling",
    "lr_aspp",
    "normalize_images",
    "reads_logits",
    "separable_conv_bn",
    "squeeze_excite",
    "truncated_normal",
]
