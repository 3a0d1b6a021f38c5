"""Channels at a depth multiplier: how they are rounded, and that they change nothing but channels."""

import functools

import pytest

from deeplab_tf.backbones import BACKBONES, backbone
from deeplab_tf.backbones.width import Width, make_divisible
from harness.backbone_harness import skeleton

STRIDES = {"vgg_16": 8, "hnasnet": 8}


@pytest.mark.parametrize(
    "value, divisor, expected",
    [(24, 8, 24), (12, 8, 16), (11, 8, 16), (20, 8, 24), (19, 8, 24), (3, 8, 8), (35, 8, 32), (7.5, 1, 8)],
)
def test_make_divisible(value, divisor, expected):
    assert make_divisible(value, divisor) == expected


@pytest.mark.parametrize("divisor, expected", [(8, [24, 184, 8]), (None, [20, 182, 1])])
def test_channels_are_rounded(divisor, expected):
    assert [Width(0.25, divisor)(channels) for channels in (81, 728, 2)] == expected


@pytest.mark.parametrize("multiplier", [0, -1])
def test_a_width_of_nothing_is_refused(multiplier):
    with pytest.raises(ValueError, match=f"depth_multiplier must be a number above 0; received {multiplier}"):
        Width(multiplier)


def test_every_backbone_has_a_width():
    assert [name for name, row in BACKBONES.items() if "depth_multiplier" not in row.options] == []


@functools.cache
def shapes(name, **options):
    """By layer with weights, the shapes of these."""
    model = skeleton(backbone(name).build, STRIDES.get(name, 16), **options)
    return {layer.name: [tuple(weight.shape) for weight in layer.weights] for layer in model.layers if layer.weights}


# Worked out from the published tables: the channels of a convolution at a half of the width, and of its input.
@pytest.mark.parametrize(
    "name, layer, half, narrow",
    [
        ("resnet_50", "resnet_v1_50.block1.unit_1.bottleneck_v1.conv2", (3, 3, 32, 32), (3, 3, 8, 8)),
        ("resnet_50_beta", "resnet_v1_50.conv1_3", (3, 3, 32, 64), (3, 3, 8, 16)),
        ("resnet_18_v2", "resnet_v1_18.block4.unit_2.lite_bottleneck_v1.conv2", (3, 3, 256, 256), (3, 3, 64, 64)),
        (
            "xception_41",
            "xception_41.middle_flow.block1.unit_8.xception_module.separable_conv1_pointwise",
            (1, 1, 368, 368),
            (1, 1, 88, 88),
        ),
        ("hnasnet", "hnasnet.cell_3.1x1", (1, 1, 50, 20), (1, 1, 10, 4)),
        ("pnasnet", "pnasnet.conv1", (3, 3, 32, 32), (3, 3, 8, 8)),
    ],
)
def test_channels_follow_the_depth_multiplier(name, layer, half, narrow):
    assert shapes(name, depth_multiplier=0.5)[layer][0] == half
    assert shapes(name, depth_multiplier=1 / 8)[layer][0] == narrow


@pytest.mark.parametrize("name", ["resnet_18_beta", "resnet_50", "resnet_50_v2", "xception_41", "pnasnet"])
def test_layers_are_the_same_at_every_width(name):
    assert list(shapes(name, depth_multiplier=1 / 8)) == list(shapes(name))
