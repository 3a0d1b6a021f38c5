"""How much memory opening a model and predicting with it take: the peak of a process of its own."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
# Sets the peak back to what is resident now.
CLEAR_PEAK = "5"
# The second run needs no more than what the first has left.
RUNS = 2
log = logging.getLogger(__name__)


def peak_memory(path: os.PathLike | str, size: tuple[int, int], threads: int, opening: Mapping) -> float:
    """What a process takes at most beyond its libraries to open a model and predict with it, in bytes.

    Args:
        path: The model's file or folder.
        size: (height, width) of the image.
        threads: As for `open_predictor`.
        opening: Further arguments of `open_predictor`, which JSON can hold.

    Returns:
        Bytes; NaN, which is logged, where the process fails or the system does not tell: only Linux does.
    """
    task = {"path": os.fspath(path), "size": size, "threads": threads, "opening": dict(opening)}
    command = [sys.executable, "-m", "deeplab_tf.evaluation.speed.memory", json.dumps(task)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    try:
        return float(done.stdout.split()[-1])
    except (IndexError, ValueError):
        said = done.stderr.strip().splitlines()
        log.warning("The memory of %s is not known: %s", path, said[-1] if said else f"ended with {done.returncode}")
        return float("nan")


def _of_task(path: str, size: tuple[int, int], threads: int, opening: Mapping) -> float:
    from deeplab_tf.evaluation.speed.machine import use_threads
    from deeplab_tf.inference import open_predictor
    from deeplab_tf.weights.formats import tflite_runtime

    use_threads(threads)
    # LiteRT's library, which is loaded with the first file otherwise.
    with contextlib.suppress(ImportError):
        tflite_runtime.load()
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    before = _kilobytes("VmRSS")
    CLEAR.write_text(CLEAR_PEAK)
    predictor = open_predictor(path, threads, **opening)
    for _ in range(RUNS):
        predictor.predict(image)
    return 1024 * (_kilobytes("VmHWM") - before)


def _kilobytes(name: str) -> int:
    return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))


if __name__ == "__main__":
    sys.stdout.write(str(_of_task(**json.loads(sys.argv[1]))))
