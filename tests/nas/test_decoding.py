"""Decoding against enumeration and cells made by hand; the way back; what chance gives."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.nas import OPERATIONS, SearchSpace, decode, entropies, genotype, one_hot, random_genotype

RNG = np.random.default_rng(3)
ZERO = 7


def softmax(values):
    values = np.exp(values)
    return values / values.sum()


def all_paths(layers):
    for path in itertools.product(range(4), repeat=layers):
        if all(abs(one - other) <= 1 for one, other in zip((0, *path), path)):
            yield path


def probability(path, beta):
    """Of one path, from the logits of a node's links as the paper writes them: half, same and twice the stride."""
    product = 1.0
    for layer, (before, level) in enumerate(zip((0, *path), path)):
        moves = [move for move in (-1, 0, 1) if 0 <= before + move <= 3]
        product *= softmax([beta[layer, before, move + 1] for move in moves])[moves.index(level - before)]
    return product


@pytest.mark.parametrize("layers", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("scale", [0.001, 1, 5])
def test_the_path_is_the_most_probable_of_all(layers, scale):
    space = SearchSpace(layers=layers, blocks=1)
    for _ in range(3):
        beta = RNG.normal(0, scale, space.beta_shape)
        expected = max(all_paths(layers), key=lambda path: probability(path, beta))
        assert decode(np.zeros(space.alpha_shape), beta, space).path == expected


def test_probabilities_of_all_paths_sum_to_one():
    # That is what makes them probabilities: no link is missing from a node, none counted that does not exist.
    beta = RNG.normal(0, 1, (5, 4, 3))
    assert sum(probability(path, beta) for path in all_paths(5)) == pytest.approx(1)


def test_links_that_do_not_exist_do_not_matter():
    space = SearchSpace(layers=6, blocks=1)
    beta = RNG.normal(0, 1, space.beta_shape)
    other = np.where(space.link_mask, beta, 1000)
    alpha = np.zeros(space.alpha_shape)
    assert decode(alpha, beta, space) == decode(alpha, other, space)
    assert entropies(alpha, beta, space) == entropies(alpha, other, space)


def test_a_cell_by_hand():
    space = SearchSpace(layers=2, blocks=2)
    alpha = np.zeros((5, 8))
    # Block 0 has two inputs, so both stay. Zero is the strongest on the first, and is not chosen.
    alpha[0, [ZERO, 2]] = 9, 3
    alpha[1, 0] = 1
    # Block 1: state 0 is strong in zero alone; state 1 is weaker than state 2 in its best operation.
    alpha[2, ZERO] = 9
    alpha[3, 5] = 1
    alpha[4, [3, 6]] = 2, 1.9
    genes = decode(alpha, np.zeros(space.beta_shape), space)
    assert genes.operations == ("atrous_3x3", "separable_3x3_2", "max_pool_3x3", "atrous_5x5")
    assert genes.hidden_states == (0, 1, 1, 2)
    assert (genes.used_states, genes.reduction) == ((1, 1, 0, 0), "inputs")


def test_strengths_are_probabilities_not_logits():
    space = SearchSpace(layers=1, blocks=2)
    alpha = np.zeros((5, 8))
    alpha[2], alpha[3, 1], alpha[4, 2] = 100, 1, 2
    # The logits of state 0 are the largest, but all alike: 1/8 each.
    assert decode(alpha, np.zeros(space.beta_shape), space).hidden_states == (0, 1, 1, 2)


@pytest.mark.parametrize("scale", [0.001, 1, 3])
def test_cells_are_those_of_another_way_to_choose(scale):
    space = SearchSpace(layers=1, blocks=5)
    alpha = RNG.normal(0, scale, space.alpha_shape)
    genes = decode(alpha, np.zeros(space.beta_shape), space)
    table = iter(np.apply_along_axis(softmax, 1, alpha)[:, :ZERO])
    for block in range(5):
        edges = [next(table) for _ in range(2 + block)]
        # Of all pairs the one with the largest sum of best probabilities.
        pair = max(
            itertools.combinations(range(2 + block), 2), key=lambda two: edges[two[0]].max() + edges[two[1]].max()
        )
        assert genes.hidden_states[2 * block :][:2] == pair
        chosen = tuple(OPERATIONS[max(range(ZERO), key=edges[state].__getitem__)] for state in pair)
        assert genes.operations[2 * block :][:2] == chosen


def test_ties_are_decided_by_order():
    space = SearchSpace(layers=3, blocks=2)
    genes = decode(np.zeros(space.alpha_shape), np.full(space.beta_shape, 0.25), space)
    assert (genes.hidden_states, set(genes.operations)) == ((0, 1, 0, 1), {"separable_3x3_2"})
    # Level 0 has two links of 1/2, the levels between three of 1/3.
    assert genes.path == (0, 0, 0)
    # Nothing lies before the first cell at stride 4 except the stem, which the decoder then takes.
    assert genes.taps == ((4, -1),)


def test_the_way_back():
    for seed in range(20):
        space = SearchSpace(layers=8, blocks=4)
        genes = random_genotype(space, seed)
        alpha, beta = one_hot(genes, space)
        assert (alpha.sum(), beta.sum()) == (8, 8)
        assert beta.sum((1, 2)).tolist() == [1] * 8
        assert not beta[~space.link_mask].any()
        assert decode(tf.Variable(alpha), tf.constant(beta), space) == genes


def test_the_published_genotype_as_weights():
    alpha, beta = one_hot(genotype("auto_deeplab"), SearchSpace())
    assert np.argwhere(beta).tolist()[:5] == [[0, 0, 1], [1, 0, 1], [2, 0, 1], [3, 0, 2], [4, 1, 2]]
    # Block 1 takes 5x5 atrous of the map before the last, block 5 (rows 14 to 19) of blocks 2 and 4.
    assert [OPERATIONS[index] for index in np.argwhere(alpha[:2])[:, 1]] == ["separable_3x3_2", "atrous_5x5"]
    assert np.argwhere(alpha[14:]).tolist() == [[3, 1], [5, 3]]


def test_one_state_twice_in_a_block():
    fields = {"used_states": [1, 1, 0], "path": [1]}
    space = SearchSpace(layers=1, blocks=1)
    two = genotype({**fields, "operations": ["none", "atrous_3x3"], "hidden_states": [1, 1]})
    twice = genotype({**fields, "operations": ["none", "none"], "hidden_states": [0, 0]})
    assert one_hot(two, space)[0].tolist() == [[0] * 8, [0, 0, 1, 0, 0, 0, 1, 0]]
    assert one_hot(twice, space)[0].tolist() == [[0, 0, 0, 0, 0, 0, 2, 0], [0] * 8]


def test_chance_gives_every_path_and_cell_alike():
    space, rng = SearchSpace(layers=3, blocks=2), np.random.default_rng(0)
    drawn = [random_genotype(space, rng) for _ in range(1300)]
    paths = Counter(genes.path for genes in drawn)
    pairs = Counter(genes.hidden_states for genes in drawn)
    operations = Counter(operation for genes in drawn for operation in genes.operations)
    assert set(paths) == set(all_paths(3))
    assert set(pairs) == {(0, 1, *pair) for pair in itertools.combinations(range(3), 2)}
    assert set(operations) == set(OPERATIONS[:ZERO])
    # Four standard deviations, as fractions of the mean.
    for counts, near in ((paths, 0.4), (pairs, 0.16), (operations, 0.14)):
        mean = counts.total() / len(counts)
        assert max(abs(count / mean - 1) for count in counts.values()) < near


def entropy(logits):
    """As a fraction of that of equal probabilities."""
    return -sum(value * math.log(value, len(logits)) for value in softmax(logits))


def test_entropies():
    space = SearchSpace(layers=3, blocks=2)
    alpha, beta = RNG.normal(0, 2, space.alpha_shape), RNG.normal(0, 2, space.beta_shape)
    rows = [entropy(row) for row in alpha]
    # By layer: the levels that exist before it, each with the moves that stay between strides 4 and 32.
    nodes = [(layer, level) for layer, levels in enumerate([1, 2, 3]) for level in range(levels)]
    links = [beta[node][1:] if node[1] == 0 else beta[node] for node in nodes]
    expected = np.mean(rows), np.mean([entropy(values) for values in links])
    np.testing.assert_allclose(entropies(alpha, beta, space), expected)
    assert entropies(1000 * np.eye(5, 8), np.where(np.arange(3) == 1, 1000.0, 0) + np.zeros((3, 4, 1)), space) == (0, 0)


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("alpha", np.zeros((5, 7)), r"alpha must be finite numbers of the shape \(5, 8\); received the shape \(5, 7\)"),
        ("beta", np.zeros((2, 3, 3)), r"beta must be .* \(2, 4, 3\); received the shape \(2, 3, 3\). Give the space"),
        ("alpha", np.full((5, 8), np.nan), "alpha must be finite .*received 40 that are not finite"),
        ("beta", "strong", "beta must be finite .*received 'strong'"),
    ],
)
def test_other_arrays_are_refused(name, value, message):
    space = SearchSpace(layers=2, blocks=2)
    given = {"alpha": np.zeros(space.alpha_shape), "beta": np.zeros(space.beta_shape), name: value}
    for function in (decode, entropies):
        with pytest.raises(ValueError, match=message):
            function(given["alpha"], given["beta"], space)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"path": [0]}, "has 1 blocks in a cell and 2 cells in a row; received a genotype of 1 and 1. Give"),
        ({"operations": ["none", "separable_7x7_2"]}, "operation of this space must be one of .*'separable_7x7_2'"),
    ],
)
def test_genotypes_of_other_spaces_are_refused(change, message):
    fields = {"operations": ["none"] * 2, "hidden_states": [0, 1], "used_states": [1, 1, 0], "path": [0, 1]}
    with pytest.raises(ValueError, match=message):
        one_hot(genotype({**fields, **change}), SearchSpace(layers=2, blocks=1))


def test_a_cell_that_leaves_a_block_out_is_refused():
    with pytest.raises(ValueError, match=r"used_states must be \(1, 1, 0, 0\); received \(1, 1, 1, 0\). The search"):
        one_hot(genotype({
            "operations": ["none"] * 4, "hidden_states": [0, 1, 2, 2], "used_states": [1, 1, 1, 0], "path": [0]
        }), SearchSpace(layers=1, blocks=2))  # fmt: skip
