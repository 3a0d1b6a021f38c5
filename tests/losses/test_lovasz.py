import numpy as np
import pytest

from deeplab_tf.losses import LovaszSoftmax
from harness.loss_checks import value_and_gradient
from harness.reference_losses import IGNORE, batch, differences, lovasz, of_regions, softmax

LABELS, LOGITS = batch(4)
# Class 0 occurs nowhere, class 1 in the first image only.
RARE = np.where(LABELS == 0, 2, LABELS)
RARE[1][RARE[1] == 1] = 2


@pytest.mark.parametrize("per_image", [False, True])
@pytest.mark.parametrize("labels", [LABELS, RARE], ids=["all classes", "one absent"])
def test_it_is_the_definition(labels, per_image):
    value, gradient = value_and_gradient(LovaszSoftmax(IGNORE, per_image=per_image), labels, LOGITS)

    def expected(labels, logits):
        return of_regions(labels, logits, lovasz, per_image)

    assert value == pytest.approx(expected(labels, LOGITS), rel=1e-5)
    np.testing.assert_allclose(gradient, differences(expected, labels, LOGITS), atol=1e-6)


def test_labels_for_probabilities_give_the_loss_of_iou():
    """At the corners the extension is the set function itself."""
    predicted = np.random.default_rng(0).integers(0, 3, LABELS.shape)
    truth, guess = LABELS[LABELS != IGNORE], predicted[LABELS != IGNORE]
    iou = [
        ((guess == label) & (truth == label)).sum() / ((guess == label) | (truth == label)).sum() for label in range(3)
    ]
    found = LovaszSoftmax(IGNORE)(LABELS, np.eye(3, dtype=np.float32)[predicted] * 200)
    assert float(found) == pytest.approx(1 - np.mean(iou), rel=1e-5)


def test_a_pixel_of_the_weight_2_is_two_pixels():
    weights = np.random.default_rng(0).integers(0, 4, LABELS.shape)
    found = float(LovaszSoftmax(IGNORE)(LABELS, LOGITS, weights))
    assert found == pytest.approx(of_regions(LABELS, LOGITS, lovasz, repeats=weights), rel=1e-5)


def test_many_pixels_are_ordered_finely_enough():
    """Against sorting: the published code's way, which the definition above takes too long for."""
    draw = np.random.default_rng(0)
    labels, logits = draw.integers(0, 2, (1, 200, 300)), draw.normal(0, 0.2, (1, 200, 300, 2)).astype(np.float32)
    value, gradient = value_and_gradient(LovaszSoftmax(), labels, logits)
    p, true = softmax(np.float64(logits)).reshape(-1, 2), np.eye(2)[labels].reshape(-1, 2)
    losses, by_p = [], np.zeros_like(p)
    for label in range(2):
        errors = np.abs(true[:, label] - p[:, label])
        order = np.argsort(-errors)
        found = true[order, label]
        jaccard = 1 - (found.sum() - found.cumsum()) / (found.sum() + (1 - found).cumsum())
        shares = np.diff(jaccard, prepend=0)
        losses.append(errors[order] @ shares)
        by_p[order, label] = shares * (1 - 2 * found) / 2
    assert value == pytest.approx(np.mean(losses), abs=1 / 32768)
    expected = (p * (by_p - (by_p * p).sum(-1, keepdims=True))).reshape(gradient.shape)
    np.testing.assert_allclose(gradient, expected, atol=2e-3 * np.abs(expected).max())
