"""The pictures of a report that are drawn from numbers."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter
from matplotlib.transforms import Bbox

from deeplab_tf.evaluation.evaluation import Evaluation
from deeplab_tf.evaluation.metrics import ConfusionMatrix
from deeplab_tf.labels import LabelSpec

COLORS = ("#2b6cb0", "#dd6b20", "#2f855a", "#805ad5")
_DPI = 120
# More classes than that are neither named nor numbered: nobody could read it.
_NAMED, _NUMBERED = 60, 32
_RADIUS = 4.0
# Where a point's name may stand: offset in points, and which side of the text is there.
_BESIDE = (
    (5, 0, "left", "center"), (-5, 0, "right", "center"), (0, 5, "center", "bottom"), (0, -5, "center", "top"),
    (4, 4, "left", "bottom"), (4, -4, "left", "top"), (-4, 4, "right", "bottom"), (-4, -4, "right", "top"),
)  # fmt: skip


def confusion_picture(matrix: ConfusionMatrix, labels: LabelSpec) -> bytes:
    """The confusion matrix, every row as fractions of the class's true pixels; as a PNG."""
    counts = matrix.counts
    there = np.flatnonzero(counts.sum(0) + counts.sum(1))
    counts, names = counts[np.ix_(there, there)], [_short(labels.names[index]) for index in there]
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    count = len(names)
    side = float(np.clip(0.36 * count + 2.4, 4.5, 12))
    figure, axes = new_figure(side * 1.05, side)
    axes.imshow(shares, cmap="Blues", norm=PowerNorm(0.5, 0, 1))
    axes.set_xlabel("predicted")
    axes.set_ylabel("truth")
    if count <= _NAMED:
        size = min(9.0, 300 / count)
        axes.set_xticks(range(count), names, rotation=90, fontsize=size)
        axes.set_yticks(range(count), names, fontsize=size)
    if count <= _NUMBERED:
        size = min(8.0, 150 / count)
        for (row, column), share in np.ndenumerate(shares):
            if share >= 0.005:
                color = "white" if share > 0.4 else "#222"
                axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=size, color=color)
    axes.set_title("% of each class's true pixels", loc="left", fontsize=10)
    return as_png(figure)


def frequency_picture(results: Mapping[str, Evaluation]) -> bytes:
    """IoU of each class over its share of the labelled pixels; as a PNG."""
    figure, axes = new_figure(8.2, 4.6)
    for color, (name, result) in zip(COLORS, results.items()):
        shares, ious = result.matrix.frequency, result.matrix.iou
        drawn = np.flatnonzero((shares > 0) & ~np.isnan(ious))
        axes.scatter(shares[drawn], ious[drawn], s=22, color=color, label=name, zorder=3)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    axes.set_xlabel("share of the labelled pixels")
    axes.set_ylabel("IoU")
    axes.set_ylim(0, 1.04)
    axes.margins(x=0.08)
    _finish(axes, len(results))
    result = next(iter(results.values()))
    shares, ious = result.matrix.frequency, result.matrix.iou
    drawn = np.flatnonzero((shares > 0) & ~np.isnan(ious))
    _name_points(figure, axes, np.stack([shares, ious], 1)[drawn], [_short(result.labels.names[i]) for i in drawn])
    return as_png(figure)


def _name_points(figure: Figure, axes, points: np.ndarray, names: Sequence[str]) -> None:
    """Writes names beside points, each where it covers nothing; one that has no such place is left out."""
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    places, frame = axes.transData.transform(points), axes.get_window_extent()
    taken = [Bbox([place - _RADIUS, place + _RADIUS]) for place in places]
    for point, name in zip(points, names):
        for x, y, side, height in _BESIDE:
            text = axes.annotate(
                name, point, xytext=(x, y), textcoords="offset points", fontsize=7.5, color="#444", ha=side, va=height
            )
            extent = text.get_window_extent().padded(2)
            inside = frame.x0 <= extent.x0 and extent.x1 <= figure.bbox.x1
            if inside and not any(map(extent.overlaps, taken)):
                taken.append(extent)
                break
            text.remove()


def trimap_picture(curves: Mapping[str, Mapping[int, float]], overall: Sequence[float]) -> bytes:
    """Mean IoU over the width of the band along the outlines, and that of whole images as a dashed line; as a PNG.

    Args:
        curves: By name of the model: mean IoU by width.
        overall: Mean IoU of each.
    """
    figure, axes = new_figure(7, 4.2)
    for color, (name, curve), whole in zip(COLORS, curves.items(), overall):
        axes.plot(list(curve), list(curve.values()), color=color, marker="o", markersize=4, label=name)
        axes.axhline(whole, color=color, linestyle="--", linewidth=1, alpha=0.7)
        axes.annotate(
            f"whole images {whole:.3f}", (1, whole), xycoords=("axes fraction", "data"), xytext=(-2, 3),
            textcoords="offset points", ha="right", fontsize=8, color=color,
        )  # fmt: skip
    axes.set_xlabel("width of the band, pixels")
    axes.set_ylabel("mean IoU")
    axes.set_xlim(left=0)
    shown = [value for curve in curves.values() for value in curve.values() if not math.isnan(value)]
    axes.set_ylim(max(0, min([*shown, *overall]) - 0.06), min(1, max([*shown, *overall]) + 0.06))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    _finish(axes, len(curves))
    return as_png(figure)


def _short(name: str, length: int = 22) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"


def new_figure(width: float, height: float):
    """A figure of this size in inches, and its axes."""
    figure = Figure(figsize=(width, height), dpi=_DPI, layout="constrained")
    return figure, figure.subplots()


def _finish(axes, models: int) -> None:
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if models > 1:
        axes.legend(loc="lower right", frameon=False)


def as_png(figure: Figure) -> bytes:
    """A figure as the content of a PNG file."""
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
