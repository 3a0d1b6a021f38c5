"""The atrous rule against the rates that the original release works out for MobileNetV2."""

import keras
import pytest

from deeplab_tf.backbones import AtrousRule, mobilenet_v2

# Strides and rates of the depthwise convolutions of blocks 0 to 16.
AT_16 = ([1, 2, 1, 2, 1, 1, 2] + [1] * 10, [1] * 14 + [2] * 3)
AT_8 = ([1, 2, 1, 2] + [1] * 13, [1] * 7 + [2] * 7 + [4] * 3)
AT_32 = ([1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1], [1] * 17)


@pytest.mark.parametrize("output_stride, expected", [(16, AT_16), (8, AT_8), (32, AT_32)])
def test_strides_and_rates_of_mobilenet_v2(output_stride, expected):
    images = keras.Input((None, None, 3))
    network = keras.Model(images, mobilenet_v2(images, output_stride=output_stride).last)
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.DepthwiseConv2D)]
    assert ([layer.strides[0] for layer in layers], [layer.dilation_rate[0] for layer in layers]) == expected


def test_rates_multiply_with_every_stride_left_out():
    rule = AtrousRule(8)
    steps = [rule.step(stride) for stride in (2, 1, 2, 2, 1, 2, 1, 2, 1)]
    assert steps == [(2, 1), (1, 1), (2, 1), (2, 1), (1, 1), (1, 1), (1, 2), (1, 2), (1, 4)]


@pytest.mark.parametrize("output_stride", [0, 4, 12, 64, 16.5, None])
def test_other_output_strides_are_refused(output_stride):
    with pytest.raises(ValueError, match=rf"one of 8, 16, 32; received {output_stride}"):
        AtrousRule(output_stride)
