"""A searched network as data: what its cell computes, and at which strides its cells stand."""

from __future__ import annotations

import dataclasses
import json
import os
import reprlib
from collections.abc import Mapping
from pathlib import Path

from deeplab_tf.backbones.operation import Operation
from deeplab_tf.checks import expect, is_whole, one_of, plain, whole, whole_numbers
from deeplab_tf.files import read_json, replacing
from deeplab_tf.files.reading import reading, reason

STRIDES = (4, 8, 16, 32)
INPUT_STATES = 2
# Index that stands for the stem among the cells.
STEM = -1
# Far above all that was ever searched; a file that asks for more is damaged, and would be built for hours.
MOST_CELLS, MOST_OPERATIONS = 100, 64
# Of the JSON; it rises when a reader of before would build another network from the same text.
VERSION = 1
REDUCTIONS = ("operations", "inputs")


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
        reduction: Where a cell that doubles the stride halves the map: in its `"operations"` on states 0 and 1, as
            the release builds the published network, or in its `"inputs"`, as the search does (state 0 by a 3x3
            convolution of stride 2, state 1 by resizing), so that every operation has stride 1.

    Raises:
        ValueError: If an operation is unknown, a state does not exist yet where it is used, the lengths do not
            fit, the path jumps, or there is no such reduction.

    Example:
        >>> genotype("auto_deeplab").stride
        8
    """

    operations: tuple[str, ...]
    hidden_states: tuple[int, ...]
    used_states: tuple[int, ...]
    path: tuple[int, ...]
    taps: tuple[tuple[int, int], ...] | None = None
    reduction: str = "operations"

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
        object.__setattr__(self, "reduction", one_of("A genotype's reduction", self.reduction, REDUCTIONS))
        taps = self._default_taps() if self.taps is None else self.taps
        remedy, taps = "It is a stride and a cell.", taps if isinstance(taps, (list, tuple)) else [taps]
        taps = tuple(whole_numbers("A genotype's tap", tap, least=STEM, length=2, remedy=remedy) for tap in taps)
        for stride, cell in taps:
            if cell not in range(STEM, len(self.path)) or self.stride_of(cell) != stride:
                raise ValueError(
                    f"A genotype's tap must name a cell at its stride; received cell {cell} for stride {stride}, "
                    f"where the cells' strides are {list(self.strides)}."
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

    @property
    def strides(self) -> tuple[int, ...]:
        """Stride of each cell."""
        return tuple(map(self.stride_of, range(len(self.path))))

    def stride_of(self, cell: int) -> int:
        """Stride of a cell, or of the stem.

        Args:
            cell: Its place in `path`; -1 is the stem.

        Returns:
            4, 8, 16 or 32.
        """
        return STRIDES[0] if cell == STEM else STRIDES[self.path[cell]]

    def to_dict(self) -> dict:
        """The fields as JSON has them, and their version."""
        return {"version": VERSION, **json.loads(json.dumps(dataclasses.asdict(self)))}

    @classmethod
    def from_dict(cls, fields: Mapping) -> Genotype:
        """The inverse of `to_dict`; without a version the fields are of the first one.

        Args:
            fields: The dictionary.

        Returns:
            The genotype.

        Raises:
            ValueError: If one is missing, unknown or impossible, or the version is a later one.
        """
        if not isinstance(fields, Mapping):
            raise ValueError(f"A genotype must be a JSON object; received a {type(fields).__name__}.")
        fields = dict(fields)
        whole("A genotype's version", fields.pop("version", VERSION), most=VERSION, remedy="Update deeplab-tf.")
        known = {field.name: field.default is dataclasses.MISSING for field in dataclasses.fields(cls)}
        missing = sorted(name for name, needed in known.items() if needed and name not in fields)
        unknown = sorted(set(fields) - set(known))
        if missing or unknown:
            raise ValueError(f"A genotype has the fields {list(known)}; missing: {missing}, unknown: {unknown}.")
        return cls(**fields)

    def to_json(self) -> str:
        """The genotype as JSON text, a line for each field."""
        lines = (f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in self.to_dict().items())
        return "{\n" + ",\n".join(lines) + "\n}\n"

    def save(self, path: str | os.PathLike) -> None:
        """Writes the file that `genotype` reads, in one move.

        Args:
            path: A `.json` file; an existing one is replaced.

        Raises:
            ValueError: If the path has another suffix, or cannot be written.
        """
        expect(Path(path).suffix == ".json", "A genotype's file", str(path), "a .json file", "Try found.json.")
        with replacing(path) as temporary:
            temporary.write_text(self.to_json(), encoding="utf-8")

    @classmethod
    def from_json(cls, text: str) -> Genotype:
        """The inverse of `to_json`.

        Args:
            text: The JSON.

        Returns:
            The genotype.

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
                later = is_whole(state, existing, INPUT_STATES + self.combinations - 1)
                cycle = f" (combination {state - INPUT_STATES} computes it: a cycle)" if later else ""
                raise ValueError(
                    f"Combination {index // 2} refers to state {state!r}, which does not exist there{cycle}; "
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
        for cell, (before, level) in enumerate(zip((0, *self.path), self.path)):
            if abs(level - before) > 1:
                raise ValueError(
                    "A path starts at level 0 or 1 and changes by at most 1 from cell to cell; received "
                    f"{self.path}, where cell {cell} jumps from level {before} to {level}."
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


AUTO_DEEPLAB = Genotype(
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
)  # fmt: skip


def _of_published_cells(path: tuple[int, ...]) -> Genotype:
    return dataclasses.replace(AUTO_DEEPLAB, path=path, taps=None)


GENOTYPES: dict[str, Genotype] = {
    "auto_deeplab": AUTO_DEEPLAB,
    # The earlier designs that the paper's figure 2 finds in its space, with Auto-DeepLab's cells along their paths.
    "deeplabv3_like": _of_published_cells((0, 1) + (2,) * 10),
    "conv_deconv": _of_published_cells((0, 1, 1, 2, 2, 3, 3, 2, 2, 1, 1, 0)),
    "stacked_hourglass": _of_published_cells((1, 2, 3, 2, 1, 0) * 2),
    "pnasnet_8": _pnasnet((1,) * 12),
    "pnasnet_16": _pnasnet((1,) * 4 + (2,) * 8),
    "pnasnet_32": _pnasnet((1,) * 4 + (2,) * 4 + (3,) * 4),
}


def genotype(value: Genotype | Mapping | str | os.PathLike) -> Genotype:
    """The genotype that `value` means.

    Args:
        value: A genotype, its dictionary, the name of a known one, or the path of a `.json` file.

    Returns:
        The genotype; a `Genotype` as it is.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the name is unknown, or what was given is not a possible genotype.

    Example:
        >>> genotype("auto_deeplab").save("found.json")
        >>> genotype("found.json").path[:4]
        (0, 0, 0, 1)
    """
    if isinstance(value, Genotype):
        return value
    if isinstance(value, Mapping):
        return Genotype.from_dict(value)
    if isinstance(value, (str, os.PathLike)) and Path(value).suffix == ".json":
        with reading(value, "a genotype", "Write it with Genotype.save."):
            return Genotype.from_dict(read_json(value))
    remedy = "Another one is given as a .json file, a dictionary or a Genotype."
    return GENOTYPES[one_of("genotype", value, GENOTYPES, remedy=remedy)]
