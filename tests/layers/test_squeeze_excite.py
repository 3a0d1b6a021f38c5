"""Squeeze and excitation against a NumPy reference."""

import keras
import numpy as np
import pytest

from deeplab_tf.layers import QSigmoid, squeeze_excite


@pytest.mark.parametrize("value, expected", [(-5, 0), (-3, 0), (0, 0.50001), (1, 0.66668), (3, 1.00002), (9, 1.00002)])
def test_q_sigmoid(value, expected):
    np.testing.assert_allclose(QSigmoid()(np.float32([value])), [expected], atol=1e-6)


def test_squeeze_excite_is_the_reference():
    inputs = keras.Input((None, None, 6))
    model = keras.Model(inputs, squeeze_excite(inputs, 4, name="block.squeeze_excite"))
    draw = np.random.default_rng(0)
    for layer in model.layers:
        layer.set_weights([draw.normal(size=weight.shape) for weight in layer.get_weights()])
    values = draw.normal(size=(2, 5, 3, 6)).astype(np.float32)
    (kernel, bias), (kernel_1, bias_1) = (
        model.get_layer(f"block.squeeze_excite.{name}").get_weights() for name in ("Conv", "Conv_1")
    )
    squeezed = np.maximum(values.mean((1, 2)) @ kernel[0, 0] + bias, 0)
    gate = np.clip(squeezed @ kernel_1[0, 0] + bias_1 + 3, 0, 6) * 0.16667
    np.testing.assert_allclose(model(values), values * gate[:, None, None], atol=1e-5)
