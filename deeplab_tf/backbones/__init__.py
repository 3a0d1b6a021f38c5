"""Feature extractors: functions from an image tensor to `Features`, by name in one table."""

from deeplab_tf.backbones.features import OUTPUT_STRIDES, AtrousRule, Backbone, Features
from deeplab_tf.backbones.mobilenet_v2 import MOBILENET_V2, mobilenet_v2

BACKBONES: dict[str, Backbone] = {
    "mobilenet_v2": MOBILENET_V2,
}


def backbone(name: str) -> Backbone:
    """The backbone called `name`.

    Raises:
        ValueError: If there is none; the message lists the known.

    Example:
        >>> backbone("mobilenet_v2").pad_value
        (127.5, 127.5, 127.5)
    """
    if name not in BACKBONES:
        raise ValueError(f"Unknown backbone {name!r}; known are {sorted(BACKBONES)}.")
    return BACKBONES[name]


__all__ = ["BACKBONES", "OUTPUT_STRIDES", "AtrousRule", "Backbone", "Features", "backbone", "mobilenet_v2"]
