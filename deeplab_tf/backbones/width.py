"""How many channels a layer has in a narrower or wider network."""

from __future__ import annotations

import dataclasses

from deeplab_tf.checks import number


def make_divisible(value: float, divisor: int) -> int:
    """The multiple of `divisor` nearest to `value`, at least `divisor`, and never below 90 % of `value`.

    Example:
        >>> make_divisible(18, 8)
        24
    """
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


@dataclasses.dataclass(frozen=True)
class Width:
    """From the channels of a layer in the published network to those at a depth multiplier.

    Args:
        depth_multiplier: Scales the channels of every layer, > 0; 1 leaves published channels as they are.
        divisor: What channels are made multiples of, as `make_divisible` rounds; None takes the nearest whole number.

    Raises:
        ValueError: If the depth multiplier is not above 0.

    Example:
        >>> Width(0.35)(32), Width(0.35, divisor=None)(20)
        (16, 7)
    """

    depth_multiplier: float
    divisor: int | None = 8

    def __post_init__(self):
        number("depth_multiplier", self.depth_multiplier, above=0, remedy="Usual are 0.25 to 1.4.")

    def __call__(self, channels: int) -> int:
        """The channels of a layer that has `channels` in the published network."""
        scaled = channels * self.depth_multiplier
        return max(1, round(scaled)) if self.divisor is None else make_divisible(scaled, self.divisor)
