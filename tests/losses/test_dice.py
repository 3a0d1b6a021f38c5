import numpy as np
import pytest

from deeplab_tf.losses import Dice
from harness.loss_checks import value_and_gradient
from harness.reference_losses import IGNORE, batch, dice, differences, of_regions, softmax

LABELS, LOGITS = batch(3)
# Class 0 occurs nowhere, class 1 in the first image only.
RARE = np.where(LABELS == 0, 2, LABELS)
RARE[1][RARE[1] == 1] = 2


@pytest.mark.parametrize("per_image", [False, True])
@pytest.mark.parametrize("labels", [LABELS, RARE], ids=["all classes", "one absent"])
def test_it_is_the_formula(labels, per_image):
    value, gradient = value_and_gradient(Dice(IGNORE, per_image=per_image), labels, LOGITS)

    def expected(labels, logits):
        return of_regions(labels, logits, dice, per_image)

    assert value == pytest.approx(expected(labels, LOGITS), rel=1e-5)
    np.testing.assert_allclose(gradient, differences(expected, labels, LOGITS), atol=1e-6)


def test_its_gradient_is_that_of_the_paper():
    """Two classes: 2 (g (sum p^2 + sum g^2) - 2 p sum(p g)) / (sum p^2 + sum g^2)^2 by each p, below equation 2."""
    labels, logits = LABELS % 2, LOGITS[..., :2]
    _, gradient = value_and_gradient(Dice(IGNORE), labels, logits)
    p = softmax(np.float64(logits))
    g = np.eye(2)[labels]
    common, whole = (p * g).sum((0, 1, 2)), (p**2 + g**2).sum((0, 1, 2))
    by_p = -2 * (g * whole - 2 * p * common) / whole**2 / 2
    np.testing.assert_allclose(gradient, p * (by_p - (by_p * p).sum(-1, keepdims=True)), atol=1e-7)


def test_a_pixel_of_the_weight_2_is_two_pixels():
    weights = np.random.default_rng(0).integers(0, 4, LABELS.shape)
    found = float(Dice(IGNORE)(LABELS, LOGITS, weights))
    assert found == pytest.approx(of_regions(LABELS, LOGITS, dice, repeats=weights), rel=1e-5)
