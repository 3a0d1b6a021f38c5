"""The ResNets against the harness, the rates of the original release, and the forms of its strided convolutions."""

import keras
import numpy as np
import pytest

from deeplab_tf.backbones import BACKBONES, backbone, resnet
from deeplab_tf.layers import BatchNorm
from deeplab_tf.models import copy_weights
from harness.backbone_harness import BackboneHarness, network, skeleton

NARROW = {"depth_multiplier": 1 / 8}


def prepare(model):
    """Residual branches that do not add up to large numbers, and statistics that have an effect."""
    draw = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, BatchNorm):
            gamma = layer.get_weights()[0]
            ranges = ((0.3, 0.7), (-0.2, 0.2), (-0.2, 0.2), (0.8, 1.5))
            layer.set_weights([draw.uniform(low, high, gamma.shape) for low, high in ranges])


class TestResNet50Beta(BackboneHarness):
    name = "resnet_50_beta"
    options = {"multi_grid": (1, 2, 4), **NARROW}  # noqa: RUF012
    channels = {4: 32, 8: 64, 16: 128, "last": 256}  # noqa: RUF012

    def prepare(self, model):
        prepare(model)


class TestResNet18(BackboneHarness):
    name = "resnet_18"
    options = NARROW
    channels = {4: 8, 8: 16, 16: 32, "last": 64}  # noqa: RUF012

    def prepare(self, model):
        prepare(model)


@pytest.mark.parametrize(
    "name, options",
    [
        ("resnet_18_beta", {"multi_grid": (1, 2), "cascade_blocks": 1, **NARROW}),
        ("resnet_18_v2", {"cascade_blocks": 1, **NARROW}),
    ],
)
def test_cascades_are_consistent_too(name, options):
    coarse, fine = (network(backbone(name).build, stride, **options) for stride in (32, 8))
    prepare(coarse)
    assert copy_weights(coarse, fine) == []
    images = np.random.default_rng(0).uniform(0, 255, (1, 97, 65, 3)).astype(np.float32)
    expected = coarse(images)["last"].numpy()
    features = fine(images)["last"].numpy()[:, ::4, ::4]
    np.testing.assert_allclose(features, expected, atol=1e-4 * np.abs(expected).max())


def plan(depth, kind, output_stride, **options):
    """(stride, rate) of the 3x3 convolution of every bottleneck, and the model."""
    model = skeleton(resnet, output_stride, depth=depth, kind=kind, **options)
    layers = [layer for layer in model.layers if layer.name.endswith("bottleneck_v1.conv2")]
    return [(layer.strides[0], layer.dilation_rate[0]) for layer in layers], model


# Blocks 1 to 4 of ResNet-50: the last unit carries the stride; once it is left out, what follows is dilated.
AT_8 = [(1, 1)] * 2 + [(2, 1)] + [(1, 1)] * 4 + [(1, 2)] * 6 + [(1, 4), (1, 8), (1, 16)]
AT_16 = [(1, 1)] * 2 + [(2, 1)] + [(1, 1)] * 3 + [(2, 1)] + [(1, 1)] * 6 + [(1, 2), (1, 4), (1, 8)]


@pytest.mark.parametrize("output_stride, expected", [(8, AT_8), (16, AT_16)])
def test_strides_and_rates_of_the_release(output_stride, expected):
    assert plan(50, "", output_stride, multi_grid=(1, 2, 4))[0] == expected


def test_deeplab_v2_has_strides_first_and_one_rate_a_block():
    rates, model = plan(50, "_v2", 8)
    assert rates == [(1, 1)] * 7 + [(1, 2)] * 6 + [(1, 4)] * 3
    strides = {
        layer.name.removeprefix("resnet_v1_50."): layer.strides[0]
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D) and layer.strides[0] > 1
    }
    unit = "block2.unit_1.bottleneck_v1"
    assert strides == {"conv1": 2, f"{unit}.conv1": 2, f"{unit}.shortcut": 2}


def test_cascaded_blocks_have_rising_rates():
    rates, model = plan(50, "", 16, multi_grid=(1, 2, 1), cascade_blocks=3)
    # Section 3.1: 2, 4, 8, 16 times the multi-grid.
    assert rates[-12:] == [(1, rate * unit) for rate in (2, 4, 8, 16) for unit in (1, 2, 1)]
    assert model.layers[-1].name == "resnet_v1_50.block7.unit_3.bottleneck_v1.relu"


@pytest.mark.parametrize("name, channels", [("resnet_18", [64]), ("resnet_18_beta", [16, 16, 32])])
def test_stems(name, channels):
    model = skeleton(backbone(name).build, 32)
    convs = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)][: len(channels)]
    assert [conv.filters for conv in convs] == channels
    assert [conv.strides[0] for conv in convs] == [2, 1, 1][: len(channels)]


def test_strided_convolutions_pad_alike_on_all_sides():
    model = skeleton(resnet, 32, depth=18, kind="")
    strided = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D) and layer.strides[0] > 1]
    pads = {layer.name.removesuffix(".pad"): layer for layer in model.layers if layer.name.endswith(".pad")}
    assert {layer.name for layer in strided} == set(pads)
    for layer in strided:
        side = layer.kernel_size[0] // 2
        assert layer.padding == "valid"
        assert pads[layer.name].padding == ((side, side), (side, side))


@pytest.mark.parametrize("name, trains", [("resnet_18", True), ("resnet_18_v2", False)])
def test_frozen_statistics_freeze_scale_and_shift_in_deeplab_v2_only(name, trains):
    model = skeleton(backbone(name).build, 8, frozen_statistics=True)
    norms = [layer for layer in model.layers if isinstance(layer, BatchNorm)]
    assert all(layer.frozen_statistics for layer in norms)
    assert {bool(layer.trainable_weights) for layer in norms} == {trains}


def test_the_table_has_every_depth_in_every_kind():
    assert {f"resnet_{depth}{kind}" for depth in (18, 50, 101) for kind in ("", "_beta", "_v2")} <= set(BACKBONES)
    values = [BACKBONES[f"resnet_101{kind}"].pad_value for kind in ("", "_beta", "_v2")]
    assert values == [(123.15, 115.90, 103.06), (127.5, 127.5, 127.5), (122.675, 116.669, 104.008)]


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"depth": 34}, r"No ResNet of depth 34 .*depths are \[18, 50, 101\]"),
        ({"depth": 50, "kind": "_v9"}, r"kind '_v9'.*kinds \['', '_beta', '_v2'\]"),
        ({"depth": 18, "multi_grid": (1, 2, 4)}, r"2 whole numbers above 0.*received \(1, 2, 4\)"),
        ({"depth": 50, "multi_grid": (1, 0, 4)}, r"3 whole numbers above 0.*received \(1, 0, 4\)"),
        ({"depth": 50, "cascade_blocks": 4}, "cascade_blocks must be a whole number from 0 to 3; received 4"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        resnet(keras.Input((None, None, 3)), **settings)
