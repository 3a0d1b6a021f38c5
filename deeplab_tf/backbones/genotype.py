"""A searched network as data: what its cell computes, and at which strides its cells stand."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import reprlib
from collections.abc import Mapping
from pathlib import Path

from deeplab_tf.checks import is_whole, one_of, plain, whole_numbers
from deeplab_tf.files import read_json
from deeplab_tf.files.reading import reading, reason

STRIDES = (4, 8, 16, 32)
INPUT_STATES = 2
# Index that stands for the stem among the cells.
STEM = -1
OPERATION = re.compile(
    r"(separable)_(\d{1,2})x(\d{1,2})_(\d)|(atrous|avg_pool|max_pool)_(\d{1,2})x(\d{1,2})|(none)", re.ASCII
)
# Far above all that was ever searched; a file that asks for more is damaged, and would be built for hours.
MOST_CELLS, MOST_OPERATIONS = 100, 64


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
        raise ValueError(
            f"Unknown operation {reprlib.repr(text)}; known are separable_KxK_N (N convolutions in a row), atrous_KxK, "
            "avg_pool_KxK, max_pool_KxK, with K odd and below 100, N below 10, and none."
        )


@dataclasses.dataclass(frozen=True)
class Genotype:
    """A cell and the path of the cells through the strides.

    A cell's state 0 is the current map, state 1 the output of two cells ago. Combination k adds two operations
    on earlier states and appends the sum as state 2 + k. The cell's output concatenates the states that are not
    marked as used.

    Args:
        operations: Left and right operation of each combination, in order, as `Operation.parse` reads them.
        hidden_states: The state on which each of them works.
        used_states: 1 for each state that the output leaves out, 0 for the others; always 1 for states 0 and 1.
        path: Level of each cell: 0 for stride 4, to 3 for stride 32. Neighbours differ by 1 at most.
        taps: Decoder features as (stride, cell), cell -1 being the stem. Left out, they are at every stride the
            last cell before the path first reaches its coarsest stride.

    Raises:
        ValueError: If an operation is unknown, a state does not exist yet where it is used, the lengths do not
            fit, or the path jumps.

    Example:
        >>> genotype("auto_deeplab").stride
        8
    """

    operations: tuple[str, ...]
    hidden_states: tuple[int, ...]
    used_states: tuple[int, ...]
    path: tuple[int, ...]
    taps: tuple[tuple[int, int], ...] | None = None

    def __post_init__(self):
        # Lists, as JSON has them, become tuples, so that equal genotypes are equal.
        for field in ("operations", "hidden_states", "used_states", "path"):
            value = plain(getattr(self, field))
            if not isinstance(value, (list, tuple)):
                raise ValueError(f"A genotype's {field} must be a list; received {reprlib.repr(value)}.")
            most = MOST_CELLS if field == "path" else MOST_OPERATIONS + INPUT_STATES
            if len(value) > most:
                raise ValueError(f"A genotype's {field} has {most} entries at most; received {len(value)}.")
            object.__setattr__(self, field, tuple(value))
        self._check_cell()
        self._check_path()
        taps = self._default_taps() if self.taps is None else self.taps
        remedy, taps = "It is a stride and a cell.", taps if isinstance(taps, (list, tuple)) else [taps]
        taps = tuple(whole_numbers("A genotype's tap", tap, least=STEM, length=2, remedy=remedy) for tap in taps)
        for stride, cell in taps:
            if cell not in range(STEM, len(self.path)) or self.stride_of(cell) != stride:
                raise ValueError(
                    f"A genotype's tap must name a cell at its stride; received cell {cell} for stride {stride}, "
                    f"where the cells' strides are {[self.stride_of(cell) for cell in range(len(self.path))]}."
                )
        object.__setattr__(self, "taps", taps)

    @property
    def combinations(self) -> int:
        """Number of sums in a cell."""
        return len(self.operations) // 2

    @property
    def output_states(self) -> tuple[int, ...]:
        """Indices of the states that a cell's output concatenates."""
        return tuple(state for state, used in enumerate(self.used_states) if not used)

    @property
    def stride(self) -> int:
        """Stride of the last cell."""
        return STRIDES[self.path[-1]]

    def stride_of(self, cell: int) -> int:
        """Stride of a cell, or of the stem, -1."""
        return STRIDES[0] if cell == STEM else STRIDES[self.path[cell]]

    def to_dict(self) -> dict:
        """The fields as JSON has them."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    @classmethod
    def from_dict(cls, fields: Mapping) -> Genotype:
        """The genotype with these fields.

        Raises:
            ValueError: If one is missing, unknown or impossible.
        """
        if not isinstance(fields, Mapping):
            raise ValueError(f"A genotype must be a JSON object; received a {type(fields).__name__}.")
        known = {field.name: field.default is dataclasses.MISSING for field in dataclasses.fields(cls)}
        missing = sorted(name for name, needed in known.items() if needed and name not in fields)
        unknown = sorted(set(fields) - set(known))
        if missing or unknown:
            raise ValueError(f"A genotype has the fields {list(known)}; missing: {missing}, unknown: {unknown}.")
        return cls(**fields)

    def to_json(self) -> str:
        """The genotype as JSON text, which `genotype` reads back from a file."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Genotype:
        """Reads JSON text.

        Raises:
            ValueError: If it is not a JSON object, or not a possible genotype.
        """
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"A genotype must be JSON text; this breaks off or is none: {reason(error)}") from error
        return cls.from_dict(fields)

    def _check_cell(self) -> None:
        if not self.operations or len(self.operations) % 2 or len(self.hidden_states) != len(self.operations):
            raise ValueError(
                "A genotype needs two operations a combination and one hidden state an operation; received "
                f"{len(self.operations)} operations and {len(self.hidden_states)} hidden states."
            )
        for index, (operation, state) in enumerate(zip(self.operations, self.hidden_states)):
            Operation.parse(operation)
            existing = INPUT_STATES + index // 2
            if not is_whole(state, 0, existing - 1):
                raise ValueError(
                    f"Combination {index // 2} refers to state {state!r}, which does not exist there; "
                    f"it may use the states 0 to {existing - 1}."
                )
        flags = all(type(used) in (int, bool) and used in (0, 1) for used in self.used_states)
        if len(self.used_states) != INPUT_STATES + self.combinations or not flags:
            raise ValueError(
                f"used_states must have {INPUT_STATES + self.combinations} entries, each 0 or 1; "
                f"received {reprlib.repr(self.used_states)}."
            )
        if self.used_states[:INPUT_STATES] != (1, 1) or not self.output_states:
            raise ValueError(
                "used_states must mark states 0 and 1 as used, since in a strided cell they are larger than its "
                f"output, and leave at least one state unused; received {self.used_states}."
            )

    def _check_path(self) -> None:
        levels = range(len(STRIDES))
        if not self.path or any(not is_whole(level) or level not in levels for level in self.path):
            raise ValueError(f"A path needs levels from 0 (stride 4) to 3 (stride 32); received {self.path}.")
        for before, level in zip((0, *self.path), self.path):
            if abs(level - before) > 1:
                raise ValueError(
                    f"A path starts at level 0 or 1 and changes by at most 1 from cell to cell; received {self.path}."
                )

    def _default_taps(self) -> tuple[tuple[int, int], ...]:
        deepest = max(self.path)
        before = self.path[: self.path.index(deepest)]
        last = {0: STEM} if deepest else {}
        last |= {level: cell for cell, level in enumerate(before)}
        return tuple((STRIDES[level], cell) for level, cell in sorted(last.items()))


