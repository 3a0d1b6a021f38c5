"""Feature extractors: functions from an image tensor to `Features`, by name in one table."""

from deeplab_tf.backbones.features import OUTPUT_STRIDES, AtrousRule, Backbone, Features
from deeplab_tf.backbones.mobilenet_edgetpu import MOBILENET_EDGETPU, MOBILENET_EDGETPU_SLIM, mobilenet_edgetpu
from deeplab_tf.backbones.mobilenet_v2 import MOBILENET_V2, mobilenet_v2
from deeplab_tf.backbones.mobilenet_v3 import MOBILENET_V3_LARGE, MOBILENET_V3_SMALL, mobilenet_v3
from deeplab_tf.backbones.nas import HNASNET, PNASNET, hnasnet, pnasnet
from deeplab_tf.backbones.resnet import RESNETS, resnet
from deeplab_tf.backbones.vgg import VGG_16, vgg_16
from deeplab_tf.backbones.xception import XCEPTIONS, xception
from deeplab_tf.checks import one_of

BACKBONES: dict[str, Backbone] = {
    "mobilenet_v2": MOBILENET_V2,
    "mobilenet_v3_large": MOBILENET_V3_LARGE,
    "mobilenet_v3_small": MOBILENET_V3_SMALL,
    "mobilenet_edgetpu": MOBILENET_EDGETPU,
    "mobilenet_edgetpu_slim": MOBILENET_EDGETPU_SLIM,
    "hnasnet": HNASNET,
    "pnasnet": PNASNET,
    "vgg_16": VGG_16,
    **RESNETS,
    **XCEPTIONS,
}


def backbone(name: str) -> Backbone:
    """The backbone called `name`.

    Raises:
        ValueError: If there is none; the message lists the known.

    Example:
        >>> backbone("mobilenet_v2").pad_value
        (127.5, 127.5, 127.5)
    """
    return BACKBONES[one_of("backbone", name, BACKBONES)]


__all__ = [
    "BACKBONES",
    "OUTPUT_STRIDES",
    "AtrousRule",
    "Backbone",
    "Features",
    "backbone",
    "hnasnet",
    "mobilenet_edgetpu",
    "mobilenet_v2",
    "mobilenet_v3",
    "pnasnet",
    "resnet",
    "vgg_16",
    "xception",
]
