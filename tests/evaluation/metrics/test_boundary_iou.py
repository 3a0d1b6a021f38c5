import numpy as np
import pytest

from deeplab_tf.evaluation.metrics import BoundaryIoU
from harness.label_maps import blocks, boundary_iou


@pytest.mark.parametrize("ignore", [255, 0])
@pytest.mark.parametrize("ratio, width", [(0.02, 1), (0.1, 2), (0.14, 3)])
def test_equals_all_pairs_of_pixels(ratio, width, ignore):
    generator = np.random.default_rng(2)
    pairs = [blocks(generator, ignore=ignore) for _ in range(4)]
    metric = BoundaryIoU(5, ignore, ratio=ratio)
    metric.update(*(np.stack(maps) for maps in zip(*pairs)))
    expected = boundary_iou(pairs, width, 5, ignore)
    np.testing.assert_allclose(metric.iou, expected)
    assert metric.totals == {"boundary_iou": pytest.approx(np.nanmean(expected))}


def test_interior_of_an_object_does_not_count():
    labels = np.zeros((50, 50), int)
    labels[10:40, 10:40] = 1
    predictions = labels.copy()
    predictions[24:26, 24:26] = 0
    metric = BoundaryIoU(2)
    metric.update(labels, labels)
    assert metric.iou.tolist() == [1, 1]
    metric.update(labels, predictions)
    # Twice the frame of 30x30, once with the twelve pixels around the hole.
    assert metric.iou[1] == 2 * 116 / (2 * 116 + 12)


@pytest.mark.parametrize("ratio", [0, -0.1, 2])
def test_ratio_that_is_no_fraction(ratio):
    with pytest.raises(ValueError, match="ratio must be a number above 0 and at most 1; received"):
        BoundaryIoU(2, ratio=ratio)
