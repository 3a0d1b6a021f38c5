"""MobileNet EdgeTPU against the harness, the original code's counts, and the released slim network's widths."""

import keras
import numpy as np
import pytest

from deeplab_tf.backbones import backbone
from harness.backbone_harness import BackboneHarness, network


class TestMobileNetEdgeTPU(BackboneHarness):
    name = "mobilenet_edgetpu"
    options = {"depth_multiplier": 0.25}  # noqa: RUF012
    channels = {"last": 320}  # noqa: RUF012


def test_parameter_counts():
    model = network(backbone("mobilenet_edgetpu").build, 16)
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert (trainable, model.count_params(), len(model.weights)) == (2_810_432, 2_849_312, 290)


@pytest.mark.parametrize("name, last", [("mobilenet_edgetpu", 960), ("mobilenet_edgetpu_slim", 1280)])
def test_widths_at_three_quarters(name, last):
    model = network(backbone(name).build, 16, depth_multiplier=0.75)
    filters = {layer.name.split(".", 1)[1]: layer.filters for layer in model.layers if hasattr(layer, "filters")}
    expanded = [value for layer, value in filters.items() if layer.endswith("expand")]
    projected = [value for layer, value in filters.items() if layer.endswith("project")]
    # Read off the released file, but for the plain rule's last convolution.
    assert (filters["Conv"], filters["Conv_1"]) == (24, last)
    assert expanded == [128, *[96] * 3, 192, *[160] * 3, 320, *[288] * 3, 576, *[288] * 3, 576, *[480] * 3, 960]
    assert projected == [16, *[24] * 4, *[40] * 4, *[72] * 8, *[120] * 4, 144]


def test_blocks_are_fused_down_to_stride_eight():
    model = network(backbone("mobilenet_edgetpu_slim").build, 16)
    kernels = [layer.kernel_size[0] for layer in model.layers if layer.name.endswith("expand")]
    assert kernels == [3] * 8 + [1] * 13
    depthwise = [layer for layer in model.layers if isinstance(layer, keras.layers.DepthwiseConv2D)]
    assert [layer.kernel_size[0] for layer in depthwise] == [3] * 8 + [5] * 4 + [3]
    # As in the released file.
    assert [layer.dilation_rate[0] for layer in depthwise] == [1] * 9 + [2] * 4
