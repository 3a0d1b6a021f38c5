"""Which weights decay, and by how much."""

import keras
import numpy as np
import pytest

from deeplab_tf import DeepLabV3Plus
from deeplab_tf.training.optimisation.weight_decay import add_weight_decay


@pytest.fixture(scope="module")
def model():
    return DeepLabV3Plus("mobilenet_v2", classes=2, depth_multiplier=0.25)


def test_only_convolution_kernels_decay_and_with_the_factor_of_a_half(model):
    kernels = [
        weight.numpy().astype(np.float64)
        for layer in model.layers
        for weight in layer.trainable_weights
        if weight.name == "kernel" and not isinstance(layer, keras.layers.DepthwiseConv2D)
    ]
    names = add_weight_decay(model, 1e-3)
    # Every depthwise of 17 blocks, 3 branches and 2 decoder convolutions has a pointwise that decays.
    assert len(names) == len(kernels) == 1 + 16 + 17 + 3 + (1 + 1 + 1) + 1 + 2 + 1
    assert not any(name.endswith("depthwise") for name in names)
    expected = 1e-3 / 2 * sum((kernel**2).sum() for kernel in kernels)
    np.testing.assert_allclose(float(sum(model.losses)), expected, rtol=1e-5)
    # A model that shares the layers carries the penalty as well.
    np.testing.assert_allclose(float(sum(keras.Model(model.inputs, model.outputs).losses)), expected, rtol=1e-5)


def test_no_weight_decay_takes_the_penalty_off(model):
    add_weight_decay(model, 1e-3)
    assert add_weight_decay(model, 0.0) == []
    assert model.losses == []


def test_both_kernels_of_a_separable_convolution_count():
    images = keras.Input((4, 4, 2))
    layer = keras.layers.SeparableConv2D(3, 3, name="separable")
    model = keras.Model(images, layer(images))
    depthwise, pointwise, bias = (np.full(weight.shape, 2.0, np.float32) for weight in layer.weights)
    layer.set_weights([depthwise, pointwise, bias])
    assert add_weight_decay(model, 0.1) == ["separable"]
    assert float(sum(model.losses)) == pytest.approx(0.05 * 4 * (depthwise.size + pointwise.size))
