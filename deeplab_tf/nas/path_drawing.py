"""The path of a genotype among all links between strides: figure 1 of the Auto-DeepLab paper."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from deeplab_tf.backbones.genotype import STRIDES, Genotype
from deeplab_tf.cost.drawing import FAINT, INK, LINE, PAPER
from deeplab_tf.nas.decoding import link_probabilities
from deeplab_tf.nas.space import MOVES, SearchSpace

# Inches.
STEP, ROW, RADIUS = 0.64, 0.52, 0.105
LEFT, RIGHT, TOP, BOTTOM = 1.25, 1.35, 0.85, 0.45
BOX = (0.62, 0.3)
NODE, CHOSEN = "#e2e8f0", INK
# Line widths, in points: of links, of the path, of a link that is certain.
LINK, PATH, CERTAIN = 0.7, 2.2, 7.0
# The stem halves the image twice: at stride 2 and at stride 4, before the first cell.
STEM_COLUMNS = 2
ROWS = (2, *STRIDES)


class PathPicture:
    """The trellis of strides and cells with a genotype's path in it.

    Args:
        genes: The genotype.
        beta: Logits, from which the widths of the links are; None for equal ones.
    """

    def __init__(self, genes: Genotype, beta=None):
        self.path = genes.path
        self.space = SearchSpace(layers=len(genes.path), blocks=1)
        self.probabilities = None if beta is None else link_probabilities(beta, self.space)
        self.width = LEFT + (STEM_COLUMNS + len(self.path) - 1) * STEP + RIGHT
        self.height = TOP + (len(ROWS) - 1) * ROW + BOTTOM

    def draw(self, axes: Axes) -> None:
        """Draws into axes whose units are inches."""
        self._labels(axes)
        for layer in range(self.space.layers):
            for source, target in self.space.links(layer):
                self._link(axes, layer, source, target)
        for layer in range(-1, self.space.layers):
            for level in self.space.levels(layer):
                self._node(axes, layer, level + 1, NODE)
        previous = self._node(axes, -2, 0, PAPER)
        for layer, level in enumerate((0, *self.path), start=-1):
            place = self._node(axes, layer, level + 1, CHOSEN if layer >= 0 else PAPER)
            self._arrow(axes, previous, place)
            previous = place
        self._head(axes, previous)

    def _place(self, layer: int, row: int) -> tuple[float, float]:
        return LEFT + (layer + STEM_COLUMNS) * STEP, self.height - TOP - row * ROW

    def _labels(self, axes: Axes) -> None:
        x, y = self._place(-2, 0)
        style = {"ha": "center", "va": "center", "color": LINE, "fontsize": 9.5}
        for row, stride in enumerate(ROWS):
            axes.text(x - 0.45, self._place(-2, row)[1], str(stride), **{**style, "color": INK})
        axes.text(x - 0.88, (y + self._place(0, len(ROWS) - 1)[1]) / 2, "downsample", rotation=90, **style)
        axes.text(x + STEP / 2, y + 0.36, "stem", **style)
        for layer in range(self.space.layers):
            axes.text(self._place(layer, 0)[0], y + 0.36, str(layer + 1), **{**style, "color": INK})
        middle = (self._place(0, 0)[0] + self._place(self.space.layers - 1, 0)[0]) / 2
        axes.text(middle, y + 0.62, "layer", **style)

    def _node(self, axes: Axes, layer: int, row: int, color: str) -> tuple[float, float]:
        place = self._place(layer, row)
        edge = FAINT if color == NODE else INK
        axes.add_patch(Circle(place, RADIUS, facecolor=color, edgecolor=edge, lw=0.9, zorder=4))
        return place

    def _link(self, axes: Axes, layer: int, source: int, target: int) -> None:
        (x0, y0), (x1, y1) = self._place(layer - 1, source + 1), self._place(layer, target + 1)
        if self.probabilities is None:
            axes.plot((x0, x1), (y0, y1), color=FAINT, lw=LINK, zorder=1)
        else:
            share = self.probabilities[layer, source, MOVES.index(target - source)]
            # From nearly white to a middle grey, below the path's own line.
            grey = str(0.93 - 0.4 * share)
            axes.plot((x0, x1), (y0, y1), color=grey, lw=0.3 + CERTAIN * share, zorder=1 + share, solid_capstyle="butt")

    def _arrow(self, axes: Axes, start: tuple[float, float], end: tuple[float, float], shrink=RADIUS) -> None:
        points = 72
        style = "-|>,head_length=4.5,head_width=2.6"
        axes.add_patch(
            FancyArrowPatch(
                start, end, arrowstyle=style, shrinkA=RADIUS * points, shrinkB=shrink * points, color=INK, lw=PATH,
                mutation_scale=1, zorder=3,
            )
        )  # fmt: skip

    def _head(self, axes: Axes, last: tuple[float, float]) -> None:
        width, height = BOX
        left = last[0] + STEP - 0.15
        style = {"boxstyle": "round,pad=0,rounding_size=0.05", "facecolor": PAPER, "edgecolor": INK, "lw": 1}
        axes.add_patch(FancyBboxPatch((left, last[1] - height / 2), width, height, zorder=4, **style))
        axes.text(left + width / 2, last[1], "ASPP", ha="center", va="center", fontsize=9.5, color=INK, zorder=5)
        self._arrow(axes, last, (left, last[1]), shrink=0)
