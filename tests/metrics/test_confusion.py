import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.labels import LabelSpec
from deeplab_tf.metrics import FrequencyWeightedIoU, MeanAccuracy, MeanIoU, PixelAccuracy

SPEC = LabelSpec(("ground", "tree", "roof"), name="aerial")
TRUTH = np.array([[[0, 1, 0, 255]], [[2, 2, 1, 255]]])
PREDICTED = np.array([[[0, 1, 1, 0]], [[2, 2, 2, 1]]])
# Class 0: 1 of 2; class 1: 1 of 3 (one false, one missed); class 2: 2 of 3.
IOU = [1 / 2, 1 / 3, 2 / 3]
EXPECTED = {
    MeanIoU: np.mean(IOU),
    MeanAccuracy: np.mean([1 / 2, 1 / 2, 1]),
    PixelAccuracy: 4 / 6,
    FrequencyWeightedIoU: np.mean(IOU),
}


def logits(predicted):
    return np.eye(3, dtype=np.float32)[predicted] * 4 - 2


@pytest.mark.parametrize("kind", EXPECTED)
def test_worked_example(kind):
    metric = kind(SPEC)
    for truth, predicted in zip(TRUTH, PREDICTED):
        metric.update_state(truth[None, ..., None].astype(np.uint8), logits(predicted[None]))
    assert float(metric.result()) == pytest.approx(EXPECTED[kind])
    metric.reset_state()
    assert np.isnan(float(metric.result()))
    metric.update_state(TRUTH, PREDICTED)
    assert float(metric.result()) == pytest.approx(EXPECTED[kind])


def test_per_class():
    metric = MeanIoU(SPEC, per_class=True, name="iou")
    metric.update_state(TRUTH[:1], logits(PREDICTED[:1]))
    found = {name: float(value) for name, value in metric.result().items()}
    assert found == pytest.approx(
        {"iou": 1 / 2, "iou_ground": 1 / 2, "iou_tree": 1 / 2, "iou_roof": np.nan}, nan_ok=True
    )


def test_pixels_and_images_of_weight_0_are_ignored():
    metric = PixelAccuracy(SPEC)
    metric.update_state(TRUTH, logits(PREDICTED), sample_weight=np.array([0, 1]))
    assert float(metric.result()) == pytest.approx(2 / 3)
    metric.update_state(TRUTH, logits(PREDICTED), sample_weight=(TRUTH == PREDICTED).astype(float))
    assert float(metric.result()) == pytest.approx(6 / 7)


def test_counts_do_not_stand_still():
    metric = PixelAccuracy(2)
    # Float32 knows no odd number above 2^24, and adding 1 there changes nothing.
    metric.counts.assign(np.array([[2**24, 0], [0, 2**40]]))
    metric.update_state(np.array([[[0]]]), np.array([[[0]]]))
    assert np.asarray(metric.counts).tolist() == [[2**24 + 1, 0], [0, 2**40]]


def test_label_that_is_no_class_is_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="neither a class 0-2 nor 255"):
        MeanIoU(SPEC).update_state(np.array([[[3]]]), np.array([[[0]]]))
