"""Is what a search found better than chance? Networks of genotypes trained alike, with several seeds.

    python benchmarks/searched_against_random.py --data camvid-tfrecords --search searches/1 --output against
    python benchmarks/searched_against_random.py --data camvid-tfrecords --search searches/1 searches/2 --output against
    python benchmarks/searched_against_random.py --output against --table

Found genotypes stand against random ones of their space whose multiply-adds are within a tenth of those of the first.
Every run that is done lies in `results.csv` and is not done again; the genotypes lie beside it.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import statistics
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from deeplab_tf import AutoDeepLab, model_cost
from deeplab_tf.nas import Genotype, SearchSpace, genotype, random_genotype
from deeplab_tf.training import TrainConfig, train

FOUND = "found_"
NETWORK = {"base_filters": 8, "filters": 48}
RUN = {
    "model": "auto_deeplab", "max_side": (180, 240), "crop_size": 129, "batch_size": 8, "learning_rate": 0.05,
    "weight_decay": 4e-5,
}  # fmt: skip
LIKE = 0.1


def multiply_adds(genes: Genotype) -> float:
    """Millions, at the crop."""
    model = AutoDeepLab(genes, classes=11, **NETWORK)
    return model_cost(model, (RUN["crop_size"],) * 2).multiply_adds / 1e6


def candidates(folder: Path, searches: list[Path], count: int) -> dict[str, Genotype]:
    """The found genotypes and random ones of like size, drawn once and kept."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for search in searches:
        path = folder / f"{FOUND}{search.name}.json"
        if not path.is_file():
            shutil.copy(search / "genotype.json", path)
        found[path.stem] = genotype(path)
    first = next(iter(found.values()))
    space = SearchSpace(len(first.path), first.combinations)
    size, rng, index = multiply_adds(first), np.random.default_rng(0), 0
    while index < count:
        path = folder / f"random_{index}.json"
        if not path.is_file():
            drawn = random_genotype(space, rng)
            if abs(multiply_adds(drawn) / size - 1) > LIKE:
                continue
            drawn.save(path)
        index += 1
    return {**found, **{f"random_{index}": genotype(folder / f"random_{index}.json") for index in range(count)}}


def table(rows: list[dict]) -> str:
    """Mean and spread of each genotype, and of the random ones together."""
    lines = ["| Genotype | Multiply-adds | mIoU, mean of the seeds | Seeds |", "| --- | ---: | ---: | --- |"]
    names = sorted({row["genotype"] for row in rows})
    means = {}
    for name in names:
        own = [row for row in rows if row["genotype"] == name]
        values = [float(row["miou"]) for row in own]
        means[name] = statistics.fmean(values)
        each = ", ".join(f"{value:.4f}" for value in values)
        lines.append(f"| {name} | {float(own[0]['multiply_adds']):.0f} M | {means[name]:.4f} | {each} |")
    others = [mean for name, mean in means.items() if not name.startswith(FOUND)]
    if len(others) > 1:
        spread = statistics.stdev(others)
        lines.append(f"| random, together | | {statistics.fmean(others):.4f} ± {spread:.4f} | |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="TFRecords of CamVid")
    parser.add_argument("--search", type=Path, nargs="+", help="folders of searches")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--random", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--table", action="store_true", help="only print what is measured")
    options = parser.parse_args()
    results = options.output / "results.csv"
    rows = list(csv.DictReader(results.open(newline=""))) if results.exists() else []
    if not options.table:
        done = {(row["genotype"], int(row["seed"]), int(row["steps"])) for row in rows}
        genes = candidates(options.output, options.search, options.random)
        for seed in range(options.seeds):
            for name in genes:
                if (name, seed, options.steps) in done:
                    continue
                start, folder = time.perf_counter(), options.output / "run"
                shutil.rmtree(folder, ignore_errors=True)
                file = str(options.output / f"{name}.json")
                config = TrainConfig(
                    **RUN, network={"genotype": file, **NETWORK}, data=options.data, output=str(folder),
                    steps=options.steps, eval_every=options.steps, seed=seed,
                )  # fmt: skip
                train(config)
                miou = json.loads((folder / "per_class.json").read_text())["miou"]
                row = {"genotype": name, "seed": seed, "steps": options.steps, "miou": miou}
                row |= {"multiply_adds": multiply_adds(genes[name]), "seconds": time.perf_counter() - start}
                rows.append({key: str(value) for key, value in row.items()})
                with results.open("a", newline="") as file:
                    writer = csv.DictWriter(file, row)
                    if file.tell() == 0:
                        writer.writeheader()
                    writer.writerow(row)
                print(name, seed, f"mIoU {miou:.4f}, {row['seconds']:.0f} s", flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
