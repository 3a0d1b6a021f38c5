"""MobileNetV3 against the harness and the released widths."""

import keras
import numpy as np
import pytest

from deeplab_tf.backbones import backbone, mobilenet_v3
from harness.backbone_harness import BackboneHarness, network


class MobileNetV3Harness(BackboneHarness):
    options = {"depth_multiplier": 0.5}  # noqa: RUF012

    def prepare(self, model):
        # The mean over a map is not the mean over its samples: consistency is a matter of gates that ignore it.
        for layer in model.layers:
            if layer.name.endswith("squeeze_excite.Conv_1"):
                kernel, bias = layer.get_weights()
                layer.set_weights([kernel * 0, np.random.default_rng(0).uniform(-2, 2, bias.shape)])


class TestLarge(MobileNetV3Harness):
    name = "mobilenet_v3_large"
    channels = {4: 48, 8: 72, 16: 336, "last": 240}  # noqa: RUF012


class TestSmall(MobileNetV3Harness):
    name = "mobilenet_v3_small"
    channels = {4: 8, 8: 56, 16: 72, "last": 144}  # noqa: RUF012


def layers_of(name, kind, ending):
    model = network(backbone(name).build, 32)
    return [layer for layer in model.layers if isinstance(layer, kind) and layer.name.endswith(ending)]


@pytest.mark.parametrize(
    "name, depthwise, projected, squeezed",
    [
        (
            "mobilenet_v3_large",
            [16, 64, 72, 72, 120, 120, 240, 200, 184, 184, 480, 672, 336, 480, 480],
            [16, 24, 24, 40, 40, 40, 80, 80, 80, 80, 112, 112, 80, 80, 80],
            [24, 32, 32, 120, 168, 88, 120, 120],
        ),
        (
            "mobilenet_v3_small",
            [16, 72, 88, 96, 240, 240, 120, 144, 144, 288, 288],
            [16, 24, 24, 40, 40, 40, 48, 48, 48, 48, 48],
            [8, 24, 64, 64, 32, 40, 40, 72, 72],
        ),
    ],
)
def test_widths(name, depthwise, projected, squeezed):
    found = layers_of(name, keras.layers.DepthwiseConv2D, ".depthwise")
    assert [layer.output.shape[-1] for layer in found] == depthwise
    assert [layer.filters for layer in layers_of(name, keras.layers.Conv2D, ".project")] == projected
    assert [layer.filters for layer in layers_of(name, keras.layers.Conv2D, "excite.Conv")] == squeezed


def test_taps_are_depthwise_outputs_before_squeeze_and_excitation():
    images = keras.Input((None, None, 3))
    features = mobilenet_v3(images, output_stride=32)
    assert {stride: keras.Model(images, tap).layers[-1].name for stride, tap in features.taps.items()} == {
        4: "MobilenetV3.expanded_conv_2.depthwise.relu",
        8: "MobilenetV3.expanded_conv_5.depthwise.relu",
        16: "MobilenetV3.expanded_conv_11.depthwise.hard_swish",
    }


@pytest.mark.parametrize("value, expected", [(-4, 0), (-3, 0), (-1, -1 / 3), (0, 0), (1, 2 / 3), (3, 3), (10, 10)])
def test_hard_swish_is_x_times_a_clipped_line(value, expected):
    activation = layers_of("mobilenet_v3_small", keras.layers.Activation, "hard_swish")[0]
    np.testing.assert_allclose(activation(np.float32(value)), expected, atol=1e-6)


def test_impossible_widths_are_refused():
    with pytest.raises(ValueError, match=r"depth_multiplier must be a number above 0.*received -1"):
        mobilenet_v3(keras.Input((None, None, 3)), depth_multiplier=-1)
