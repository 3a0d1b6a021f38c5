"""The curves of searches over their epochs: of one, and of several in one picture."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from deeplab_tf.evaluation.report.charts import as_png
from deeplab_tf.files import replacing

COLORS = (
    "#2b6cb0", "#dd6b20", "#2f855a", "#805ad5", "#c53030", "#0987a0", "#975a16", "#d53f8c", "#4a5568", "#b7a81f"
)  # fmt: skip
STYLES = ("-", "--", ":", "-.")
# Fewer points than that are marked.
FEW = 9
# Names in a column of the legend.
NAMES = 20


def draw_search(path: str | os.PathLike, rows: Sequence[dict], title: str) -> None:
    """Draws losses, mean IoU of the supernet and entropies over the epochs.

    Args:
        path: A `.png` file, written in one move.
        rows: As in the `SearchState`.
        title: Stands above.
    """
    figure = Figure(figsize=(13, 3.8), dpi=110, layout="constrained")
    panels = {
        "loss": (("loss", "weights", "-"), ("architecture_loss", "architecture", "--")),
        "mean IoU of the supernet": (("miou", "", "-"),),
        "entropy, 1 if undecided": (("alpha_entropy", "operations", "-"), ("beta_entropy", "links", "--")),
    }
    for axes, (name, lines) in zip(figure.subplots(1, len(panels)), panels.items()):
        for column, label, style in lines:
            _line(axes, rows, column, linestyle=style, label=label, color="black")
        _finish(axes, name, rows[-1]["epoch"])
        axes.set_ylim(bottom=0, top=1.02 if name.startswith("entropy") else None)
        if len(lines) > 1:
            axes.legend(frameon=False)
    figure.suptitle(title, x=0.01, ha="left", weight="bold")
    FigureCanvasAgg(figure)
    with replacing(path) as temporary:
        figure.savefig(temporary)


def trials_picture(trials: Mapping[str, Sequence[dict]], architecture_epoch: int | None) -> bytes:
    """Mean IoU of the supernets and entropies of several searches over the epochs, a line for each; as a PNG.

    Args:
        trials: By name: rows as in the `SearchState`, none for a search that has no whole epoch.
        architecture_epoch: Epochs before the architectures learn, where all have as many.
    """
    figure = Figure(figsize=(9.6, 6.6), dpi=120, layout="constrained")
    panels = {
        "miou": "mean IoU of the supernet",
        "alpha_entropy": "entropy of operations, 1 if undecided",
        "beta_entropy": "entropy of links, 1 if undecided",
    }
    drawn = figure.subplot_mosaic(
        [["miou", "miou"], ["alpha_entropy", "beta_entropy"]], gridspec_kw={"height_ratios": (1.5, 1)}
    )
    last = max((row["epoch"] for rows in trials.values() for row in rows), default=1)
    for column, name in panels.items():
        axes = drawn[column]
        for index, (label, rows) in enumerate(trials.items()):
            if not rows:
                continue
            # After all colours the next kind of line, and a kind apart for neighbours, for who prints without colour.
            style = STYLES[(index + index // len(COLORS)) % len(STYLES)]
            _line(axes, rows, column, linestyle=style, label=label, color=COLORS[index % len(COLORS)], linewidth=1.6)
        _finish(axes, name, last)
        if architecture_epoch and architecture_epoch < last:
            axes.axvline(architecture_epoch, color="#a0aec0", linewidth=1, zorder=1)
    drawn["miou"].set_ylim(bottom=0)
    if architecture_epoch and architecture_epoch < last:
        drawn["miou"].annotate(
            "the architecture learns", (architecture_epoch, 0), xytext=(4, 5), textcoords="offset points", fontsize=9,
            color="#4a5568",
        )  # fmt: skip
    if len(trials) > 1:
        handles, names = drawn["miou"].get_legend_handles_labels()
        columns = -(-len(names) // NAMES)
        figure.legend(handles, names, loc="outside right upper", ncols=columns, frameon=False, handlelength=2.6)
    return as_png(figure)


def _line(axes: Axes, rows: Sequence[dict], column: str, **style) -> None:
    """A column over the epochs that have it."""
    found = [(row["epoch"], row[column]) for row in rows if row[column] is not None]
    axes.plot(*zip(*found) if found else ((), ()), marker="." if len(found) < FEW else None, **style)


def _finish(axes: Axes, name: str, epochs: int) -> None:
    axes.set_title(name, loc="left")
    axes.set_xlabel("epoch")
    axes.set_xlim(0, epochs * 1.03)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
