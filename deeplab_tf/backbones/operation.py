"""One operation of a searched cell, in the release's notation."""

from __future__ import annotations

import dataclasses
import re
import reprlib

from deeplab_tf.checks import meant

OPERATION = re.compile(
    r"(separable)_(\d{1,2})x(\d{1,2})_(\d)|(atrous|avg_pool|max_pool)_(\d{1,2})x(\d{1,2})|(none)", re.ASCII
)
# What is searched over and what was found, for the message of a name that is near one.
USUAL = (
    "separable_3x3_2", "separable_5x5_2", "separable_7x7_2", "atrous_3x3", "atrous_5x5", "avg_pool_3x3", "max_pool_3x3",
    "none",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Operation:
    """One operation of a cell.

    Args:
        kind: `separable`, `atrous`, `avg_pool`, `max_pool` or `none` (the identity).
        kernel_size: Side of the window, odd; 1 for `none`.
        repeats: Number of convolutions in a row.
    """

    kind: str
    kernel_size: int = 1
    repeats: int = 1

    @classmethod
    def parse(cls, text: str) -> Operation:
        """Reads the release's notation.

        Args:
            text: For instance `separable_3x3_2`, `atrous_5x5`, `max_pool_3x3`, `none`.

        Raises:
            ValueError: If it is none of these.

        Example:
            >>> Operation.parse("separable_3x3_2")
            Operation(kind='separable', kernel_size=3, repeats=2)
        """
        match = OPERATION.fullmatch(text) if isinstance(text, str) else None
        if match:
            separable, height, width, repeats, kind, *window, identity = match.groups()
            height, width = (height, width) if separable else window
            if identity:
                return cls(identity)
            if height == width and int(height) % 2 == 1 and int(repeats or 1) > 0:
                return cls(separable or kind, int(height), int(repeats or 1))
        hint = meant(text, USUAL)
        raise ValueError(
            f"Unknown operation {reprlib.repr(text)}; known are separable_KxK_N (N convolutions in a row), atrous_KxK, "
            f"avg_pool_KxK, max_pool_KxK, with K odd and below 100, N below 10, and none.{hint}"
        )
