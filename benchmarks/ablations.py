"""Do the papers' orderings show on little data? Pairs of short runs that differ in one setting, with several seeds.

    python benchmarks/ablations.py --data camvid-tfrecords --output ablations
    python benchmarks/ablations.py --data camvid-tfrecords --output ablations --only stride decoder --seeds 5
    python benchmarks/ablations.py --output ablations --table

Each row of COMPARISONS is a published finding. Every run is small enough for minutes on two cores; what is done lies in
`results.csv` and is not done again. An ordering counts as shown where the means differ by more than twice the standard
error of their difference.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import math
import os
import shutil
import statistics
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from deeplab_tf.losses import CrossEntropy
from deeplab_tf.training import TrainConfig, train
from deeplab_tf.training.optimisation.tables import LOSSES, Part

SHARED = Path(__file__).resolve().parents[2] / "shared"
STRIDE = 8
BASE = {
    "model": "v3", "weights": str(SHARED / "weights/deeplabv3_mnv2_dm05_pascal_quant.tflite"), "atrous_rates": (),
    "output_stride": 16, "max_side": (180, 240), "crop_size": 129, "batch_size": 8, "learning_rate": 0.02,
}  # fmt: skip
RARE = ("pole", "sign", "pedestrian", "bicyclist")
DECODED = {"model": "v3plus"}
GRID = {"weights": None, "backbone": "resnet_18", "depth_multiplier": 0.25, "output_stride": 8, "learning_rate": 0.05}


class Subsampled(CrossEntropy):
    """Cross entropy against labels at the output stride, where logits that were enlarged are those of the network."""

    def __call__(self, y_true, y_pred, sample_weight=None):
        return super().__call__(y_true[:, ::STRIDE, ::STRIDE], y_pred[:, ::STRIDE, ::STRIDE], sample_weight)


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A published finding.

    Args:
        better: Name and settings of what the papers found better.
        worse: The same of the other.
        source: Table of papers.md's numbering.
        judged: What is compared: mean IoU, or that of the rare classes.
        longer: How many times the steps; the rare classes are found by nobody in few.
    """

    better: tuple[str, dict]
    worse: tuple[str, dict]
    source: str
    judged: str = "miou"
    longer: int = 1


COMPARISONS = {
    "stride_8_16": Comparison(("stride 8", {"output_stride": 8}), ("stride 16", {}), "v3, table 1"),
    "stride_16_32": Comparison(("stride 16", {}), ("stride 32", {"output_stride": 32}), "v3, table 1"),
    "aspp": Comparison(
        ("rates 2, 4, 6", {"output_stride": 8, "atrous_rates": (2, 4, 6)}),
        ("rate 4", {"output_stride": 8, "atrous_rates": (4,)}),
        "v2, table 3",
    ),
    "image_pooling": Comparison(
        ("image pooling", {"output_stride": 8, "atrous_rates": (2, 4, 6)}),
        ("none", {"output_stride": 8, "atrous_rates": (2, 4, 6), "network": {"image_pooling": False}}),
        "v3, table 5",
    ),
    "decoder": Comparison(("decoder", DECODED), ("none", {}), "v3+, table 3"),
    "schedule": Comparison(
        ("poly", DECODED),
        ("step", {**DECODED, "schedule": "step", "schedule_settings": {"every": 150}}),
        "v2, table 2",
    ),
    "logits": Comparison(
        ("enlarged logits", {"output_stride": STRIDE}),
        ("subsampled labels", {"output_stride": STRIDE, "loss": "subsampled"}),
        "v3, table 8",
    ),
    "statistics": Comparison(
        ("trained", DECODED), ("frozen", {**DECODED, "batch_norm": "frozen"}), "v3, table 8"
    ),
    "multi_grid": Comparison(
        ("grid 1, 2", {**GRID, "network": {"multi_grid": [1, 2]}}), ("grid 1, 1", GRID), "v3, table 3"
    ),
    "label_weights": Comparison(
        ("median frequency", {**DECODED, "class_weights": "median_frequency"}), ("none", DECODED),
        "the release's label weights", "rare", 3,
    ),
}  # fmt: skip


