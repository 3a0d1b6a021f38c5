"""The drawing of a network: its blocks from left to right, each on the level of its stride."""

from __future__ import annotations

import os
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.path import Path as Line

from deeplab_tf.cost.layout import IMAGE, Node, layout
from deeplab_tf.cost.parts import (
    ASPP,
    BACKBONE,
    CELL,
    CLASSIFIER,
    DECODER,
    FULLY_CONNECTED,
    MULTI_SCALE,
    OTHER,
    PYRAMID,
    RESIZE,
    STEM,
)
from deeplab_tf.cost.report import ModelCost
from deeplab_tf.files import replacing

COLORS = {
    IMAGE.part: "#e2e8f0",
    PYRAMID: "#e2e8f0",
    STEM: "#bee3f8",
    BACKBONE: "#90cdf4",
    ASPP: "#fbd38d",
    CELL: "#fbd38d",
    FULLY_CONNECTED: "#fbd38d",
    MULTI_SCALE: "#d6bcfa",
    DECODER: "#9ae6b4",
    CLASSIFIER: "#feb2b2",
    RESIZE: "#e2e8f0",
    OTHER: "#e2e8f0",
}
INK, LINE, FAINT, BAND, PAPER = "#1a202c", "#4a5568", "#a0aec0", "#f7fafc", "#ffffff"
SUFFIXES = (".png", ".pdf", ".svg")
# Inches.
WIDTH, HEIGHT, GAP, STACK_GAP, BAND_GAP = 1.74, 0.74, 0.36, 0.12, 0.34
LEFT, TOP, BOTTOM, MARGIN = 1.15, 0.9, 0.7, 0.25
NAME_SIZE, TEXT_SIZE = 9.0, 8.0
LINE_STEP = 0.185


def draw_network(cost: ModelCost, path: str | os.PathLike) -> None:
    """Draws a network's blocks, branches and decoder stages with their sizes and cost.

    Rows are strides, image size above; the bar in a box is its fraction of all multiply-adds.

    Args:
        cost: What `model_cost` counted.
        path: A `.png`, `.pdf` or `.svg` file, written in one move.

    Raises:
        ValueError: If the suffix is none that can be drawn, or the folder cannot be written.
        OSError: If the disk fills.

    Example:
        >>> draw_network(model_cost(DeepLabV3Plus("xception_65")), "xception.png")
    """
    check_drawing_path(path)
    canvas = _Canvas(cost)
    with replacing(path) as temporary:
        canvas.figure.savefig(temporary, dpi=150)


def check_drawing_path(path: str | os.PathLike) -> None:
    """Refuses a path that cannot be written as a drawing, before any long work.

    Args:
        path: The file to be written.

    Raises:
        ValueError: If its suffix is none of those that can be drawn.

    Example:
        >>> check_drawing_path("network.svg")
    """
    if Path(path).suffix not in SUFFIXES:
        raise ValueError(f"A drawing is a file in {', '.join(SUFFIXES)}; received {path}.")


