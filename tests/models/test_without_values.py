"""Networks without values: fast, of the right shapes, and without a trace in Keras's state."""

import keras
import numpy as np

from deeplab_tf import DeepLabV1, DeepLabV3
from deeplab_tf.models.without_values import without_values


class Doubling(keras.layers.Layer):
    """Without a shape of its own, so that Keras traces it, the occasion at which it gives values to variables."""

    def call(self, values):
        return 2 * values


def test_variables_have_shapes_and_never_get_values(monkeypatch):
    drawn = []
    draw = keras.initializers.HeNormal.__call__
    monkeypatch.setattr(
        keras.initializers.HeNormal,
        "__call__",
        lambda self, *args, **kwargs: drawn.append(1) or draw(self, *args, **kwargs),
    )
    model = without_values(lambda: DeepLabV1(variant="7x7"))
    assert model.get_layer("vgg_16.fc6").kernel.shape == (7, 7, 512, 4096)
    values = keras.Input((3,))
    doubled = keras.Model(values, Doubling()(values))
    np.testing.assert_array_equal(doubled(np.ones((1, 3))), np.full((1, 3), 2))
    assert not drawn


def test_normalisation_counts_its_updates_without_values_too():
    model = without_values(lambda: DeepLabV3("mobilenet_v2", depth_multiplier=0.25, atrous_rates=(), classes=3))
    assert model.get_layer("logits.semantic").bias.shape == (3,)
