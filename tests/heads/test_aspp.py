"""ASPP: branches, rates, and what image pooling is."""

import keras
import numpy as np
import pytest

from deeplab_tf.heads import aspp, default_atrous_rates, image_pooling
from deeplab_tf.layers import head_norm


@pytest.mark.parametrize("output_stride, rates", [(16, (6, 12, 18)), (8, (12, 24, 36)), (32, (3, 6, 9))])
def test_rates_follow_the_output_stride(output_stride, rates):
    assert default_atrous_rates(output_stride) == rates


def test_image_pooling_is_the_normalised_mean_everywhere():
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, image_pooling(inputs, 2, head_norm()))
    kernel = np.array([[1, -1], [2, 0.5], [0, 3]], np.float32)
    model.get_layer("image_pooling").set_weights([kernel[None, None]])
    values = np.random.default_rng(0).normal(size=(1, 4, 7, 3)).astype(np.float32)
    pooled = np.maximum(values.mean((1, 2)) @ kernel / np.sqrt(1 + 1e-5), 0)
    np.testing.assert_allclose(model(values), np.broadcast_to(pooled[:, None, None], (1, 4, 7, 2)), atol=1e-5)


@pytest.mark.parametrize("separable", [False, True])
def test_one_branch_a_rate(separable):
    inputs = keras.Input((None, None, 8))
    model = keras.Model(inputs, aspp(inputs, (2, 4), norm=head_norm(), filters=4, separable=separable))
    layers = [model.get_layer(f"aspp{index}" + ("_depthwise" if separable else "")) for index in (1, 2)]
    assert [layer.dilation_rate for layer in layers] == [(2, 2), (4, 4)]
    assert model.get_layer("aspp.concat").output.shape[-1] == 4 * 4
    assert model.output_shape == (None, None, None, 4)


def test_dropout_acts_in_training_only():
    inputs = keras.Input((5, 5, 8))
    model = keras.Model(inputs, aspp(inputs, (), norm=head_norm(), filters=16, dropout=0.5))
    values = np.random.default_rng(0).normal(size=(4, 5, 5, 8)).astype(np.float32)
    np.testing.assert_array_equal(model(values), model(values))
    kept = [np.count_nonzero(model(values, training=True)) for _ in range(2)]
    assert max(kept) < 0.75 * np.count_nonzero(model(values))
    assert not np.array_equal(model(values, training=True), model(values, training=True))
