import numpy as np
import pytest

from deeplab_tf.losses import CrossEntropy, Focal
from harness.loss_checks import value_and_gradient
from harness.reference_losses import IGNORE, batch, differences, focal, mean

LABELS, LOGITS = batch(1)


@pytest.mark.parametrize("gamma", [0, 0.5, 2, 5])
@pytest.mark.parametrize("weights", [(1, 1, 1), (0.25, 0.75, 2)])
def test_it_is_the_formula(gamma, weights):
    value, gradient = value_and_gradient(Focal(IGNORE, gamma=gamma, class_weights=weights), LABELS, LOGITS)
    assert value == pytest.approx(mean(focal(LABELS, LOGITS, gamma, weights)), rel=1e-5)
    expected = differences(lambda *given: mean(focal(*given, gamma, weights)), LABELS, LOGITS)
    np.testing.assert_allclose(gradient, expected, atol=1e-6)


def test_without_gamma_it_is_the_cross_entropy():
    assert float(Focal(IGNORE, gamma=0)(LABELS, LOGITS)) == pytest.approx(float(CrossEntropy(IGNORE)(LABELS, LOGITS)))


def test_pixels_that_are_certain_have_a_gradient_of_0():
    """A power below 1 rises infinitely steeply from 0."""
    logits = np.full((1, 1, 1, 2), [90, 0], np.float32)
    value, gradient = value_and_gradient(Focal(gamma=0.5), np.zeros((1, 1, 1)), logits)
    assert value == 0
    np.testing.assert_array_equal(gradient, 0)


def test_gamma_that_is_not_possible():
    with pytest.raises(ValueError, match="gamma must be a number from 0 up; received -1"):
        Focal(gamma=-1)
