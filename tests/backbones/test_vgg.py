"""VGG-16 against the released network's sizes and Caffe's pooling."""

import keras
import numpy as np
import pytest

from deeplab_tf.backbones import backbone, vgg_16
from harness.backbone_harness import network

SMALL = {"depth_multiplier": 1 / 16}


def caffe_max_pool(values):
    """3x3, stride 2, a border of one, sizes rounded up, for a single channel."""
    height, width = values.shape
    rows, columns = (-(-(side + 2 - 3) // 2) + 1 for side in (height, width))
    pooled = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            top, left = 2 * row - 1, 2 * column - 1
            pooled[row, column] = values[max(top, 0) : top + 3, max(left, 0) : left + 3].max()
    return pooled


@pytest.mark.parametrize("side, sizes", [(321, [161, 81, 41, 41, 41]), (320, [161, 81, 41, 41, 41])])
def test_sizes_are_the_released_ones(side, sizes):
    features = vgg_16(keras.Input((side, side, 3)), **SMALL)
    assert [pool.shape[1] for pool in features.pools] == sizes
    assert features.last.shape == (None, 41, 41, 32)
    assert {stride: tap.shape[1:] for stride, tap in features.taps.items()} == {4: (81, 81, 8), 8: (41, 41, 32)}


@pytest.mark.parametrize("height, width", [(9, 9), (8, 8), (7, 10)])
def test_pooling_is_that_of_caffe(height, width):
    model = network(vgg_16, 8, **SMALL)
    names = ("vgg_16.conv1.conv1_2.relu", "vgg_16.pool1")
    model = keras.Model(model.input, [model.get_layer(name).output for name in names])
    values = np.random.default_rng(0).uniform(0, 255, (1, height, width, 3)).astype(np.float32)
    before, after = (output[0, :, :, 0].numpy() for output in model(values))
    np.testing.assert_array_equal(after, caffe_max_pool(before))


def test_rates_and_names():
    model = network(vgg_16, 8, **SMALL)
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.dilation_rate[0] for layer in convolutions] == [1] * 10 + [2] * 3
    assert convolutions[0].name == "vgg_16.conv1.conv1_1"
    assert all(layer.name.startswith("vgg_16.") for layer in model.layers[1:])


def test_the_mean_is_subtracted_in_rgb_order():
    normalize = network(vgg_16, 8, **SMALL).get_layer("vgg_16.normalize")
    pad_value = backbone("vgg_16").pad_value
    assert pad_value == (122.675, 116.669, 104.008)
    np.testing.assert_allclose(normalize(np.full((1, 1, 1, 3), pad_value, np.float32)), 0, atol=1e-5)


def test_parameters_of_the_convolutions():
    assert network(vgg_16, 8).count_params() == 14_714_688


@pytest.mark.parametrize(
    "options, message",
    [
        ({"output_stride": 16}, "output_stride 8 only; received 16"),
        ({"depth_multiplier": 0}, "depth_multiplier must be a number above 0.*received 0"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        vgg_16(keras.Input((None, None, 3)), **options)
