import numpy as np
import pytest

from deeplab_tf.evaluation.metrics import BoundaryF1
from harness.label_maps import blocks, boundary_f1


@pytest.mark.parametrize("ignore", [255, 0])
@pytest.mark.parametrize("tolerance", [0.02, 0.07, 0.12])
def test_equals_all_pairs_of_pixels(tolerance, ignore):
    generator = np.random.default_rng(3)
    pairs = [blocks(generator, ignore=ignore) for _ in range(4)]
    metric = BoundaryF1(5, ignore, tolerance=tolerance)
    for pair in pairs:
        metric.update(*pair)
    scores = [boundary_f1(*pair, tolerance * np.hypot(13, 17), 5, ignore) for pair in pairs]
    occurring = ~np.isnan(scores).all(0)
    np.testing.assert_allclose(metric.f1[occurring], np.nanmean(np.array(scores)[:, occurring], 0))
    assert np.isnan(metric.f1[~occurring]).all()
    assert metric.totals == {"boundary_f1": pytest.approx(np.mean([np.nanmean(one) for one in scores]))}


def test_worked_example():
    labels = np.array([[0] * 10 + [1] * 10] * 30)
    metric = BoundaryF1(3, tolerance=0.06)
    # Contours are two pixels away, those of class 2 nowhere in the truth; the tolerance is 2.16.
    predictions = np.array([[0] * 12 + [1] * 7 + [2]] * 30)
    metric.update(labels, predictions)
    # Of class 1 both predicted columns are its contour, and one of them is near.
    assert metric.f1.tolist() == pytest.approx([1, 2 / 3, 0])
    assert metric.totals["boundary_f1"] == pytest.approx(5 / 9)


def test_an_image_of_one_class_does_not_count():
    metric = BoundaryF1(2)
    metric.update(np.zeros((5, 5), int), np.zeros((5, 5), int))
    assert np.isnan([*metric.f1, metric.totals["boundary_f1"]]).all()


@pytest.mark.parametrize("tolerance", [0, -1, 1.5])
def test_tolerance_that_is_no_fraction(tolerance):
    with pytest.raises(ValueError, match="tolerance must be a number above 0 and at most 1; received"):
        BoundaryF1(2, tolerance=tolerance)
