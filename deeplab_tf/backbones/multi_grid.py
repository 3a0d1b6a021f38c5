"""Multi-grid: relative atrous rates inside a backbone's last block (v3 paper, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

from deeplab_tf.checks import whole_numbers


def check_multi_grid(multi_grid: Sequence[int] | None, length: int) -> tuple[int, ...]:
    """The relative rates of a block of `length` units or convolutions; ones when left out.

    Raises:
        ValueError: If there are not `length` whole numbers above 0.

    Example:
        >>> check_multi_grid(None, 3), check_multi_grid([1, 2, 4], 3)
        ((1, 1, 1), (1, 2, 4))
    """
    if multi_grid is None:
        return (1,) * length
    remedy = f"This backbone has so many; try {(1, 2, 4)[:length]}."
    return whole_numbers("multi_grid", multi_grid, length=length, remedy=remedy)
