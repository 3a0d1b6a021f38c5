"""The Xceptions against the harness and the strides, rates and taps of the original release."""

import keras
import pytest

from deeplab_tf.backbones import backbone, xception
from deeplab_tf.models.without_values import without_values
from harness.backbone_harness import BackboneHarness, skeleton


class TestXception41(BackboneHarness):
    name = "xception_41"
    options = {"multi_grid": (1, 2, 4), "depth_multiplier": 1 / 8}  # noqa: RUF012
    channels = {4: 32, 8: 88, 16: 128, "last": 256}  # noqa: RUF012


def plan(model):
    """Of every depthwise convolution: its place in the network, stride and rate."""
    return {
        layer.name.split(".", 1)[1].replace(".xception_module.separable_conv", ".").removesuffix("_depthwise"): (
            layer.strides[0],
            layer.dilation_rate[0],
        )
        for layer in model.layers
        if isinstance(layer, keras.layers.DepthwiseConv2D)
    }


def expected_plan(entry, middle_units, middle_rate, exit_rates):
    """The same, of entry strides by block, and what follows."""
    places = {}
    for block, stride in enumerate(entry, start=1):
        places |= {f"entry_flow.block{block}.unit_1.{conv}": (stride if conv == 3 else 1, 1) for conv in (1, 2, 3)}
    for unit in range(1, middle_units + 1):
        places |= {f"middle_flow.block1.unit_{unit}.{conv}": (1, middle_rate) for conv in (1, 2, 3)}
    places |= {f"exit_flow.block1.unit_1.{conv}": (1, exit_rates[0]) for conv in (1, 2, 3)}
    return places | {f"exit_flow.block2.unit_1.{conv}": (1, rate) for conv, rate in enumerate(exit_rates[1], start=1)}


@pytest.mark.parametrize(
    "name, output_stride, expected, taps",
    [
        ("xception_41", 16, ((2, 2, 2), 8, 1, (1, (2, 4, 8))), ("entry_flow.block2", "entry_flow.block3")),
        ("xception_71", 8, ((2, 1, 2, 1, 1), 16, 2, (2, (4, 8, 16))), ("entry_flow.block3", "entry_flow.block5")),
    ],
)
def test_strides_rates_and_taps(name, output_stride, expected, taps):
    images = keras.Input((None, None, 3))
    features = without_values(lambda: backbone(name).build(images, output_stride=output_stride, multi_grid=(1, 2, 4)))
    model = keras.Model(images, [features.last, *features.taps.values()])
    assert plan(model) == expected_plan(*expected)
    # The normalised output of the second separable convolution, before any activation.
    blocks = [*taps, "exit_flow.block1"] if output_stride == 16 else taps
    second = "unit_1.xception_module.separable_conv2_pointwise.BatchNorm"
    expected_taps = dict(zip((4, 8, 16), (f"{name}.{block}.{second}" for block in blocks)))
    for stride, layer in expected_taps.items():
        assert features.taps[stride] is model.get_layer(layer).output


def test_activations_are_before_the_convolutions_but_in_the_last_module():
    model = skeleton(xception, 16, variant=41)
    before = {layer.name for layer in model.layers if layer.name.endswith("_input.relu")}
    after = {layer.name for layer in model.layers if layer.name.endswith(("_depthwise.relu", "_pointwise.relu"))}
    # Twelve modules of three, all but the last.
    assert len(before) == 36
    assert not any("exit_flow.block2" in name for name in before)
    assert len(after) == 6
    assert all("exit_flow.block2" in name for name in after)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"variant": 99}, "variant must be one of 41, 65, 71; received 99"),
        ({"variant": 65, "multi_grid": (1, 2)}, r"3 whole numbers above 0.*received \(1, 2\)"),
        ({"variant": 65, "output_stride": 4}, "output_stride must be one of"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        xception(keras.Input((None, None, 3)), **settings)
