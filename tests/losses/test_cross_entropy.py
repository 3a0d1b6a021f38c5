"""Cross entropy against NumPy, with weights of classes and label smoothing."""

import numpy as np
import pytest

from deeplab_tf.losses import CrossEntropy
from harness.loss_checks import value_and_gradient
from harness.reference_losses import IGNORE, batch, cross_entropy, differences, mean, softmax

WEIGHTS = (0.5, 1.0, 4.0)
LABELS, LOGITS = batch()


@pytest.mark.parametrize("labels", [LABELS, np.where(LABELS == 0, IGNORE, LABELS)], ids=["all classes", "one absent"])
@pytest.mark.parametrize(
    "settings", [{}, {"weights": WEIGHTS}, {"smoothing": 0.3}, {"weights": WEIGHTS, "smoothing": 0.1}]
)
def test_it_is_the_formula(labels, settings):
    """Weighted losses are divided by the number of pixels, as in the release, not by the sum of their weights."""
    loss = CrossEntropy(IGNORE, class_weights=settings.get("weights"), label_smoothing=settings.get("smoothing", 0.0))
    value, gradient = value_and_gradient(loss, labels, LOGITS)
    assert value == pytest.approx(mean(cross_entropy(labels, LOGITS, **settings)), rel=1e-5)
    expected = differences(lambda *given: mean(cross_entropy(*given, **settings)), labels, LOGITS)
    np.testing.assert_allclose(gradient, expected, atol=1e-6)


def test_gradient_carries_the_weight_and_none_of_ignored_pixels():
    valid = LABELS != IGNORE
    chosen = np.where(valid, LABELS, 0)
    weights = np.array(WEIGHTS)[chosen] * valid / valid.sum()
    _, gradient = value_and_gradient(CrossEntropy(IGNORE, class_weights=WEIGHTS), LABELS, LOGITS)
    np.testing.assert_allclose(gradient, (softmax(LOGITS) - np.eye(3)[chosen]) * weights[..., None], atol=1e-6)


def test_values_of_pixels_without_reduction():
    found = CrossEntropy(IGNORE, class_weights=np.array(WEIGHTS), reduction=None)(LABELS, LOGITS).numpy()
    expected = cross_entropy(LABELS, LOGITS, WEIGHTS)
    np.testing.assert_allclose(
        found, [[[expected.get((n, y, x), 0) for x in range(4)] for y in range(3)] for n in (0, 1)], rtol=1e-5
    )


@pytest.mark.parametrize("largest", [1.0, 40.0, 400.0, np.inf])
def test_no_loss_is_too_large(largest):
    """Beyond 87 the share of the true class is 0 in float32."""
    logits = np.array([[[[largest, 0.0], [0.0, 3.0]]]])
    losses = CrossEntropy(IGNORE, reduction=None)(np.array([[[1, 1]]]), logits.astype(np.float32))
    if np.isinf(largest):
        assert np.isnan(losses[0, 0, 0])
    else:
        np.testing.assert_allclose(losses[0, 0], np.log1p(np.exp([largest, -3.0])), rtol=1e-6)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"class_weights": [1, -2]}, r"class_weights must be a number from 0 up for each class; received \[1, -2\]"),
        ({"class_weights": "median_frequency"}, "class_weights must be a number from 0 up for each class"),
        ({"label_smoothing": 1}, "label_smoothing must be a number from 0 to below 1; received 1"),
        ({"ignore_label": -1}, "ignore_label must be a whole number from 0 up; received -1"),
        ({"reduction": "median"}, "reduction"),
    ],
)
def test_settings_that_are_not_possible(settings, message):
    with pytest.raises(ValueError, match=message):
        CrossEntropy(**settings)


def test_weights_for_two_of_three_classes():
    with pytest.raises(ValueError, match="class_weights has 2 weights, the logits have 3 classes"):
        CrossEntropy(IGNORE, class_weights=[1, 2])(LABELS, LOGITS)