def measured(settings: dict, data: str, folder: Path, steps: int, seed: int) -> dict[str, float]:
    """Mean IoU of all and of the rare classes, and seconds, of one run, whose folder is removed."""
    start = time.perf_counter()
    shutil.rmtree(folder, ignore_errors=True)
    config = TrainConfig(
        **{**BASE, **settings}, data=data, output=str(folder), steps=steps, eval_every=steps, seed=seed
    )
    train(config)
    found = json.loads((folder / "per_class.json").read_text())
    rare = [found["per_class"][name]["iou"] for name in RARE if name in found["per_class"]]
    shutil.rmtree(folder)
    known = [value for value in rare if value is not None]
    rare_iou = statistics.fmean(known) if known else math.nan
    return {"miou": found["miou"], "rare": rare_iou, "seconds": time.perf_counter() - start}


def table(rows: list[dict]) -> str:
    """Mean and spread of both sides of every comparison, and whether the ordering shows."""
    lines = ["| Better, by the papers | | Other | | Difference | |", "| --- | --- | --- | --- | --- | --- |"]
    for key, comparison in COMPARISONS.items():
        sides = [
            [float(row[comparison.judged]) for row in rows if (row["comparison"], row["side"]) == (key, side)]
            for side in ("better", "worse")
        ]
        if min(map(len, sides)) < 2:
            continue
        means, spreads = [statistics.fmean(side) for side in sides], [statistics.stdev(side) for side in sides]
        error = math.sqrt(sum(spread**2 / len(side) for spread, side in zip(spreads, sides)))
        gap = means[0] - means[1]
        verdict = "not shown" if abs(gap) <= 2 * error else "shown" if gap > 0 else "the other way round"
        cells = [f"{mean:.4f} ± {spread:.4f}" for mean, spread in zip(means, spreads)]
        what = "" if comparison.judged == "miou" else ", rare classes"
        lines.append(
            f"| {comparison.better[0]} ({comparison.source}{what}) | {cells[0]} | {comparison.worse[0]} | {cells[1]} "
            f"| {gap:+.4f} | {verdict} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="TFRecords of CamVid")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=COMPARISONS, default=list(COMPARISONS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--table", action="store_true", help="only print what is measured")
    options = parser.parse_args()

    LOSSES["subsampled"] = Part(Subsampled, "cross entropy of labels at the output stride")
    options.output.mkdir(parents=True, exist_ok=True)
    results = options.output / "results.csv"
    rows = list(csv.DictReader(results.open(newline=""))) if results.exists() else []
    done = {(row["comparison"], row["side"], int(row["seed"]), int(row["steps"])) for row in rows}
    known = {(json.dumps(_settings(row["comparison"], row["side"])), row["seed"], row["steps"]): row for row in rows}
    # Seed after seed, so that a first table is there early.
    wanted = [
        (key, side, seed) for seed in range(options.seeds) for key in options.only for side in ("better", "worse")
    ]
    for key, side, seed in [] if options.table else wanted:
        steps = options.steps * COMPARISONS[key].longer
        if (key, side, seed, steps) in done:
            continue
        settings = _settings(key, side)
        same = known.get((json.dumps(settings), str(seed), str(steps)))
        run = same or measured(settings, options.data, options.output / "run", steps, seed)
        found = {name: run[name] for name in ("miou", "rare", "seconds")}
        row = {"comparison": key, "side": side, "seed": str(seed), "steps": str(steps), **found}
        known[json.dumps(settings), str(seed), str(steps)] = row
        rows.append(row)
        with results.open("a", newline="") as file:
            writer = csv.DictWriter(file, row)
            if file.tell() == 0:
                writer.writeheader()
            writer.writerow(row)
        print(key, side, seed, *(f"{name} {float(value):.4f}" for name, value in found.items()), flush=True)
    print(table(rows))


def _settings(key: str, side: str) -> dict:
    return getattr(COMPARISONS[key], side)[1]


if __name__ == "__main__":
    main()