PNASNET_OPERATIONS = (
    "separable_5x5_2", "max_pool_3x3",
    "separable_7x7_2", "max_pool_3x3",
    "separable_5x5_2", "separable_3x3_2",
    "separable_3x3_2", "max_pool_3x3",
    "separable_3x3_2", "none",
)  # fmt: skip


def _pnasnet(path: tuple[int, ...]) -> Genotype:
    taps = tuple((stride, cell) for stride, cell in ((4, STEM), (8, 3), (16, 7)) if stride <= STRIDES[path[-1]])
    return Genotype(PNASNET_OPERATIONS, (1, 1, 0, 0, 0, 0, 4, 0, 1, 0), (1, 1, 0, 0, 0, 0, 0), path, taps)


GENOTYPES: dict[str, Genotype] = {
    "auto_deeplab": Genotype(
        operations=(
            "atrous_5x5", "separable_3x3_2",
            "separable_3x3_2", "atrous_3x3",
            "separable_3x3_2", "separable_3x3_2",
            "separable_5x5_2", "separable_5x5_2",
            "separable_5x5_2", "atrous_5x5",
        ),
        hidden_states=(1, 0, 1, 0, 3, 1, 4, 2, 3, 5),
        used_states=(1, 1, 0, 0, 0, 0, 0),
        path=(0, 0, 0, 1, 2, 1, 2, 2, 3, 3, 2, 1),
    ),
    "pnasnet_8": _pnasnet((1,) * 12),
    "pnasnet_16": _pnasnet((1,) * 4 + (2,) * 8),
    "pnasnet_32": _pnasnet((1,) * 4 + (2,) * 4 + (3,) * 4),
}  # fmt: skip


def genotype(value: Genotype | Mapping | str | os.PathLike) -> Genotype:
    """The genotype that `value` means.

    Args:
        value: A genotype, its dictionary, the name of a known one, or the path of a `.json` file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the name is unknown, or what was given is not a possible genotype.

    Example:
        >>> genotype("auto_deeplab").path[:4]
        (0, 0, 0, 1)
    """
    if isinstance(value, Genotype):
        return value
    if isinstance(value, Mapping):
        return Genotype.from_dict(value)
    if isinstance(value, (str, os.PathLike)) and Path(value).suffix == ".json":
        with reading(value, "a genotype", "Write it with Genotype.to_json."):
            return Genotype.from_dict(read_json(value))
    remedy = "Another one is given as a .json file, a dictionary or a Genotype."
    return GENOTYPES[one_of("genotype", value, GENOTYPES, remedy=remedy)]
