"""Does a process keep memory of trainings that are over? Its resident memory after each of several short runs.

    python benchmarks/memory_of_runs.py --runs 8

On Linux with glibc, whose freed memory is given back before each measurement.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from deeplab_tf.datasets import convert_folder, draw_shapes
from deeplab_tf.training import TrainConfig, train


def resident_mib() -> float:
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=8, help="trainings, one after the other (default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        drawn, records = draw_shapes(Path(folder) / "drawn", 16, size=(48, 72)), Path(folder) / "records"
        convert_folder(drawn / "images", drawn / "masks", records, class_names=drawn / "class_names.txt")
        for number in range(1, arguments.runs + 1):
            train(
                TrainConfig(
                    data=records,
                    output=Path(folder) / "run",
                    depth_multiplier=0.25,
                    crop_size=33,
                    batch_size=4,
                    steps=2,
                ),
                overwrite=True,
            )
            print(f"run {number}: {resident_mib():.0f} MiB, {len(gc.get_objects())} objects", flush=True)


if __name__ == "__main__":
    main()
