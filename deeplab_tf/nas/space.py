"""What Auto-DeepLab searches over, as data: the operations of a cell, and the links between strides (section 3)."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from deeplab_tf.backbones.genotype import INPUT_STATES, STRIDES
from deeplab_tf.checks import whole

ZERO = "zero"
OPERATIONS = (
    "separable_3x3_2", "separable_5x5_2", "atrous_3x3", "atrous_5x5", "avg_pool_3x3", "max_pool_3x3", "none", ZERO
)  # fmt: skip
# A link to half the stride, to the same, to twice the stride: the last axis of beta.
MOVES = (-1, 0, 1)
LEVELS = range(len(STRIDES))
# The maps before the first layer: those of the stem at stride 2 and at stride 4, which is node (-1, 0).
STEM_MAPS = (-2, -1)


@dataclasses.dataclass(frozen=True)
class SearchSpace:
    """The cells and the networks among which the search chooses (Auto-DeepLab paper, section 3).

    Level 0 is stride 4, level 3 stride 32. The stem is a node of level 0 before the first layer; after layer c there
    is a node at every level that c + 1 moves reach.

    Args:
        layers: Number of cells in a row; the paper's 12.
        blocks: Sums of two operations in a cell; the paper's 5.
        filters: Channels of a cell's states at stride 4; twice as many at twice the stride. The paper searches with 8.

    Raises:
        ValueError: If one is not a whole number above 0.

    Example:
        >>> space = SearchSpace()
        >>> space.alpha_shape, space.beta_shape, len(space.cells)
        ((20, 8), (12, 4, 3), 45)
    """

    layers: int = 12
    blocks: int = 5
    filters: int = 8

    def __post_init__(self):
        for field, remedy in (("layers", "The paper has 12."), ("blocks", "The paper has 5."), ("filters", "Try 8.")):
            most = {"layers": 100, "blocks": 32, "filters": 1024}[field]
            object.__setattr__(self, field, whole(field, getattr(self, field), most=most, remedy=remedy))

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """(block, state) of each row of alpha. States 0 and 1 are the cell's inputs, 2 + k is block k."""
        return tuple((block, state) for block in range(self.blocks) for state in range(INPUT_STATES + block))

    @property
    def alpha_shape(self) -> tuple[int, int]:
        """Edges of the cell, operations."""
        return len(self.edges), len(OPERATIONS)

    @property
    def beta_shape(self) -> tuple[int, int, int]:
        """Layers, levels that a link leaves, moves. Links that do not exist have a place too, which nobody reads."""
        return self.layers, len(STRIDES), len(MOVES)

    def levels(self, layer: int) -> tuple[int, ...]:
        """The nodes after a layer.

        Args:
            layer: From 0; -1 is the stem.

        Returns:
            Their levels, 0 for stride 4 to 3 for stride 32, the finest first.
        """
        return tuple(level for level in LEVELS if level <= layer + 1)

    def links(self, layer: int) -> tuple[tuple[int, int], ...]:
        """The links into the nodes of a layer.

        Args:
            layer: From 0.

        Returns:
            (level it leaves, level it enters) of each, in the order of the level it enters.
        """
        return tuple(
            (level - move, level)
            for level in self.levels(layer)
            for move in reversed(MOVES)
            if level - move in self.levels(layer - 1)
        )

    def entering(self, layer: int, level: int) -> tuple[int, ...]:
        """Where the links into a node come from.

        Args:
            layer: The node's, from 0.
            level: The node's.

        Returns:
            The levels that they leave, the finest first; none where there is no such node.
        """
        return tuple(source for source, target in self.links(layer) if target == level)

    def second_input(self, layer: int, level: int) -> tuple[int, int]:
        """The map that a node's cell takes beside its links: that of two layers before.

        Where there is none at this level, the authors took the one of the nearest size, which is a larger one.

        Args:
            layer: The node's, from 0.
            level: The node's.

        Returns:
            (layer, level) of the map; -1 and -2 are the layers of the stem.
        """
        before = layer - 2
        return (before, 0) if before < 0 else (before, min(level, max(self.levels(before))))

    @property
    def link_mask(self) -> np.ndarray:
        """Which places of beta are links: bool of `beta_shape`."""
        mask = np.zeros(self.beta_shape, bool)
        for layer in range(self.layers):
            for source, target in self.links(layer):
                mask[layer, source, MOVES.index(target - source)] = True
        return mask

    @property
    def cells(self) -> tuple[tuple[int, int], ...]:
        """(layer, level) of every cell."""
        return tuple((layer, level) for layer in range(self.layers) for level in self.levels(layer))

    def count_cells(self) -> int:
        """Number of cells, as the paper counts them: each block chooses two inputs, in order, and two operations.

        Example:
            >>> f"{SearchSpace().count_cells():.2g}"
            '5.6e+14'
        """
        return math.prod((INPUT_STATES + block) ** 2 * len(OPERATIONS) ** 2 for block in range(self.blocks))

    def count_paths(self, moves: int | None = None) -> int:
        """Number of paths through the strides.

        Args:
            moves: Steps from one node to the next; one fewer than layers when left out, which gives the paper's
                2.9e4 (its first or last layer has no choice). All the paths of the supernet take `layers`.

        Returns:
            The number.

        Example:
            >>> SearchSpace().count_paths(), SearchSpace().count_paths(12)
            (28657, 75025)
        """
        ways = {0: 1}
        for _ in range(self.layers - 1 if moves is None else moves):
            ways = {
                level: sum(ways.get(level - move, 0) for move in MOVES)
                for level in LEVELS
                if any(level - move in ways for move in MOVES)
            }
        return sum(ways.values())
