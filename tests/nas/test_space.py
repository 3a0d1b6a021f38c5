"""The search space's counts against enumeration, and the paper's figures."""

import itertools

import pytest

from deeplab_tf.nas import OPERATIONS, SearchSpace


def test_papers_cell_count():
    assert f"{SearchSpace().count_cells():.1e}" == "5.6e+14"


def test_papers_path_count():
    assert f"{SearchSpace().count_paths():.1e}" == "2.9e+04"


@pytest.mark.parametrize("blocks", [1, 2])
def test_cells_are_those_of_an_enumeration(blocks):
    choices = [
        list(itertools.product(range(2 + block), range(8), range(2 + block), range(8))) for block in range(blocks)
    ]
    assert SearchSpace(blocks=blocks).count_cells() == sum(1 for _ in itertools.product(*choices))


@pytest.mark.parametrize("layers", [1, 2, 5, 7])
def test_paths_are_those_of_an_enumeration(layers):
    paths = [
        path
        for path in itertools.product(range(4), repeat=layers)
        if all(abs(one - other) <= 1 for one, other in zip((0, *path), path))
    ]
    assert SearchSpace(layers=layers).count_paths(layers) == len(paths)


def test_papers_supernet():
    space = SearchSpace()
    assert space.alpha_shape == (20, 8)
    assert len(OPERATIONS) == 8
    assert len(space.cells) == 2 + 3 + 10 * 4
    assert space.links(0) == ((0, 0), (0, 1))
    assert space.links(5) == ((0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (2, 3), (3, 3))


def test_the_mask_has_a_place_for_each_link():
    space = SearchSpace(layers=4)
    assert space.link_mask.shape == space.beta_shape
    # The stem leads to strides 4 and 8; strides 4 and 32 have no finer and no coarser one beside them.
    assert space.link_mask[0].tolist() == [[False, True, True]] + [[False] * 3] * 3
    assert space.link_mask[3].tolist() == [[False, True, True], [True] * 3, [True] * 3, [True, True, False]]
    assert space.link_mask.sum() == sum(len(space.links(layer)) for layer in range(4)) == 2 + 5 + 8 + 10


@pytest.mark.parametrize("field", ["layers", "blocks", "filters"])
@pytest.mark.parametrize("value", [0, 2.5, "five", True])
def test_impossible_spaces_are_refused(field, value):
    with pytest.raises(ValueError, match=field):
        SearchSpace(**{field: value})
