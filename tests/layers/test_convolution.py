"""Convolution blocks against a convolution written out in NumPy."""

import keras
import numpy as np
import pytest

from deeplab_tf.layers import Norm, conv_bn, depthwise_bn, separable_conv_bn

NORM = Norm(momentum=0.9, epsilon=1e-3)
SCALE = 1 / np.sqrt(1 + 1e-3)
VALUES = np.random.default_rng(0).normal(size=(1, 7, 9, 3)).astype(np.float32)


def apply(block, *args, **kwargs):
    """The block's model on `VALUES`."""
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, block(inputs, *args, norm=NORM, **kwargs))
    return model, model(VALUES).numpy()


def patches(rate):
    """The nine shifted copies of the zero-padded values, `[3, 3, 7, 9, 3]`."""
    padded = np.pad(VALUES[0], ((rate, rate), (rate, rate), (0, 0)))
    return np.array([[padded[row * rate :][:7, column * rate :][:, :9] for column in range(3)] for row in range(3)])


def test_atrous_convolution_then_normalisation_then_activation():
    model, result = apply(conv_bn, 4, 3, name="scope", rate=2)
    expected = np.einsum("abhwc,abcd->hwd", patches(2), model.get_layer("scope").kernel.numpy()) * SCALE
    np.testing.assert_allclose(result[0], np.maximum(expected, 0), atol=1e-5)
    assert not model.get_layer("scope").use_bias


def test_depthwise_keeps_channels_apart():
    model, result = apply(depthwise_bn, 3, name="scope", rate=3, activation=None)
    expected = np.einsum("abhwc,abc->hwc", patches(3), model.get_layer("scope").kernel.numpy()[..., 0]) * SCALE
    np.testing.assert_allclose(result[0], expected, atol=1e-5)


def test_separable_normalises_between_depthwise_and_pointwise():
    model, result = apply(separable_conv_bn, 5, 3, name="scope")
    depthwise = np.einsum("abhwc,abc->hwc", patches(1), model.get_layer("scope_depthwise").kernel.numpy()[..., 0])
    pointwise = np.maximum(depthwise * SCALE, 0) @ model.get_layer("scope_pointwise").kernel.numpy()[0, 0]
    np.testing.assert_allclose(result[0], np.maximum(pointwise * SCALE, 0), atol=1e-5)


def test_stride_rounds_up():
    assert apply(conv_bn, 2, 3, name="scope", stride=2)[1].shape == (1, 4, 5, 2)


@pytest.mark.parametrize("block, filters", [(conv_bn, (2,)), (depthwise_bn, ())])
@pytest.mark.parametrize("kernel_size", [1, 3, 7])
def test_explicit_padding_samples_what_no_stride_computes(block, filters, kernel_size):
    settings = {"name": "scope", "explicit_padding": True}
    model, strided = apply(block, *filters, kernel_size, stride=2, **settings)
    dense = apply(block, *filters, kernel_size, **settings)[0]
    dense.set_weights(model.get_weights())
    np.testing.assert_allclose(strided, dense(VALUES)[:, ::2, ::2], atol=1e-5)
    # An even size is where TensorFlow's SAME would move the samples.
    np.testing.assert_allclose(model(VALUES[:, :6, :8]), dense(VALUES[:, :6, :8])[:, ::2, ::2], atol=1e-5)
