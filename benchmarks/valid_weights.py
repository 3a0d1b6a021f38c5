"""How many weights of a 3x3 kernel lie on the map, by the atrous rate: a table, and docs/valid_weights.png.

The curves of figure 4 of the DeepLabv3 paper (arXiv 1706.05587, section 3.3). No network and no TensorFlow.

python benchmarks/valid_weights.py --output docs/valid_weights.png
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

# The map of a crop of 513 at output stride 8, and the rates that go with that stride.
SIDE, RATES = 65, (12, 24, 36)
LAST_RATE = 75
# By the number of valid weights: the colour, and where the curve's name stands.
COLORS = {9: "#08306b", 6: "#2f7fbc", 4: "#6aaed6", 2: "#f0b070", 1: "#d9661f"}
PLACES = {9: (3.2, 0.88), 6: (12.5, 0.53), 4: (37.5, 0.8), 2: (44.5, 0.53), 1: (39.5, 0.97)}


def valid_weights(rate: int, side: int = SIDE) -> np.ndarray:
    """Weights of a 3x3 kernel of this rate that lie on a square map, by the place of its centre, `[side, side]`."""
    place = np.arange(side)
    rows = 1 + (place >= rate) + (place < side - rate)
    return np.outer(rows, rows)


def shares(rate: int, side: int = SIDE) -> dict[int, float]:
    """The fraction of places with each number of valid weights."""
    numbers, places = np.unique(valid_weights(rate, side), return_counts=True)
    return {int(number): float(count) / side**2 for number, count in zip(numbers, places)}


def table(rates: Sequence[int]) -> str:
    """Rows of the glossary's table."""
    rows = [f"| {rate} | {shares(rate).get(9, 0):.1%} | {valid_weights(rate).mean():.2f} |" for rate in rates]
    return "\n".join(rows).replace("%", " %")


def draw(path: str) -> None:
    """Draws the curves, and the map at three rates."""
    figure = Figure(figsize=(11.5, 4.1), dpi=110, layout="constrained")
    lines, *maps = figure.subplots(1, 1 + len(RATES), width_ratios=(2.6, 1, 1, 1))
    rates = np.arange(1, LAST_RATE + 1)
    by_rate = [shares(int(rate)) for rate in rates]
    for number, color in COLORS.items():
        strong = number in (1, 4, 9)
        values = [found.get(number, np.nan) for found in by_rate]
        lines.plot(rates, values, color=color, linewidth=2.6 if strong else 1.4)
        text = f"{number} valid" if number > 1 else "1 valid: the centre"
        lines.text(*PLACES[number], text, color=color, weight="bold" if strong else "normal", ha="left")
    lines.set(xlim=(0, LAST_RATE), ylim=(0, 1.03), xlabel="atrous rate", ylabel="fraction of the map's places")
    lines.set_title(f"Weights of a 3x3 kernel that lie on a {SIDE}x{SIDE} map", loc="left", weight="bold")
    lines.grid(alpha=0.25)
    lines.spines[["top", "right"]].set_visible(False)
    for axis, rate in zip(maps, RATES):
        lines.axvline(rate, color="0.55", linewidth=0.9, linestyle=(0, (2, 3)), zorder=0)
        _draw_map(axis, rate)
    FigureCanvasAgg(figure)
    figure.savefig(path, metadata={"Software": None})


def _draw_map(axis, rate: int) -> None:
    counts = valid_weights(rate)
    colors = np.array([[to_rgb(COLORS[int(number)]) for number in row] for row in counts])
    axis.imshow(colors, interpolation="nearest")
    edges = np.array([0, *sorted((rate, SIDE - rate)), SIDE])
    middles = (edges[:-1] + edges[1:] - 1) / 2
    for row in middles:
        for column in middles:
            number = int(counts[round(row), round(column)])
            color = "white" if number in (1, 6, 9) else "black"
            axis.text(column, row, str(number), color=color, ha="center", va="center")
    axis.set_title(f"rate {rate}", loc="left", weight="bold")
    axis.set_xlabel(f"mean {counts.mean():.1f} of 9")
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def main() -> None:
    """Prints the table; draws where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", help="PNG to draw")
    given = parser.parse_args()
    print("| Rate | All nine valid | Mean of nine |\n| --- | --- | --- |")
    print(table((1, 6, 12, 18, 24, 36, 48, 65)))
    if given.output:
        draw(given.output)


if __name__ == "__main__":
    main()
