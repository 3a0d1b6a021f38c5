"""A search for a dense CRF's parameters as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from deeplab_tf.evaluation.report.charts import COLORS, as_png

GREY = "#e2e8f0"


def search_picture(trials: Sequence[Any], best: Any, without: float) -> bytes:
    """Mean IoU over the widths at the best weight, and over the weights at the best widths; as a PNG.

    Args:
        trials: What was tried: `CRFTrial`s.
        best: The best of them.
        without: Mean IoU without a CRF.
    """
    figure = Figure(figsize=(10, 4.4), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))
    widths = {
        (trial.parameters.sigma_alpha, trial.parameters.sigma_beta): trial
        for trial in trials
        if trial.parameters.bilateral_weight == best.parameters.bilateral_weight
    }
    alphas, betas = (sorted({pair[axis] for pair in widths}) for axis in (0, 1))
    gains = np.full((len(betas), len(alphas)), np.nan)
    for (alpha, beta), trial in widths.items():
        gains[betas.index(beta), alphas.index(alpha)] = 100 * (trial.miou - without)
    most = max(np.nanmax(np.abs(gains)), 0.1)
    left.set_facecolor(GREY)
    drawn = left.imshow(gains, cmap="RdBu", vmin=-most, vmax=most, origin="lower", aspect="auto")
    figure.colorbar(drawn, ax=left, label="gain in mean IoU, points")
    for (alpha, beta), trial in widths.items():
        column, row = alphas.index(alpha), betas.index(beta)
        color = "white" if abs(gains[row, column]) > 0.6 * most else "#222"
        text = f"{gains[row, column]:+.2f}\nstage {trial.stage}"
        left.text(column, row, text, ha="center", va="center", fontsize=7, color=color)
        if trial is best:
            left.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=COLORS[1], linewidth=2.5))
    left.set_xticks(range(len(alphas)), [f"{alpha:g}" for alpha in alphas])
    left.set_yticks(range(len(betas)), [f"{beta:g}" for beta in betas])
    left.set_xlabel("sigma_alpha, pixels")
    left.set_ylabel("sigma_beta, colours")
    left.set_title(f"bilateral weight {best.parameters.bilateral_weight:g}", loc="left", fontsize=10)

    for trial in trials:
        right.plot(trial.parameters.bilateral_weight, trial.miou, ".", color="#cbd5e0", zorder=1)
    curve = sorted(
        (trial.parameters.bilateral_weight, trial.miou)
        for trial in trials
        if (trial.parameters.sigma_alpha, trial.parameters.sigma_beta)
        == (best.parameters.sigma_alpha, best.parameters.sigma_beta)
    )
    right.plot(*zip(*curve), color=COLORS[0], marker="o", markersize=4, zorder=2, label="at the best widths")
    right.plot([], [], ".", color="#cbd5e0", label="at others")
    right.plot(best.parameters.bilateral_weight, best.miou, "o", color=COLORS[1], zorder=3, label="best")
    right.axhline(without, color="#718096", linestyle="--", linewidth=1, label="without a CRF")
    right.set_xlabel("bilateral weight")
    right.set_ylabel("mean IoU")
    right.grid(alpha=0.25)
    right.spines[["top", "right"]].set_visible(False)
    # Above the axes, where it hides no line.
    right.legend(frameon=False, fontsize=8, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    return as_png(figure)
