"""The optimiser moves weights as Keras's does, and a process keeps no graph of a training that is over."""

import gc

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.training.optimisation.optimizers import LocalSGD

IMAGES = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)


def fitted(optimizer):
    """The weights after four steps; a small model, gone afterwards."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(optimizer, "mse", jit_compile=False)
    model.fit(IMAGES, IMAGES[:, :2], epochs=4, batch_size=4, verbose=0)
    assert int(optimizer.iterations) == 4
    return model.get_weights()


def graphs():
    gc.collect()
    return sum(isinstance(found, tf.Graph) for found in gc.get_objects())


@pytest.mark.parametrize("settings", [{"momentum": 0.9}, {"clipnorm": 0.1, "weight_decay": 0.01, "use_ema": True}])
def test_weights_move_as_with_keras(settings):
    ours, theirs = (fitted(kind(0.1, **settings)) for kind in (LocalSGD, keras.optimizers.SGD))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_graph_stays_behind():
    fitted(LocalSGD(0.1))
    before = graphs()
    for _ in range(3):
        fitted(LocalSGD(0.1))
    assert graphs() == before


def test_gradients_of_replicas_are_summed_by_keras():
    strategy = tf.distribute.OneDeviceStrategy("/cpu:0")
    with strategy.scope():
        ours = fitted(LocalSGD(0.1))
    for one, other in zip(ours, fitted(keras.optimizers.SGD(0.1)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-7)
