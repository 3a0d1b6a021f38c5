import functools

import numpy as np
import pytest

from deeplab_tf.evaluation.metrics import TrimapIoU
from harness.label_maps import blocks, trimap_iou

WIDTHS = (1, 2, 3, 6)


@pytest.mark.parametrize("ignore", [255, 0])
def test_equals_all_pairs_of_pixels(ignore):
    generator = np.random.default_rng(1)
    pairs = [blocks(generator, ignore=ignore) for _ in range(4)]
    metric = TrimapIoU(5, ignore, widths=(3, 1, 6, 2))
    for labels, predictions in pairs:
        metric.update(labels, predictions)
    assert metric.widths == WIDTHS
    for width, iou in zip(WIDTHS, metric.iou):
        expected = trimap_iou(pairs, width, 5, ignore)
        np.testing.assert_allclose(iou, expected)
        assert metric.totals[f"trimap_{width}"] == pytest.approx(np.nanmean(expected))
        np.testing.assert_array_equal(metric.per_class[f"trimap_{width}"], iou)


def test_band_of_the_papers_is_the_dilated_void():
    labels = np.array([[0, 0, 0, 0, 255, 1, 1, 1, 1]] * 3)
    predictions = np.array([[0, 0, 0, 1, 1, 1, 0, 1, 1]] * 3)
    metric = TrimapIoU(2, widths=(1, 2, 8))
    metric.update(labels, predictions)
    # One column to either side: 0 is missed, 1 found. Then two to either side.
    np.testing.assert_allclose(metric.iou, [[0, 1 / 2], [1 / 3, 1 / 3], [3 / 5, 3 / 5]])


def test_without_outlines_there_is_nothing_to_measure():
    metric = TrimapIoU(2)
    metric.update(np.zeros((5, 5), int), np.ones((5, 5), int))
    assert np.isnan(list(metric.curve.values())).all()


@pytest.mark.parametrize("widths", [(0,), (3, -1), (), 5, (2.5,)])
def test_widths_that_are_none(widths):
    with pytest.raises(ValueError, match=r"^widths must be .* above 0.*; received .* They are pixels; try \(1, 2, 3"):
        functools.partial(TrimapIoU, widths=widths)(2)
