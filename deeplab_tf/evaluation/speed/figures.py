"""The figures of one model in a benchmark, and their table, for people and for pages."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

from deeplab_tf.evaluation.evaluation import Evaluation
from deeplab_tf.evaluation.speed.timing import Times

NAN = float("nan")
MB = 1e6


@dataclasses.dataclass
class Figures:
    """What was measured of one model; NaN is what was not.

    Args:
        name: Of the model.
        bytes: Size of its file or folder.
        times: Of its runs.
        agreement: Fraction of pixels, 0-1, whose label is that of the reference.
        memory: Bytes that a process takes at most beyond its libraries, see `peak_memory`.
        evaluation: On labelled images.
        relative: Its median time over that of the reference.

    Example:
        >>> figures = benchmark(["model.keras"], size=65, runs=3, memory=False).figures[0]
        >>> figures.name, figures.agreement, len(figures.times.seconds)
        ('model.keras', 1.0, 3)
    """

    name: str
    bytes: float = NAN
    times: Times = dataclasses.field(default_factory=Times)
    agreement: float = NAN
    memory: float = NAN
    evaluation: Evaluation | None = None
    relative: float = NAN

    def to_dict(self) -> dict[str, Any]:
        """All figures by name, in bytes, seconds and fractions."""
        low, high = self.times.quartiles
        return {
            "name": self.name,
            "bytes": self.bytes,
            "seconds": self.times.median,
            "lower_quartile": low,
            "upper_quartile": high,
            "processor_seconds": self.times.processor_median,
            "images_per_second": 1 / self.times.median,
            "relative": self.relative,
            "memory": self.memory,
            "agreement": self.agreement,
            "miou": self.evaluation.miou if self.evaluation else NAN,
            "pixel_accuracy": self.evaluation.pixel_accuracy if self.evaluation else NAN,
        }


def _time(found: dict) -> str:
    low, high = (f"{1e3 * found[name]:.1f}" for name in ("lower_quartile", "upper_quartile"))
    return f"{1e3 * found['seconds']:.1f} ({low}-{high})"


# By its title: the figure that a column is about, and how it is shown.
COLUMNS: dict[str, tuple[str, Callable[[dict], str]]] = {
    "MB": ("bytes", lambda found: f"{found['bytes'] / MB:.1f}"),
    "ms (quartiles)": ("seconds", _time),
    "processor ms": ("processor_seconds", lambda found: f"{1e3 * found['processor_seconds']:.1f}"),
    "images/s": ("images_per_second", lambda found: f"{found['images_per_second']:.1f}"),
    "relative": ("relative", lambda found: f"{found['relative']:.2f} x"),
    "memory MB": ("memory", lambda found: f"{found['memory'] / MB:.0f}"),
    "equal labels": ("agreement", lambda found: f"{found['agreement']:.2%}".replace("%", " %")),
    "mIoU": ("miou", lambda found: f"{found['miou']:.4f}"),
    "pixel accuracy": ("pixel_accuracy", lambda found: f"{found['pixel_accuracy']:.4f}"),
}


def cells(figures: Sequence[Figures]) -> list[list[str]]:
    """The header and a row for each model, without the columns of what was not measured of any."""
    found = [one.to_dict() for one in figures]
    titles = [title for title, (name, _) in COLUMNS.items() if any(not math.isnan(one[name]) for one in found)]
    rows = [[one["name"], *("-" if math.isnan(one[COLUMNS[title][0]]) else COLUMNS[title][1](one) for title in titles)]
            for one in found]  # fmt: skip
    return [["model", *titles], *rows]


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """A table for a terminal."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = []
    for name, *others in rows:
        lines.append(
            "  ".join([f"{name:<{widths[0]}}", *(f"{cell:>{size}}" for cell, size in zip(others, widths[1:]))])
        )
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table for a page."""
    header, *others = rows
    lines = [header, ["---", *("---:" for _ in header[1:])], *([f"`{name}`", *row] for name, *row in others)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
