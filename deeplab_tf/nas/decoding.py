"""From the search's weights to a genotype and back (section 4.3 of the Auto-DeepLab paper)."""

from __future__ import annotations

import reprlib

import numpy as np

from deeplab_tf.backbones.genotype import INPUT_STATES, STEM, STRIDES, Genotype
from deeplab_tf.checks import expect, one_of
from deeplab_tf.nas.space import LEVELS, MOVES, OPERATIONS, ZERO, SearchSpace

CHOICES = tuple(operation for operation in OPERATIONS if operation != ZERO)
INPUTS_OF_A_BLOCK = 2


def decode(alpha, beta, space: SearchSpace) -> Genotype:
    """The cell and the path that the architecture's weights are strongest for (Auto-DeepLab paper, section 4.3).

    Each block keeps the two edges whose strongest operation other than zero has the largest probability, and that
    operation. The path is the one of the largest product of probabilities from the stem over all layers, wherever it
    ends (Viterbi). Of equals the earlier operation, the earlier state and the finer stride win.

    Args:
        alpha: Logits `[edges, operations]`, as `SearchSpace.edges` and `OPERATIONS` order them.
        beta: Logits `[layers, levels, moves]`; those of links that do not exist are left out.
        space: The space that was searched.

    Returns:
        A genotype whose cells halve the map in their inputs, as in the search, and concatenate all blocks.

    Raises:
        ValueError: If the shapes are not those of the space, or a number is not finite.

    Example:
        >>> space = SearchSpace(layers=3, blocks=1)
        >>> alpha, beta = np.zeros(space.alpha_shape), np.zeros(space.beta_shape)
        >>> alpha[0, 2] = beta[0, 0, 2] = 1  # an atrous 3x3; to twice the stride
        >>> genes = decode(alpha, beta, space)
        >>> genes.operations, genes.path
        (('atrous_3x3', 'separable_3x3_2'), (1, 0, 0))
    """
    alpha = _logits("alpha", alpha, space.alpha_shape)
    beta = _logits("beta", beta, space.beta_shape)
    strengths = log_softmax(alpha)[:, [OPERATIONS.index(choice) for choice in CHOICES]]
    operations, states = [], []
    for block in range(space.blocks):
        rows = [row for row, edge in enumerate(space.edges) if edge[0] == block]
        # Sorting keeps the order of equals.
        strongest = sorted(rows, key=lambda row: -strengths[row].max())[:INPUTS_OF_A_BLOCK]
        for row in sorted(strongest):
            operations.append(CHOICES[strengths[row].argmax()])
            states.append(space.edges[row][1])
    return _genotype(operations, states, _most_probable_path(beta, space))


