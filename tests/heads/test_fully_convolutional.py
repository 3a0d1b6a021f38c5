"""VGG's fully connected layers as convolutions: their rates, Caffe's average, refusals."""

import keras
import numpy as np
import pytest

from deeplab_tf.heads import join_scales, vgg_head


def test_one_branch_per_rate():
    x = keras.Input((9, 9, 8))
    model = keras.Model(x, vgg_head(x, (6, 12), filters=4))
    rates = {layer.name: layer.dilation_rate[0] for layer in model.layers if isinstance(layer, keras.layers.Conv2D)}
    assert rates == {"vgg_16.fc6_1": 6, "vgg_16.fc7_1": 1, "vgg_16.fc6_2": 12, "vgg_16.fc7_2": 1}
    assert [output.shape for output in model.outputs] == [(None, 9, 9, 4)] * 2


def test_the_average_counts_the_border_as_caffe_does():
    x = keras.Input((None, None, 1))
    model = keras.Model(x, vgg_head(x, (12,), filters=1, average_pool=True))
    averages = keras.Model(x, model.get_layer("vgg_16.pool5a").output)(np.ones((1, 3, 3, 1), np.float32))
    np.testing.assert_allclose(averages[0, :, :, 0] * 9, [[4, 6, 4], [6, 9, 6], [4, 6, 4]], rtol=1e-6)


@pytest.mark.parametrize("rates", [(), (0,), (1.5,)])
def test_impossible_rates_are_refused(rates):
    with pytest.raises(ValueError, match="whole numbers above 0; received"):
        vgg_head(keras.Input((9, 9, 8)), rates)


def test_scales_join_the_last_map():
    maps = [keras.Input((33, 33, 3)), keras.Input((17, 17, 4))]
    x = keras.Input((9, 9, 8))
    model = keras.Model([x, *maps], join_scales(x, maps, 2))
    assert model.output.shape == (None, 9, 9, 8 + 2 * 2)
    assert "msc.scale1.conv2" in {layer.name for layer in model.layers}
