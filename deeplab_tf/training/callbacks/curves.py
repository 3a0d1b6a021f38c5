"""The curves of a run as a picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from deeplab_tf.checks import expect
from deeplab_tf.files import replacing
from deeplab_tf.training.callbacks.base import RunCallback
from deeplab_tf.training.callbacks.log import add_row, column_of
from deeplab_tf.training.callbacks.validation import MEAN_IOU, measure
from deeplab_tf.training.state import RunState

BLUE, ORANGE, GREY, GREEN = "#2b6cb0", "#dd6b20", "#718096", "#2f855a"


class Curves(RunCallback):
    """Draws loss, learning rate and validation over the steps, again after every epoch.

    To be placed after `Validation`, and after `TrainingLog` where it shares its rows.

    Args:
        path: A `.png` file.
        title: Stands above.
        monitor: What decides which model is the best, as for `BestModel`; it is drawn, too, and its best value named.
        state: As for `RunCallback`; shared with `TrainingLog`, its rows are drawn, else one point for every epoch.

    Attributes:
        path: The same; may be set while training goes on.

    Raises:
        ValueError: If the file's suffix is no format; and from `fit`, if it cannot be written.

    Example:
        >>> model.fit(batches, epochs=3, callbacks=[Validation(images), Curves("curves.png", "voc")])
    """

    def __init__(
        self, path: str | os.PathLike, title: str = "", state: RunState | None = None, *, monitor: str = MEAN_IOU
    ):
        super().__init__(state)
        self._monitor = monitor
        self.path, self._title = Path(path), title
        known = self.path.suffix[1:].lower() in FigureCanvasAgg.get_supported_filetypes()
        expect(known, "path", str(path), "a file whose suffix is a format of pictures", "Give a .png file.")

    def on_epoch_end(self, epoch, logs: Any = None):
        if not self.state.logged:
            add_row(self.state, logs, float(self.model.optimizer.learning_rate), self._monitor)
        draw_curves(self.path, self.state.rows, self._title, monitor=self._monitor)


def draw_curves(path: str | os.PathLike, rows: Sequence[dict], title: str, *, monitor: str = MEAN_IOU) -> None:
    """Draws loss, learning rate, and, where the run validated, mean IoU and pixel accuracy over the step.

    Args:
        path: A `.png` file, written in one move.
        rows: As for `deeplab_tf.training.callbacks.log.write_log`.
        title: Stands above.
        monitor: As for `Curves`.

    Raises:
        ValueError: If the file cannot be written.

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
        _validation(axes[2], validated, column_of(monitor))
    for axis in axes:
        axis.set_xlim(0, rows[-1]["step"] * 1.03)
    figure.suptitle(title, x=0.01, ha="left", weight="bold")
    FigureCanvasAgg(figure)
    with replacing(path) as temporary:
        figure.savefig(temporary)


def _validation(axis, rows: Sequence[dict], decides: str) -> None:
    drawn = {"pixel_accuracy": (GREY, "pixel accuracy"), "val_miou": (ORANGE, "validation mean IoU")}
    if decides not in (*drawn, "loss"):
        drawn[decides] = (GREEN, measure(decides))
    for column, (color, label) in drawn.items():
        _curve(axis, rows, column, color, label, marker="o")
    measured = [row for row in rows if decides in drawn and decides in row]
    if measured:
        best = max(measured, key=lambda row: row[decides])
        axis.annotate(
            f"best {best[decides]:.3f}",
            (best["step"], best[decides]),
            xytext=(0, -16 if best[decides] > 0.5 else 8),
            textcoords="offset points",
            ha="right" if best is rows[-1] and len(rows) > 1 else "center",
            color=drawn[decides][0],
            weight="bold",
        )
    axis.set_ylim(0, 1)
    axis.set_title("validation", loc="left")
    high = max(row["val_miou"] for row in rows) > 0.5
    place = "lower right" if high else "upper left"
    axis.legend(loc=place if len(drawn) == 2 else "best", frameon=False)


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