class _Canvas:
    """A figure whose coordinates are inches, with the boxes' places in it."""

    def __init__(self, cost: ModelCost):
        self.cost, self.nodes = cost, layout(cost)
        levels = sorted({node.level for node in self.nodes})
        tallest = {
            level: max(node.slot + 1 for node in self.nodes if node.level == level) * (HEIGHT + STACK_GAP) + BAND_GAP
            for level in levels
        }
        columns = 1 + max(node.column for node in self.nodes)
        self.width = LEFT + columns * (WIDTH + GAP) + MARGIN
        self.height = TOP + sum(tallest.values()) + BOTTOM
        self.middles, self.floors, top = {}, {}, self.height - TOP
        self.figure = Figure(figsize=(self.width, self.height), facecolor=PAPER)
        FigureCanvasAgg(self.figure)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, self.width), ylim=(0, self.height))
        self.axes.set_axis_off()
        for index, level in enumerate(levels):
            bottom = top - tallest[level]
            self.middles[level], self.floors[level] = (top + bottom) / 2, bottom + BAND_GAP / 3
            self._band(level, bottom, tallest[level], shaded=index % 2 == 0)
            top = bottom
        self._title()
        for node in self.nodes:
            for source in sorted(node.inputs):
                self._arrow(self.nodes[source], node)
        for node in self.nodes:
            self._box(node)
        self._legend()

    def _text(self, x: float, y: float, text: str, size: float = TEXT_SIZE, **settings) -> None:
        self.axes.text(x, y, text, fontsize=size, color=settings.pop("color", INK), va="center", **settings)

    def _title(self) -> None:
        cost = self.cost
        self._text(MARGIN, self.height - 0.3, cost.title, size=14, weight="bold")
        height, width, _ = cost.input_shape
        text = f"{cost.parameters:,} parameters, {_count(cost.multiply_adds)} multiply-adds at {height} × {width}"
        if len(cost.scale_multiply_adds) > 1:
            scales = sorted(cost.scale_multiply_adds.items())
            text += f" ({', '.join(f'scale {scale:g}: {_count(count)}' for scale, count in scales)})"
        text += ". In the boxes: parameters · multiply-adds, and the fraction of all multiply-adds as a bar."
        self._text(MARGIN, self.height - 0.6, text, size=9.5, color=LINE)

    def _band(self, level: float, bottom: float, height: float, shaded: bool) -> None:
        if shaded:
            self.axes.add_patch(Rectangle((0, bottom), self.width, height, color=BAND, zorder=0))
        sides = {node.size for node in self.nodes if node.level == level and node.size}
        self._text(MARGIN, bottom + height / 2 + 0.09, f"stride {level:g}", size=10, weight="bold", color=LINE)
        if len(sides) == 1:
            self._text(MARGIN, bottom + height / 2 - 0.11, "{} × {}".format(*sides.pop()), color=LINE)

    def _centre(self, node: Node) -> tuple[float, float]:
        stacked = [other for other in self.nodes if (other.column, other.level) == (node.column, node.level)]
        offset = (len(stacked) - 1) / 2 - node.slot
        x = LEFT + node.column * (WIDTH + GAP) + WIDTH / 2
        return x, self.middles[node.level] + offset * (HEIGHT + STACK_GAP)

    def _box(self, node: Node) -> None:
        x, y = self._centre(node)
        left, bottom = x - WIDTH / 2, y - HEIGHT / 2
        style = f"round,pad=0,rounding_size={HEIGHT / 8}"
        fill = FancyBboxPatch(
            (left, bottom), WIDTH, HEIGHT, boxstyle=style, facecolor=COLORS[node.part], edgecolor=LINE, lw=0.7, zorder=3
        )
        self.axes.add_patch(fill)
        lines = [(node.title, {"size": NAME_SIZE, "weight": "bold"}), (node.detail, {})]
        if node.parameters or node.multiply_adds:
            lines.append((f"{_count(node.parameters)} · {_count(node.multiply_adds)}", {}))
        middle = y + (0.04 if node.multiply_adds else 0)
        for index, (text, settings) in enumerate(lines):
            self._text(x, middle + LINE_STEP * ((len(lines) - 1) / 2 - index), text, ha="center", zorder=4, **settings)
        if node.multiply_adds:
            share = node.multiply_adds / self.cost.multiply_adds
            span = WIDTH - 0.2
            for length, color in ((span, PAPER), (span * share, LINE)):
                self.axes.add_patch(Rectangle((left + 0.1, bottom + 0.05), length, 0.035, color=color, lw=0, zorder=4))

    def _arrow(self, source: Node, target: Node) -> None:
        (x0, y0), (x1, y1) = self._centre(source), self._centre(target)
        leave, enter = x0 + WIDTH / 2, x1 - WIDTH / 2
        bend = enter - GAP / 2
        beside = target.column - source.column == 1
        if not beside and source.part in (STEM, BACKBONE) and target.part == BACKBONE:
            # What searched cells read of the cell before the last: curves, so that the path stands out.
            if y0 == y1:
                top = y0 + HEIGHT / 2
                self._line([(x0, top), (x0, top + GAP), (x1, top + GAP), (x1, top)], FAINT, curved=True)
            else:
                self._line([(leave, y0), (leave + GAP, y0), (enter - 2 * GAP, y1), (enter, y1)], FAINT, curved=True)
        elif not beside and y0 != y1 and self._free(target, source.column, target.column):
            edge = y0 + (HEIGHT if y1 > y0 else -HEIGHT) / 2
            self._line([(x0, edge), (x0, y1), (enter, y1)], LINE)
        elif not self._free(source, source.column, target.column):
            around, out = self.floors[source.level], leave + GAP / 2
            self._line([(leave, y0), (out, y0), (out, around), (bend, around), (bend, y1), (enter, y1)], LINE)
        else:
            self._line([(leave, y0), (bend, y0), (bend, y1), (enter, y1)], LINE)

    def _line(self, points: list[tuple[float, float]], color: str, curved: bool = False) -> None:
        codes = [Line.MOVETO, *[Line.CURVE4] * 3] if curved else None
        # Behind the boxes, those of the path above the others.
        style = {"color": color, "lw": 0.9, "zorder": 1 if curved else 2, "shrinkA": 0, "shrinkB": 0}
        arrow = "-|>,head_length=3.5,head_width=1.8"
        self.axes.add_patch(FancyArrowPatch(path=Line(points, codes), arrowstyle=arrow, joinstyle="round", **style))

    def _free(self, node: Node, after: int, before: int) -> bool:
        """Whether no other box stands at the height of `node` between two columns."""
        height = self._centre(node)[1]
        return not any(
            after < other.column < before and abs(self._centre(other)[1] - height) < HEIGHT for other in self.nodes
        )

    def _legend(self) -> None:
        x = MARGIN
        for part, (parameters, multiply_adds) in self.cost.by_part().items():
            if not (parameters or multiply_adds):
                continue
            text = f"{part}: {_count(parameters)} parameters, {_count(multiply_adds)} multiply-adds"
            box = (x, BOTTOM / 2 - 0.06)
            self.axes.add_patch(Rectangle(box, 0.16, 0.12, facecolor=COLORS[part], edgecolor=LINE, lw=0.6))
            self._text(x + 0.23, BOTTOM / 2, text, size=9)
            x += 0.55 + 0.072 * len(text)


def _count(value: int) -> str:
    """A count to three digits: `4.52 M`."""
    for unit, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= unit:
            return f"{value / unit:.3g}{name}" if value < 999.5 * unit else f"{value / unit:.0f}{name}"
    return str(value)
