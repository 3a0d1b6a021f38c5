"""The cell of a genotype as a graph, whose lines run like those of a circuit and cross no box."""

from __future__ import annotations

import re

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from deeplab_tf.backbones.genotype import INPUT_STATES, Genotype
from deeplab_tf.backbones.operation import Operation
from deeplab_tf.cost.drawing import INK, LINE, PAPER
from deeplab_tf.nas.notation import short_name

COLORS = {"separable": "#bee3f8", "atrous": "#fbd38d", "avg_pool": "#e2e8f0", "max_pool": "#e2e8f0", "none": PAPER}
INPUT_NAMES = ("$H^{\\,l-1}$", "$H^{\\,l-2}$")
# Inches.
WIDTH, HEIGHT, PAIR, ROW = 0.78, 0.27, 0.34, 0.92
SUM, JOIN, LANE, CHANNEL = 0.13, 0.26, 0.17, 0.24
INPUT, CONCAT, MARGIN = 0.62, 0.27, 0.4


class CellPicture:
    """The graph of a genotype's cell.

    A block has a row of its own, and the column after those of its inputs. What a state feeds leaves it by a vertical
    line right of its column and reaches a box along its row, where nothing else lies.

    Args:
        genes: The genotype.
    """

    def __init__(self, genes: Genotype):
        self.genes = genes
        self.blocks = range(genes.combinations)
        self.readers = {state: [] for state in range(INPUT_STATES + genes.combinations)}
        for index, state in enumerate(genes.hidden_states):
            self.readers[state].append(index)
        self.column = [0] * INPUT_STATES
        for block in self.blocks:
            self.column.append(1 + max(self.column[state] for state in genes.hidden_states[2 * block :][:2]))
        self.height = 2 * MARGIN + genes.combinations * ROW
        self._place_columns()

    def _place_columns(self) -> None:
        """Where columns begin, and where the vertical line of each state stands."""
        # The map before the last enters above the last one: its line is the left one.
        order = sorted(self.readers, key=lambda state: (self.column[state], state != 1, state))
        self.starts, self.lanes, x = [MARGIN], {}, MARGIN + INPUT
        for column in range(max(self.column) + 1):
            lane = x + CHANNEL
            for state in order:
                if self.column[state] == column and self.readers[state]:
                    self.lanes[state] = lane
                    lane += LANE
            self.starts.append(lane - LANE + CHANNEL if lane > x + CHANNEL else lane)
            x = self.starts[-1] + WIDTH + JOIN + 2 * SUM
        self.concat = self.starts[-1]
        self.width = self.concat + CONCAT + CHANNEL + INPUT + MARGIN

    def draw(self, axes: Axes) -> None:
        """Draws into axes whose units are inches."""
        for state in range(INPUT_STATES):
            if self.readers[state]:
                left, y = MARGIN, self._height_of(state)
                self._box(axes, left, y, INPUT, INPUT_NAMES[state], PAPER, size=11)
        for block in self.blocks:
            self._block(axes, block)
        self._output(axes)
        for state, readers in self.readers.items():
            self._wire(axes, state, readers)

    def _height_of(self, state: int, side: int | None = None) -> float:
        """Of a state, or of the left (0) or right (1) operation that makes it."""
        if state >= INPUT_STATES:
            middle = self.height - MARGIN - (state - INPUT_STATES + 0.5) * ROW
            return middle if side is None else middle + (0.5 - side) * PAIR
        # Between two rows, where no other line runs.
        blocks = self.genes.combinations
        return self.height - MARGIN - ROW * (blocks // 3 if state == 1 else -(-2 * blocks // 3))

    def _block(self, axes: Axes, block: int) -> None:
        state = INPUT_STATES + block
        left, y = self.starts[self.column[state]], self._height_of(state)
        middle = left + WIDTH + JOIN + SUM
        for side in (0, 1):
            operation = self.genes.operations[2 * block + side]
            beside = self._height_of(state, side)
            color = COLORS[Operation.parse(operation).kind]
            name = re.sub(r"(?<=\d)x(?=\d)", "×", short_name(operation))
            self._box(axes, left, beside, WIDTH, name, color)
            self._line(axes, [(left + WIDTH, beside), (middle - SUM * 0.8, y + (0.5 - side) * SUM)], arrow=True)
        axes.add_patch(Circle((middle, y), SUM, facecolor=PAPER, edgecolor=INK, lw=1, zorder=4))
        axes.text(middle, y, "+", ha="center", va="center_baseline", fontsize=11, color=INK, zorder=5)
        axes.text(middle, y + SUM + 0.11, str(block + 1), ha="center", va="center", fontsize=8, color=LINE, zorder=5)

    def _output(self, axes: Axes) -> None:
        outputs = [self._height_of(state) for state in self.genes.output_states]
        top, bottom = max(outputs) + PAIR, min(outputs) - PAIR
        middle = (top + bottom) / 2
        self._box(axes, self.concat, middle, CONCAT, "concat", PAPER, height=top - bottom, rotation=90)
        right = self.concat + CONCAT
        self._line(axes, [(right, middle), (right + CHANNEL, middle)], arrow=True)
        self._box(axes, right + CHANNEL, middle, INPUT, "$H^{\\,l}$", PAPER, size=11)

    def _wire(self, axes: Axes, state: int, readers: list[int]) -> None:
        column, y = self.column[state], self._height_of(state)
        out = self.starts[column] + (WIDTH + JOIN + 2 * SUM if column else INPUT)
        style = {"dashed": state == 1}
        if state in self.genes.output_states:
            self._line(axes, [(out, y), (self.concat, y)], arrow=True)
        if not readers:
            return
        lane = self.lanes[state]
        self._line(axes, [(out, y), (lane, y)], **style)
        targets = []
        for index in readers:
            target = INPUT_STATES + index // 2
            targets.append(self._height_of(target, index % 2))
            self._line(
                axes, [(lane, targets[-1]), (self.starts[self.column[target]], targets[-1])], arrow=True, **style
            )
        for end in (max([y, *targets]), min([y, *targets])):
            if end != y:
                self._line(axes, [(lane, y), (lane, end)], **style)
        self._joints(axes, lane, y, targets, leaves=state in self.genes.output_states)

    def _joints(self, axes: Axes, lane: float, y: float, targets: list[float], leaves: bool) -> None:
        """Dots where a line branches, so that crossings without one are none."""
        ends = (max([y, *targets]), min([y, *targets]))
        joints = [target for target in targets if target not in ends]
        if leaves or (y not in ends):
            joints.append(y)
        for height in joints:
            axes.add_patch(Circle((lane, height), 0.035, facecolor=INK, edgecolor=INK, lw=0, zorder=3))

    def _box(self, axes, left, y, width, text, color, *, height=HEIGHT, size=9.5, rotation=0) -> None:
        style = {"boxstyle": "round,pad=0,rounding_size=0.05", "facecolor": color, "edgecolor": INK, "lw": 0.9}
        axes.add_patch(FancyBboxPatch((left, y - height / 2), width, height, zorder=4, **style))
        place = {"ha": "center", "va": "center", "zorder": 5}
        axes.text(left + width / 2, y, text, fontsize=size, color=INK, rotation=rotation, **place)

    def _line(
        self, axes: Axes, points: list[tuple[float, float]], *, arrow: bool = False, dashed: bool = False
    ) -> None:
        style = "-|>,head_length=3.6,head_width=1.9" if arrow else "-"
        axes.add_patch(
            FancyArrowPatch(
                path=Path(points), arrowstyle=style, color=INK, lw=1, linestyle=(0, (4, 2)) if dashed else "-",
                mutation_scale=1, shrinkA=0, shrinkB=0, zorder=2,
            )
        )  # fmt: skip
