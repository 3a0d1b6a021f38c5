"""Which part of a network a layer belongs to, told from its name."""

from __future__ import annotations

import dataclasses
import re

from deeplab_tf.backbones import BACKBONES

PYRAMID = "image pyramid"
STEM = "stem"
BACKBONE = "backbone"
ASPP = "ASPP"
CELL = "dense prediction cell"
FULLY_CONNECTED = "fully connected"
MULTI_SCALE = "multi-scale head"
DECODER = "decoder"
CLASSIFIER = "classifier"
RESIZE = "resize"
OTHER = "other"
SCALES = "maximum of scales"

# A layer's name to its part and group; the first pattern that fits decides. Names are checkpoint scopes, so what a
# pattern does not tell apart the release does not either.
RULES = tuple(
    (re.compile(pattern), part, group)
    for pattern, part, group in (
        (r"vgg_16\.(?:conv|pool)(\d)(?:\.|$)", BACKBONE, r"conv\1"),
        (r"vgg_16\.(fc\d(?:_\d+)?|pool5a)(?:\.|$)", FULLY_CONNECTED, r"\1"),
        (r"resnet_v1_\d+\.(block\d)\.", BACKBONE, r"\1"),
        (r"xception_\d+\.(\w+_flow\.block\d)\.", BACKBONE, r"\1"),
        (r"Mobilenet\w+\.(expanded_conv(?:_\d+)?|Conv_1)(?:\.|$)", BACKBONE, r"\1"),
        (r"[hp]nasnet\.(cell_\d+)\.", BACKBONE, r"\1"),
        (r"[hp]nasnet\.last\.", BACKBONE, "last ReLU"),
        (r"(?:vgg_16|resnet_v1_\d+|xception_\d+|Mobilenet\w+|[hp]nasnet)\.", STEM, "stem"),
        (r"aspp\.concat$", ASPP, "concat_projection"),
        (r"(image_pooling|aspp\d+|concat_projection)(?:[._]|$)", ASPP, r"\1"),
        (r"meta_architecture\.(branch\d+)", CELL, r"\1"),
        (r"meta_architecture\.", CELL, "concat_projection"),
        (r"msc\.(scale\d)\.", MULTI_SCALE, r"msc \1"),
        (r"msc\.concat$", MULTI_SCALE, "msc concat"),
        (r"decoder\.", DECODER, "decoder"),
        (r"(logits\.semantic(?:_\d+)?)$", CLASSIFIER, r"\1"),
        (r"logits\.sum$", CLASSIFIER, "sum"),
        (r"logits\.(?:scale_.*|fused)$", CLASSIFIER, SCALES),
        (r"logits\.resize$", RESIZE, "resize"),
        (r"image\.scale_(.*)$", PYRAMID, r"image × \1"),
    )
)


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a layer stands.

    Args:
        part: One of this module's names of parts.
        group: The block, branch or stage inside it.
    """

    part: str
    group: str


def place(layer_name: str) -> Place:
    """The part and the group of the layer with this name; `OTHER` where no rule knows it.

    Of a backbone that no rule knows, what follows its scope in the layer's name is the group.

    Args:
        layer_name: As Keras has it, with `.` between scopes.

    Returns:
        The part, and the group inside it.

    Example:
        >>> place("xception_65.middle_flow.block1.unit_3.xception_module.add")
        Place(part='backbone', group='middle_flow.block1')
    """
    for pattern, part, group in RULES:
        match = pattern.match(layer_name)
        if match:
            return Place(part, match.expand(group))
    scope, *group = layer_name.split(".")
    if group and scope in {row.scope for row in BACKBONES.values()}:
        return Place(STEM, STEM) if group[0] == "normalize" else Place(BACKBONE, group[0])
    return Place(OTHER, scope)
