"""What is searched, and in which order: coarse to fine."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from deeplab_tf.checks import expect, is_number
from deeplab_tf.crf import CRFParameters
from deeplab_tf.crf.parameters import MOST

SEARCHED = ("bilateral_weights", "sigma_alphas", "sigma_betas")


@dataclasses.dataclass(frozen=True)
class CRFGrid:
    """Parameters of a dense CRF to choose from; the spatial kernel is fixed, as in the papers.

    The papers search weights 5 to 10, sigma_alpha 50 to 100 and sigma_beta 3 to 10 for v1, and weights 3 to 6,
    sigma_alpha 30 to 100 and sigma_beta 3 to 6 for v2.

    Args:
        bilateral_weights: Values above 0.
        sigma_alphas: Values above 0, in pixels.
        sigma_betas: Values above 0, in colours of 0-255.
        spatial_weight: Above 0.
        sigma_gamma: In pixels, above 0.
        normalization: As in `CRFParameters`; the papers' code has `"after"`.

    Raises:
        ValueError: If there is no value, or one is not above 0.

    Example:
        >>> len(CRFGrid(bilateral_weights=(4, 5), sigma_alphas=(30, 50, 70), sigma_betas=(3,)))
        6
    """

    bilateral_weights: Sequence[float] = (1, 2, 3, 4, 6, 8)
    sigma_alphas: Sequence[float] = (20, 30, 40, 50, 60, 80, 100)
    sigma_betas: Sequence[float] = (3, 4, 5, 6, 8, 10)
    spatial_weight: float = 3
    sigma_gamma: float = 3
    normalization: Literal["symmetric", "after"] = "after"

    def __post_init__(self):
        for name in SEARCHED:
            given = getattr(self, name)
            values = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else []
            valid = bool(values) and all(is_number(value, above=0, most=MOST) for value in values)
            expected = f"one number above 0 or more, each at most {MOST}"
            expect(valid, name, given, expected, f"Try {getattr(type(self), name)}.")
            object.__setattr__(self, name, tuple(sorted({float(value) for value in values})))
        # Which checks the others.
        self.parameters(self.bilateral_weights[0], (0, 0))

    def __len__(self) -> int:
        return len(self.bilateral_weights) * len(self.sigma_alphas) * len(self.sigma_betas)

    def parameters(self, weight: float, place: tuple[int, ...]) -> CRFParameters:
        """One set of the grid.

        Args:
            weight: Of the bilateral kernel, above 0.
            place: Which of `sigma_alphas` and which of `sigma_betas`, each counted from 0.

        Returns:
            Its parameters.

        Raises:
            IndexError: If there is no such place.
            ValueError: If the weight is not above 0.
        """
        widths = self.sigma_alphas[place[0]], self.sigma_betas[place[1]]
        return CRFParameters(weight, *widths, self.spatial_weight, self.sigma_gamma, self.normalization)

    @property
    def counts(self) -> tuple[int, int]:
        """How many values sigma_alpha and sigma_beta have."""
        return len(self.sigma_alphas), len(self.sigma_betas)


def coarse_to_fine(counts: Sequence[int], score: Callable[[tuple[int, ...]], float]) -> Iterator[list[tuple[int, ...]]]:
    """The places of a grid to try, stage by stage: a few far apart, then ever closer ones around the best so far.

    Args:
        counts: Values along each axis.
        score: How good a place is that was yielded before. Of equals the first counts.

    Yields:
        The places of a stage that no earlier one had; `score` is asked between two stages. At most three along each
        axis.
    """
    steps = [_coarsest(count) for count in counts]
    stage = list(
        itertools.product(*(sorted({0, min(step, count - 1), count - 1}) for step, count in zip(steps, counts)))
    )
    known = dict.fromkeys(stage)
    yield stage
    while max(steps) > 1:
        steps = [max(1, step // 2) for step in steps]
        best = max(known, key=score)
        axes = (
            [near for near in (at - step, at, at + step) if 0 <= near < count]
            for at, step, count in zip(best, steps, counts)
        )
        stage = [place for place in itertools.product(*axes) if place not in known]
        known |= dict.fromkeys(stage)
        yield stage


def most_places(counts: Sequence[int]) -> int:
    """An upper bound of the places that `coarse_to_fine` yields."""
    first = math.prod(min(3, count) for count in counts)
    later = max(map(_coarsest, counts)).bit_length() - 1
    return min(first + later * (first - 1), math.prod(counts))


def _coarsest(count: int) -> int:
    return max(1, count // 2)
