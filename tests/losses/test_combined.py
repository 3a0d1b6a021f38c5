import keras
import numpy as np
import pytest

from deeplab_tf.losses import CombinedLoss, CrossEntropy, Dice, HardPixels
from harness.loss_checks import value_and_gradient
from harness.reference_losses import IGNORE, batch, cross_entropy, dice, mean, of_regions

LABELS, LOGITS = batch(6)


def test_it_is_the_weighted_sum():
    loss = CombinedLoss([CrossEntropy(IGNORE), Dice(IGNORE)], np.array([2, 0.5]))
    value, gradient = value_and_gradient(loss, LABELS, LOGITS)
    expected = 2 * mean(cross_entropy(LABELS, LOGITS)) + 0.5 * of_regions(LABELS, LOGITS, dice)
    assert value == pytest.approx(expected, rel=1e-5)
    parts = [value_and_gradient(part, LABELS, LOGITS)[1] for part in loss.losses]
    np.testing.assert_allclose(gradient, 2 * parts[0] + 0.5 * parts[1], atol=1e-7)


def test_losses_of_keras_are_parts_too_and_come_back():
    loss = CombinedLoss(
        [keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORE), HardPixels(IGNORE, keep=1)]
    )
    again = CombinedLoss.from_config(loss.get_config())
    assert float(again(LABELS, LOGITS)) == pytest.approx(2 * mean(cross_entropy(LABELS, LOGITS)), rel=1e-5)


def test_parts_follow_the_optimiser():
    optimizer = keras.optimizers.SGD()
    optimizer.iterations.assign(10)
    loss = CombinedLoss([CrossEntropy(IGNORE), HardPixels(IGNORE, keep=0.1, ramp_steps=10)], [0, 1]).follow(optimizer)
    assert float(loss(LABELS, LOGITS)) == pytest.approx(float(HardPixels(IGNORE, keep=0.1)(LABELS, LOGITS)))


@pytest.mark.parametrize(
    "arguments, message",
    [
        (([],), r"losses must be one or more Keras losses; received \[\]"),
        ((["dice"],), r"losses must be one or more Keras losses; received \['dice'\]"),
        (([Dice()], [1, 2]), r"weights must be a number from 0 up for each of 1 losses; received \[1, 2\]"),
        (([Dice()], [-1]), "weights must be a number from 0 up"),
    ],
)
def test_what_is_not_possible(arguments, message):
    with pytest.raises(ValueError, match=message):
        CombinedLoss(*arguments)
