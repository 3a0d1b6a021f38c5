"""Batch normalisation: frozen statistics, folded statistics."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.layers import BatchNorm


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(3.0, 2.0, (4, 5, 6, 2)).astype(np.float32)


def built(**kwargs):
    layer = BatchNorm(epsilon=1e-3, momentum=0.9, **kwargs)
    layer.build((None, None, None, 2))
    return layer


def test_training_uses_and_updates_batch_statistics(values):
    layer = built()
    mean, variance = values.mean((0, 1, 2)), values.var((0, 1, 2))
    np.testing.assert_allclose(layer(values, training=True), (values - mean) / np.sqrt(variance + 1e-3), atol=1e-4)
    np.testing.assert_allclose(layer.moving_mean, 0.1 * mean, rtol=1e-4)
    np.testing.assert_allclose(layer.moving_variance, 0.9 + 0.1 * values.var((0, 1, 2), ddof=1), rtol=1e-4)


def test_the_fused_gradient_is_that_of_the_composed_layer(values):
    weights = [np.array(pair, np.float32) for pair in ((2, 3), (1, -1), (0, 0), (1, 1))]
    found = []
    for layer in (BatchNorm(epsilon=1e-3), keras.layers.BatchNormalization(epsilon=1e-3)):
        layer.build((None, None, None, 2))
        layer.set_weights(weights)
        with tf.GradientTape() as tape:
            inputs = tf.constant(values)
            tape.watch(inputs)
            loss = tf.reduce_sum(layer(inputs, training=True) ** 3)
        found.append(tape.gradient(loss, [inputs, *(weight.value for weight in layer.trainable_weights)]))
    for fused, composed in zip(*found, strict=True):
        np.testing.assert_allclose(fused, composed, rtol=1e-3, atol=1e-3 * np.abs(composed).max())


def test_half_precision_gives_half_precision_with_statistics_in_float32(values):
    layer = BatchNorm(dtype="mixed_float16")
    normalized = layer(values, training=True)
    assert normalized.dtype == tf.float16
    np.testing.assert_allclose(layer.moving_mean, 0.01 * values.mean((0, 1, 2)), rtol=1e-2)


def test_frozen_statistics_are_used_and_stay_while_scale_and_shift_train(values):
    layer = built(frozen_statistics=True)
    weights = [np.array(pair, np.float32) for pair in ((2, 3), (1, -1), (3, 2.5), (4, 9))]
    layer.set_weights(weights)
    with tf.GradientTape() as tape:
        normalized = layer(values, training=True)
        loss = tf.reduce_sum(normalized**2)
    gamma, beta, mean, variance = weights
    np.testing.assert_allclose(normalized, gamma * (values - mean) / np.sqrt(variance + 1e-3) + beta, atol=1e-4)
    gradients = tape.gradient(loss, [weight.value for weight in layer.trainable_weights])
    assert len(gradients) == 2
    assert all(np.abs(gradient).min() > 1 for gradient in gradients)
    np.testing.assert_array_equal(layer.moving_mean, mean)
    np.testing.assert_array_equal(layer.moving_variance, variance)


def test_config_keeps_the_freeze():
    again = BatchNorm.from_config(BatchNorm(frozen_statistics=True, momentum=0.5).get_config())
    assert (again.frozen_statistics, again.momentum) == (True, 0.5)


def test_folded_layers_add_the_bias_exactly(values):
    layer = built()
    bias = np.array([0.25, -7], np.float32)
    layer.load_folded(bias)
    np.testing.assert_allclose(layer(values, training=False), values + bias, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "gamma, beta, mean, variance, folded",
    [
        (1, 0, 0, 1, False),  # fresh
        (1, 0.5, 0, 1, True),
        (2, 0, 0, 1, True),
        (2, 0.5, 0.1, 1, False),  # trained or recalibrated
        (2, 0.5, 0, 1.1, False),
    ],
)
def test_folded_layers_are_known_by_their_unmeasured_statistics(gamma, beta, mean, variance, folded):
    layer = built()
    layer.set_weights([np.full(2, value, np.float32) for value in (gamma, beta, mean, variance)])
    assert layer.carries_folded is folded
