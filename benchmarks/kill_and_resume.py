"""Training killed with SIGKILL and resumed, against the same training left alone: do the weights agree?

Two real runs of `deeplab-tf train`; the second is killed once its first checkpoint is written, and resumed.

    python benchmarks/kill_and_resume.py --data voc
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from deeplab_tf import load_model


def train(*arguments: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-m", "deeplab_tf.cli", "train", *arguments], stderr=subprocess.DEVNULL)


def finished(process: subprocess.Popen) -> None:
    if process.wait():
        sys.exit("A training failed; run it by hand to see why.")


def killed_after_a_checkpoint(process: subprocess.Popen, checkpoint: Path) -> None:
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.01)
    # Into the steps after the checkpoint, which the resumed run has to do again.
    time.sleep(2)
    process.kill()
    if process.wait() == 0:
        sys.exit("The run ended before it was killed; give more --steps.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="folder of TFRecords")
    parser.add_argument("--steps", type=int, default=40, help="steps of the runs (default: %(default)s)")
    parser.add_argument("--crop-size", type=int, default=257, help="side of the crops (default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=8, help="images a step (default: %(default)s)")
    arguments = parser.parse_args()
    network = ["--model", "v3plus", "--backbone", "mobilenet_v2", "--val-split", "val"]
    sizes = [f"--{name}={getattr(arguments, name.replace('-', '_'))}" for name in ("steps", "crop-size", "batch-size")]
    with tempfile.TemporaryDirectory() as folder:
        whole, cut = Path(folder, "whole"), Path(folder, "cut")
        settings = ["--data", arguments.data, *network, *sizes, "--eval-every", str(arguments.steps // 2)]
        finished(train(*settings, "--output", str(whole)))
        killed_after_a_checkpoint(train(*settings, "--output", str(cut)), cut / "last.keras")
        finished(train("--resume", "--output", str(cut)))
        weights, others = (load_model(run / "last.keras").get_weights() for run in (whole, cut))
    difference = max(float(np.abs(one - other).max()) for one, other in zip(weights, others, strict=True))
    largest = max(float(np.abs(weight).max()) for weight in weights)
    print(
        f"{len(weights)} weights after {arguments.steps} steps: largest difference {difference:.3g}, "
        f"largest value {largest:.3g}"
    )


if __name__ == "__main__":
    main()
