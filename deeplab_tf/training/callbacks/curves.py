"""The curves of a run as a picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from deeplab_tf.files import replacing
from deeplab_tf.training.callbacks.base import RunCallback
from deeplab_tf.training.callbacks.log import add_row
from deeplab_tf.training.state import RunState

BLUE, ORANGE, GREY = "#2b6cb0", "#dd6b20", "#718096"


class Curves(RunCallback):
    """Draws loss, learning rate and validation over the steps, again after every epoch.

    To be placed after `Validation`, and after `TrainingLog` where it shares its rows.

    Args:
        path: A `.png` file.
        title: Stands above.
        state: As for `RunCallback`; shared with `TrainingLog`, its rows are drawn, else one point for every epoch.

    Attributes:
        path: The same; may be set while training goes on.

    Raises:
        OSError: From `fit`, if the file cannot be written.

    Example:
        >>> model.fit(batches, epochs=3, callbacks=[Validation(images), Curves("curves.png", "voc")])
    """

    def __init__(self, path: str | os.PathLike, title: str = "", state: RunState | None = None):
        super().__init__(state)
        self.path, self._title = Path(path), title

    def on_epoch_end(self, epoch, logs: Any = None):
        if not self.state.logged:
            add_row(self.state, logs, float(self.model.optimizer.learning_rate))
        draw_curves(self.path, self.state.rows, self._title)


def draw_curves(path: str | os.PathLike, rows: Sequence[dict], title: str) -> None:
    """Draws loss, learning rate, and, where the run validated, mean IoU and pixel accuracy over the step.

    Args:
        path: A `.png` file, written in one move.
        rows: As for `deeplab_tf.training.callbacks.log.write_log`.
        title: Stands above.

    Raises:
        OSError: If the file cannot be written.

    Example:
        >>> draw_curves("curves.png", [{"step": 1, "loss": 2.0, "learning_rate": 0.01}], "voc")
    """
    validated = [row for row in rows if "val_miou" in row]
    figure = Figure(figsize=(5.2 * (3 if validated else 2), 3.8), dpi=110, layout="constrained")
    axes = figure.subplots(1, 3 if validated else 2)
    _curve(axes[0], rows, "loss", BLUE, "loss")
    axes[0].set_ylim(bottom=0)
    _curve(axes[1], rows, "learning_rate", GREY, "learning rate")
    axes[1].set_ylim(bottom=0)
    if validated:
        _curve(axes[2], validated, "pixel_accuracy", GREY, "pixel accuracy", marker="o")
        _curve(axes[2], validated, "val_miou", ORANGE, "validation mean IoU", marker="o")
        best = max(validated, key=lambda row: row["val_miou"])
        axes[2].annotate(
            f"best {best['val_miou']:.3f}",
            (best["step"], best["val_miou"]),
            xytext=(0, -16 if best["val_miou"] > 0.5 else 8),
            textcoords="offset points",
            ha="right" if best is validated[-1] and len(validated) > 1 else "center",
            color=ORANGE,
            weight="bold",
        )
        axes[2].set_ylim(0, 1)
        axes[2].set_title("validation", loc="left")
        axes[2].legend(loc="lower right" if best["val_miou"] > 0.5 else "upper left", frameon=False)
    for axis in axes:
        axis.set_xlim(0, rows[-1]["step"] * 1.03)
    figure.suptitle(title, x=0.01, ha="left", weight="bold")
    FigureCanvasAgg(figure)
    with replacing(path) as temporary:
        figure.savefig(temporary)


def _curve(axis, rows: Sequence[dict], name: str, color: str, label: str, marker: str | None = None) -> None:
    steps = [row["step"] for row in rows if name in row]
    values = [row[name] for row in rows if name in row]
    marker = marker or ("o" if len(values) == 1 else None)
    axis.plot(steps, values, color=color, label=label, marker=marker, markersize=4, linewidth=1.6)
    axis.set_title(label, loc="left")
    axis.set_xlabel("step")
    axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axis.xaxis.set_major_formatter(EngFormatter(sep=""))
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
