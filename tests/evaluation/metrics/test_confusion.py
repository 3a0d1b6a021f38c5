import numpy as np
import pytest

from deeplab_tf.evaluation.metrics import ConfusionMatrix


def brute_force_iou(labels, predictions, classes, ignore):
    valid = labels != ignore
    result = []
    for index in range(classes):
        truth, said = (labels == index) & valid, (predictions == index) & valid
        union = (truth | said).sum()
        result.append((truth & said).sum() / union if union else np.nan)
    return np.array(result)


def test_worked_example():
    matrix = ConfusionMatrix(classes=4)
    matrix.update(np.array([[0, 0, 0, 1], [1, 1, 255, 255]]), np.array([[0, 0, 1, 1], [1, 2, 2, 3]]))
    # Truth 0 three times (two found), 1 three times (two found); 2 is only predicted, 3 only on ignored pixels.
    np.testing.assert_array_equal(matrix.counts, [[2, 1, 0, 0], [0, 2, 1, 0], [0] * 4, [0] * 4])
    np.testing.assert_allclose(matrix.iou, [2 / 3, 2 / 4, 0, np.nan])
    assert matrix.miou == pytest.approx((2 / 3 + 2 / 4 + 0) / 3)
    assert matrix.pixel_accuracy == pytest.approx(4 / 6)
    np.testing.assert_allclose(matrix.accuracy, [2 / 3, 2 / 3, np.nan, np.nan])
    np.testing.assert_allclose(matrix.frequency, [0.5, 0.5, 0, 0])


def test_streaming_equals_set_arithmetic_on_all_pixels():
    generator = np.random.default_rng(0)
    labels = generator.choice([0, 1, 2, 3, 4, 11], (5, 30, 40)).astype(np.uint8)
    predictions = generator.integers(0, 5, labels.shape).astype(np.int32)
    matrix = ConfusionMatrix(classes=6, ignore_label=11)
    for label, prediction in zip(labels, predictions):
        matrix.update(label, prediction)
    np.testing.assert_allclose(matrix.iou, brute_force_iou(labels, predictions, 6, 11))
    counted = labels != 11
    assert matrix.pixel_accuracy == pytest.approx((labels == predictions)[counted].mean())


def test_ignore_label_that_is_a_class_id():
    matrix = ConfusionMatrix(classes=3, ignore_label=0)
    matrix.update(np.array([0, 0, 1, 2]), np.array([1, 0, 1, 2]))
    assert matrix.counts.sum() == 2
    assert matrix.miou == 1.0
    # Predicted where class 2 is true it is a miss of that class, and no class of its own.
    matrix.update(np.array([2]), np.array([0]))
    np.testing.assert_array_equal(matrix.iou, [np.nan, 1, 0.5])
    assert (matrix.miou, matrix.pixel_accuracy) == (0.75, 2 / 3)


def test_nothing_counted_is_nan():
    matrix = ConfusionMatrix(classes=2)
    matrix.update(np.full((3, 3), 255), np.zeros((3, 3), int))
    assert np.isnan([matrix.miou, matrix.pixel_accuracy, *matrix.frequency]).all()


@pytest.mark.parametrize(
    "labels, predictions, message",
    [
        ([0, 2, 7], [0, 0, 0], r"a\.png: labels hold \[2, 7\]; expected class ids 0-1, or 255 to ignore"),
        ([0, 1, 1], [0, 2, -1], r"a\.png: predictions hold \[-1, 2\]; expected class ids 0-1\."),
        ([0, 1], [0, 1, 1], r"a\.png: labels have the shape \(2,\), predictions \(3,\)"),
    ],
)
def test_values_that_do_not_fit_are_named(labels, predictions, message):
    matrix = ConfusionMatrix(classes=2)
    with pytest.raises(ValueError, match=message):
        matrix.update(np.array(labels), np.array(predictions), "a.png")
    assert not matrix.counts.any()
