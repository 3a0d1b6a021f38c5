"""MobileNetV2 against the harness and the published widths."""

import keras
import numpy as np
import pytest

from deeplab_tf.backbones import backbone, mobilenet_v2
from harness.backbone_harness import BackboneHarness, network


class TestMobileNetV2(BackboneHarness):
    name = "mobilenet_v2"
    options = {"depth_multiplier": 0.5}  # noqa: RUF012
    channels = {4: 72, 8: 96, 16: 288, "last": 160}  # noqa: RUF012


def widths(depth_multiplier):
    model = network(mobilenet_v2, 16, depth_multiplier=depth_multiplier)
    depthwise = [layer for layer in model.layers if isinstance(layer, keras.layers.DepthwiseConv2D)]
    projections = [layer for layer in model.layers if layer.name.endswith(".project")]
    return [layer.output.shape[-1] for layer in depthwise], [layer.filters for layer in projections]


# Read off the released checkpoints.
@pytest.mark.parametrize(
    "depth_multiplier, depthwise, projected",
    [
        (
            1.0,
            [32, 96, 144, 144, *[192] * 3, *[384] * 4, *[576] * 3, *[960] * 3],
            [16, 24, 24, *[32] * 3, *[64] * 4, *[96] * 3, *[160] * 3, 320],
        ),
        (
            0.5,
            [16, 48, 72, 72, *[96] * 3, *[192] * 4, *[288] * 3, *[480] * 3],
            [8, 12, 12, *[16] * 3, *[32] * 4, *[48] * 3, *[80] * 3, 160],
        ),
    ],
)
def test_widths(depth_multiplier, depthwise, projected):
    assert widths(depth_multiplier) == (depthwise, projected)


def test_images_are_scaled_to_one_in_float32_under_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = network(mobilenet_v2, 16, depth_multiplier=0.25)
    finally:
        keras.config.set_dtype_policy(before)
    scaled = model.get_layer("MobilenetV2.normalize")(np.array([[[[0, 127.5, 255]]]], np.float32))
    assert scaled.dtype == "float32"
    np.testing.assert_allclose(scaled, [[[[-1, 0, 1]]]], atol=1e-6)


def test_unknown_backbones_are_refused():
    with pytest.raises(ValueError, match=r"backbone must be one of .*'mobilenet_v2'.*received 'resnet_9000'"):
        backbone("resnet_9000")
