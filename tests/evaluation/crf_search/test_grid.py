"""What is searched, and in which order."""

import itertools

import pytest

from deeplab_tf.evaluation import CRFGrid
from deeplab_tf.evaluation.crf_search.grid import coarse_to_fine, most_places


def searched(counts, score):
    return list(coarse_to_fine(counts, score))


@pytest.mark.parametrize("counts", [(1, 1), (2, 3), (4, 7), (7, 6), (8, 8), (1, 20), (16, 5)])
def test_finds_every_peak_of_a_cone(counts):
    for peak in itertools.product(*map(range, counts)):
        stages = searched(counts, lambda place, peak=peak: -sum(abs(at - top) for at, top in zip(place, peak)))
        places = list(itertools.chain(*stages))
        assert peak in places
        assert len(places) == len(set(places)) <= most_places(counts)


def test_stages_halve_the_distance_around_the_best():
    stages = searched((9, 1), lambda place: -abs(place[0] - 2.2))
    assert stages == [[(0, 0), (4, 0), (8, 0)], [(2, 0), (6, 0)], [(1, 0), (3, 0)]]


def test_of_equals_the_first_counts():
    assert searched((5, 1), lambda place: 0)[1] == [(1, 0)]


def test_the_default_grid_has_the_ranges_of_the_papers():
    grid = CRFGrid()
    assert {3, 4, 6, 8} <= set(grid.bilateral_weights)
    assert {30, 40, 50, 60, 80, 100} <= set(grid.sigma_alphas)
    assert {3, 4, 5, 6, 8, 10} <= set(grid.sigma_betas)
    assert (grid.spatial_weight, grid.sigma_gamma) == (3, 3)
    assert most_places(grid.counts) == 17


def test_values_are_sorted_and_taken_once():
    assert CRFGrid((5, 3, 5), (40,), (3,)).bilateral_weights == (3, 5)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"bilateral_weights": (0, 3)}, r"bilateral_weights must be one number above 0 or more.*; received \(0, 3\)"),
        ({"sigma_alphas": ()}, r"sigma_alphas must be one number above 0 or more.*; received \(\)\. Try"),
        ({"sigma_betas": (float("nan"),)}, "sigma_betas must be"),
        ({"bilateral_weights": (3, 1e39)}, r"each at most 1000000; received \(3, 1e\+39\)"),
        ({"sigma_betas": "3,4"}, "sigma_betas must be"),
        ({"spatial_weight": 0}, "spatial_weight must be a number above 0.*; received 0"),
        ({"sigma_gamma": -1}, "sigma_gamma must be a number above 0.*; received -1"),
        ({"normalization": "before"}, "normalization must be one of"),
    ],
)
def test_impossible_grids(settings, message):
    with pytest.raises(ValueError, match=message):
        CRFGrid(**settings)