def one_hot(genotype: Genotype, space: SearchSpace) -> tuple[np.ndarray, np.ndarray]:
    """The weights, after their softmax, with which the relaxed network computes what a genotype's does.

    Args:
        genotype: One of the space.
        space: The space, whose filters do not matter here.

    Returns:
        (alpha, beta), float64 of the space's shapes: how many times the cell has an operation on an edge (1, or 2 where
        both inputs of a block are the same; 0 elsewhere), and 1 at the links of the path.

    Raises:
        ValueError: If the genotype is none of the space.

    Example:
        >>> alpha, beta = one_hot(genotype("auto_deeplab"), SearchSpace())
        >>> int(alpha.sum()), int(beta.sum())
        (10, 12)
    """
    if (genotype.combinations, len(genotype.path)) != (space.blocks, space.layers):
        raise ValueError(
            f"The space has {space.blocks} blocks in a cell and {space.layers} cells in a row; received a genotype of "
            f"{genotype.combinations} and {len(genotype.path)}. Give the space that it was decoded from."
        )
    everything = (1,) * INPUT_STATES + (0,) * space.blocks
    remedy = "The search concatenates all blocks."
    expect(genotype.used_states == everything, "used_states", genotype.used_states, str(everything), remedy)
    alpha, beta = np.zeros(space.alpha_shape), np.zeros(space.beta_shape)
    rows = {edge: row for row, edge in enumerate(space.edges)}
    for index, (operation, state) in enumerate(zip(genotype.operations, genotype.hidden_states)):
        operation = one_of("An operation of this space", operation, CHOICES)
        alpha[rows[index // INPUTS_OF_A_BLOCK, state], OPERATIONS.index(operation)] += 1
    for layer, (before, level) in enumerate(zip((0, *genotype.path), genotype.path)):
        beta[layer, before, MOVES.index(level - before)] = 1
    return alpha, beta


def random_genotype(space: SearchSpace, rng: np.random.Generator | int) -> Genotype:
    """One of the genotypes that decoding can give, each with the same probability.

    Args:
        space: The space.
        rng: NumPy's generator, or a seed.

    Returns:
        Its blocks have two different inputs and operations other than zero; all paths are equally probable.

    Raises:
        ValueError: If a seed is below 0.

    Example:
        >>> len(random_genotype(SearchSpace(layers=6, blocks=3), 0).path)
        6
    """
    rng = np.random.default_rng(rng)
    operations, states = [], []
    for block in range(space.blocks):
        states += sorted(rng.choice(INPUT_STATES + block, INPUTS_OF_A_BLOCK, replace=False).tolist())
        operations += [CHOICES[index] for index in rng.integers(len(CHOICES), size=INPUTS_OF_A_BLOCK)]
    # Number of ways on from each level, by the layers that are left.
    ways = [np.ones(len(LEVELS))]
    for _ in range(space.layers - 1):
        ways.append(
            np.array([sum(ways[-1][level + move] for move in MOVES if level + move in LEVELS) for level in LEVELS])
        )
    path = [0]
    for onward in reversed(ways):
        targets = [path[-1] + move for move in MOVES if path[-1] + move in LEVELS]
        path.append(int(rng.choice(targets, p=onward[targets] / onward[targets].sum())))
    return _genotype(operations, states, path[1:])


def entropies(alpha, beta, space: SearchSpace) -> tuple[float, float]:
    """How undecided the search still is about operations, and about links.

    Args:
        alpha: Logits, as for `decode`.
        beta: Logits, as for `decode`.
        space: The space that is searched.

    Returns:
        The mean entropy of an edge's operations, and that of a node's outgoing links, each as a fraction of its
        maximum: 1 where all are equally probable, 0 where one is certain.

    Raises:
        ValueError: As for `decode`.

    Example:
        >>> space = SearchSpace()
        >>> entropies(np.zeros(space.alpha_shape), np.zeros(space.beta_shape), space)
        (1.0, 1.0)
    """
    alpha = log_softmax(_logits("alpha", alpha, space.alpha_shape))
    mask = space.link_mask
    beta, links = log_softmax(_logits("beta", beta, space.beta_shape), mask), mask.sum(-1)
    nodes = links > 0
    edges, nodes = _entropy(alpha) / np.log(len(OPERATIONS)), _entropy(beta[nodes]) / np.log(links[nodes])
    # Rounding may lead above.
    return min(float(edges.mean()), 1.0), min(float(nodes.mean()), 1.0)


def link_probabilities(beta, space: SearchSpace) -> np.ndarray:
    """With which probability the path takes each link that leaves a node.

    Args:
        beta: Logits, as for `decode`.
        space: The space that is searched.

    Returns:
        float64 `[layers, levels, moves]`; 0 where there is no link.

    Raises:
        ValueError: As for `decode`.
    """
    return np.exp(log_softmax(_logits("beta", beta, space.beta_shape), space.link_mask))


def log_softmax(logits: np.ndarray, mask: np.ndarray | bool = True) -> np.ndarray:
    """Logarithms of the softmax over the last axis.

    Args:
        logits: float `[..., N]`.
        mask: bool, broadcast to the logits: what takes part; the rest gets -inf, and so do all of a row without any.
    """
    taken = np.where(mask, logits, -np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        result = taken - np.logaddexp.reduce(taken, axis=-1, keepdims=True)
    return np.where(mask, result, -np.inf)


def _logits(name: str, value, shape: tuple[int, ...]) -> np.ndarray:
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        received = reprlib.repr(value)
    else:
        bad = np.count_nonzero(~np.isfinite(array))
        if array.shape == shape and not bad:
            return array
        received = f"{bad} that are not finite" if array.shape == shape else f"the shape {array.shape}"
    raise ValueError(
        f"{name} must be finite numbers of the shape {shape}; received {received}. Give the space that was searched."
    )


def _entropy(logarithms: np.ndarray) -> np.ndarray:
    probabilities = np.exp(logarithms)
    return -np.where(probabilities > 0, probabilities * np.where(probabilities > 0, logarithms, 0), 0).sum(-1)


def _most_probable_path(beta: np.ndarray, space: SearchSpace) -> list[int]:
    """Viterbi's algorithm, in logarithms."""
    links = log_softmax(beta, space.link_mask)
    best, back = {0: 0.0}, []
    for layer in range(space.layers):
        scores, sources = {}, {}
        for source, target in sorted(space.links(layer)):
            score = best[source] + links[layer, source, MOVES.index(target - source)]
            if target not in scores or score > scores[target]:
                scores[target], sources[target] = score, source
        best = scores
        back.append(sources)
    path = [max(sorted(best), key=best.__getitem__)]
    for sources in reversed(back[1:]):
        path.append(sources[path[-1]])
    return path[::-1]


def _genotype(operations: list[str], states: list[int], path: list[int]) -> Genotype:
    # A path that never leaves stride 4 has no cell before it reaches that, except the stem, which a decoder needs then.
    taps = None if max(path) else ((STRIDES[0], STEM),)
    used = (1,) * INPUT_STATES + (0,) * (len(operations) // INPUTS_OF_A_BLOCK)
    return Genotype(tuple(operations), tuple(states), used, tuple(path), taps, reduction="inputs")
