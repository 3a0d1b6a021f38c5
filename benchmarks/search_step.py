"""What does one alternation of a search take: a step of the weights and one of the architecture?

    python benchmarks/search_step.py
    python benchmarks/search_step.py --only paper recompute --steps 5

Every row is a process of its own, with TensorFlow set as `deeplab-tf search` sets it. Seconds are those of the clock,
the median; in brackets those of processors. Multiply-adds are those of the cells' convolutions, each operation on its
own, three times for the weights' step and twice for the architecture's; the bound is what they take at the rate of a
product of two large matrices. Peak memory is the process's. For an idle machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

from deeplab_tf.lazy import choose_for_small_operations

PAPER = {"layers": 12, "blocks": 5, "filters": 8, "crop": 129, "batch": 2}
ROWS = {
    "paper": PAPER,
    "recompute": {**PAPER, "recompute": True},
    "6 layers": {**PAPER, "layers": 6},
    "3 blocks": {**PAPER, "blocks": 3},
    "16 filters": {**PAPER, "filters": 16},
    "crop 257": {**PAPER, "crop": 257},
    "6 layers, 3 blocks": {**PAPER, "layers": 6, "blocks": 3},
}
CLASSES, SIDE = 11, 2048


def multiply_adds(space, crop: int, batch: int) -> float:
    """Of one forward pass of the cells."""
    total = 0
    for layer, level in space.cells:
        filters, pixels = space.filters * 2**level, ((crop - 1) // 2 ** (level + 2) + 1) ** 2
        edge = 2 * (9 + 25) * filters + 4 * filters**2 + (9 + 25) * filters**2
        links = space.entering(layer, level)
        inputs = sum((9 if left < level else 1) * space.blocks * space.filters * 2**left for left in links)
        total += pixels * (len(links) * len(space.edges) * edge + inputs * filters)
    return total * batch


def measured(row: dict, steps: int) -> dict:
    """Of one configuration, in this process."""
    import numpy as np
    import tensorflow as tf

    from deeplab_tf import label_spec
    from deeplab_tf.nas import SearchSpace, search_settings, supernet, unoptimized_graphs
    from deeplab_tf.nas.search_step import SearchSteps
    from deeplab_tf.training.strategy import OneDevice

    space = SearchSpace(row["layers"], row["blocks"], row["filters"])
    rng, crop = np.random.default_rng(0), row["crop"]
    images = tf.constant(rng.uniform(0, 255, (row["batch"], crop, crop, 3)), tf.float32)
    labels = tf.constant(rng.integers(0, CLASSES, (row["batch"], crop, crop)), tf.int32)
    with unoptimized_graphs():
        begun = time.perf_counter()
        model = supernet(space, CLASSES, crop, recompute=row.get("recompute", False))
        steps_of = SearchSteps(model, label_spec(CLASSES), search_settings(data="-", output="-"), 100, OneDevice())
        pair = (steps_of.learn_weights, steps_of.learn_architecture)
        for step in pair:
            step(images, labels)
        found = {"first": time.perf_counter() - begun}
        clock, processors = [], []
        for _ in range(steps):
            start = time.perf_counter(), time.process_time()
            for step in pair:
                float(step(images, labels))
            clock.append(time.perf_counter() - start[0])
            processors.append(time.process_time() - start[1])
    found |= {"seconds": statistics.median(clock), "processors": statistics.median(processors)}
    found["gigabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    found["giga_operations"] = multiply_adds(space, crop, row["batch"]) / 1e9
    return found


def peak() -> float:
    """Multiply-adds a second of a product of two large float32 matrices, on all cores."""
    code = f"""
import time, tensorflow as tf
x = tf.random.normal(({SIDE}, {SIDE}))
times = []
for _ in range(8):
    start = time.perf_counter(); tf.matmul(x, x).numpy(); times.append(time.perf_counter() - start)
print({SIDE} ** 3 / min(times))
"""
    plain = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "1"}
    plain.pop("TF_NUM_INTRAOP_THREADS", None)
    return float(subprocess.run([sys.executable, "-c", code], env=plain, capture_output=True, check=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    choose_for_small_operations()
    if options.child:
        print(json.dumps(measured(json.loads(options.child), options.steps)))
        return
    rate = peak()
    print(f"Product of matrices: {rate / 1e9:.0f} G multiply-adds a second\n")
    print("| | Until both steps were taken once | One alternation | Peak memory | Multiply-adds | Their bound |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name in options.only:
        command = [sys.executable, __file__, "--steps", str(options.steps), "--child", json.dumps(ROWS[name])]
        found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines()[-1])
        operations = 5 * found["giga_operations"]
        print(
            f"| {name} | {found['first']:.0f} s | {found['seconds']:.2f} s ({found['processors']:.2f}) "
            f"| {found['gigabytes']:.2f} GiB | {operations:.0f} G | {operations / rate * 1e9:.2f} s |",
            flush=True,
        )


if __name__ == "__main__":
    main()
