"""Parameters, multiply-adds, latency, and share of this machine's peak of every model of the family.

    python benchmarks/family.py
    python benchmarks/family.py --models v3:mobilenet_v2 v3plus:xception_65 --runs 5
    python benchmarks/family.py --list

Each model has a process of its own, so that memory does not pile up. The share of the peak is the rate of its
multiply-adds in the faster of the two forms, over that of a large float32 matrix product on the same threads, measured
in the same process before and after, the faster of the two.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from model_table import ROWS, Row

from deeplab_tf.progress import track

WARM_UP = 2
PEAK_SIDE = 2048
HEAD = f"{'model':58s}{'parameters':>13s}{'madds':>10s}{'tf.function':>13s}{'TFLite':>11s}{'peak':>12s}{'of peak':>9s}"


def median_seconds(function, runs: int) -> float:
    """Median over `runs`, after some that nobody measures."""
    times = []
    for _ in range(runs + WARM_UP):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return float(np.median(times[WARM_UP:]))


def use_threads(threads: int) -> None:
    """Limits TensorFlow, before it starts."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)


def matrix_rate() -> float:
    """Multiply-adds a second of a matrix product."""
    import tensorflow as tf

    square = tf.random.uniform((PEAK_SIDE, PEAK_SIDE))
    product = tf.function(lambda: tf.reduce_sum(square @ square))
    return PEAK_SIDE**3 / median_seconds(lambda: product().numpy(), 9)


def measure(text: str, settings: dict, size: int, runs: int, threads: int) -> dict:
    """All figures of one model."""
    import tensorflow as tf

    from deeplab_tf.cost import model_cost, named_model
    from deeplab_tf.export import export_tflite
    from deeplab_tf.inference import TFLitePredictor

    model = named_model(text, settings)
    cost = model_cost(model, (size, size))
    image = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    signature = [tf.TensorSpec((1, size, size, 3), tf.uint8)]
    graph = tf.function(lambda images: tf.argmax(model(images, training=False), -1), signature, autograph=False)
    images = tf.constant(image[None])
    result = {"parameters": cost.parameters, "multiply_adds": cost.multiply_adds}
    before = matrix_rate()
    result["tf_function"] = median_seconds(lambda: graph(images).numpy(), runs)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.tflite"
        # Weights are random: labels may differ where logits all but tie.
        export_tflite(model, file, size=size, images=[image], min_agreement=0.0)
        predictor = TFLitePredictor(file, threads=threads)
        result["tflite"] = median_seconds(lambda: predictor.run(image), runs)
    result["peak"] = max(before, matrix_rate())
    return result


def in_process(job: dict, timeout: float) -> dict:
    """What the job gives in a process of its own, or `{"error": reason}`."""
    command = [sys.executable, __file__, "--job", json.dumps(job)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return {"error": f"not done after {timeout:g} s; --timeout allows more"}
    if done.returncode:
        said = done.stderr.strip().splitlines()
        return {"error": said[-1] if said else f"ended with {done.returncode}, as when memory runs out"}
    return json.loads(done.stdout.strip().splitlines()[-1])


def table_row(model: Row, result: dict) -> str:
    """A line of the table."""
    name = model.text + (f", {model.note}" if model.note else "")
    name += f", stride {model.settings['output_stride']}" if "output_stride" in model.settings else ""
    if "error" in result:
        return f"{name:58s}  {result['error']}"
    fastest = min(result["tf_function"], result["tflite"])
    return (
        f"{name:58s}{result['parameters']:13,}{result['multiply_adds'] / 1e9:8.2f} G"
        f"{1000 * result['tf_function']:10.0f} ms{1000 * result['tflite']:8.0f} ms"
        f"{result['peak'] / 1e9:8.0f} G/s{result['multiply_adds'] / fastest / result['peak']:9.1%}"
    )


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", metavar="MODEL", help="some of --list; all when left out")
    parser.add_argument("--list", action="store_true", help="print the models' names and stop")
    parser.add_argument("--size", type=int, default=513)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--timeout", type=float, default=1200, help="seconds for one model")
    parser.add_argument("--job", type=json.loads, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    arguments = parsed()
    if arguments.job is not None:
        use_threads(arguments.job["threads"])
        print(json.dumps(measure(**arguments.job)))
        return
    known = dict.fromkeys(row.text for row in ROWS)
    unknown = sorted(set(arguments.models or ()) - set(known))
    if unknown:
        raise SystemExit(f"Unknown: {', '.join(unknown)}. Known are: {', '.join(known)}.")
    if arguments.list:
        print(*known, sep="\n")
        return
    rows = [row for row in ROWS if not arguments.models or row.text in arguments.models]
    common = {"size": arguments.size, "runs": arguments.runs, "threads": arguments.threads}
    print(f"{arguments.size}x{arguments.size}, batch 1, {arguments.threads} threads, median of {arguments.runs} runs")
    print(HEAD, flush=True)
    for row in track(rows, len(rows), "models", unit="model"):
        job = {"text": row.text, "settings": row.settings, **common}
        print(table_row(row, in_process(job, arguments.timeout)), flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("Interrupted.") from None
