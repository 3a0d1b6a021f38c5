"""The weighted loss against NumPy, and its gradient."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.training.optimisation.losses import WeightedCrossEntropy, pixel_loss

WEIGHTS = (0.5, 1.0, 4.0)
IGNORE = 9
rng = np.random.default_rng(0)
LOGITS = rng.normal(0, 3, (2, 5, 6, 3)).astype(np.float32)
LABELS = rng.integers(0, 3, (2, 5, 6)).astype(np.int32)
LABELS[:, :2] = IGNORE


def expected(labels, weights):
    """The weighted losses' sum over the number of valid pixels, not over the sum of their weights."""
    exponents = np.exp(LOGITS.astype(np.float64))
    probabilities = exponents / exponents.sum(-1, keepdims=True)
    total, valid = 0.0, 0
    for place in np.ndindex(labels.shape):
        if labels[place] != IGNORE:
            total -= weights[labels[place]] * np.log(probabilities[place][labels[place]])
            valid += 1
    return total / max(valid, 1)


@pytest.mark.parametrize("labels", [LABELS, np.where(LABELS == 0, IGNORE, LABELS)])
def test_loss_is_that_of_the_release(labels):
    assert float(pixel_loss(IGNORE, WEIGHTS)(labels, LOGITS)) == pytest.approx(expected(labels, WEIGHTS), rel=1e-5)


def test_a_batch_without_valid_pixels_costs_nothing():
    assert float(pixel_loss(IGNORE, WEIGHTS)(np.full_like(LABELS, IGNORE), LOGITS)) == 0


def test_weights_of_one_are_the_plain_loss():
    plain, weighted = (float(pixel_loss(IGNORE, weights)(LABELS, LOGITS)) for weights in (None, (1, 1, 1)))
    assert weighted == pytest.approx(plain, rel=1e-6) == pytest.approx(expected(LABELS, (1, 1, 1)), rel=1e-5)


def test_gradient_carries_the_weight_and_none_of_ignored_pixels():
    logits = tf.Variable(LOGITS)
    with tf.GradientTape() as tape:
        loss = pixel_loss(IGNORE, WEIGHTS)(LABELS, logits)
    valid = LABELS != IGNORE
    chosen = np.where(valid, LABELS, 0)
    error = tf.nn.softmax(LOGITS).numpy() - np.eye(3)[chosen]
    weights = np.array(WEIGHTS)[chosen] * valid / valid.sum()
    np.testing.assert_allclose(tape.gradient(loss, logits), error * weights[..., None], atol=1e-6)


def test_config_makes_it_again():
    loss = WeightedCrossEntropy.from_config(pixel_loss(IGNORE, WEIGHTS).get_config())
    assert float(loss(LABELS, LOGITS)) == pytest.approx(expected(LABELS, WEIGHTS), rel=1e-5)
    assert isinstance(loss, keras.losses.Loss)
