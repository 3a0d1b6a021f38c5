"""Images per second of `segment` over a folder, beside what the network alone does.

    python benchmarks/segment_rate.py --images ../shared/data/voc2012/JPEGImages --count 200
    python benchmarks/segment_rate.py --model model.keras --images photos

Both take turns over chunks of the images, so that a busy machine slows both alike. The network alone means images that
are in memory already and labels that are thrown away. "One after the other" reads, predicts and writes without overlap.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import deeplab_tf
from deeplab_tf import progress
from deeplab_tf.images import read_image
from deeplab_tf.inference import Segmenter, segment_files
from deeplab_tf.inference.segmented_files import find_images

RELEASED = Path(__file__).resolve().parents[2] / "shared/weights/deeplabv3_mnv2_pascal_quant.tflite"
CHUNK = 20


def measured(work) -> tuple[float, float]:
    """Seconds by the clock and of the processors."""
    clock, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - busy


def one_after_the_other(segmenter: Segmenter, paths: list[Path], output: str) -> None:
    for path in paths:
        segmenter(path).save(output, path.stem)


def batched(segmenter: Segmenter, images: list[np.ndarray], size: int = 4) -> None:
    """Labels of images of one size, several at once."""
    by_size = {}
    for image in images:
        by_size.setdefault(image.shape, []).append(image)
    for alike in by_size.values():
        for start in range(0, len(alike), size):
            np.argmax(segmenter.predictor.scores(np.stack(alike[start : start + size])), -1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=RELEASED, help="what Segmenter or load_released takes")
    parser.add_argument("--images", type=Path, required=True, help="a folder")
    parser.add_argument("--count", type=int, default=200, help="images")
    arguments = parser.parse_args()
    progress.show(False)
    imported = arguments.model == RELEASED
    segmenter = Segmenter(deeplab_tf.load_released(RELEASED) if imported else arguments.model)
    paths = find_images(arguments.images)[: arguments.count]
    times = {}
    with tempfile.TemporaryDirectory() as output:
        # Not measured: the first run of everything.
        segment_files(segmenter, paths[:4], output)
        for start in range(0, len(paths), CHUNK):
            chunk = paths[start : start + CHUNK]
            images = [read_image(path) for path in chunk]
            ways = {
                "network alone": lambda images=images: [segmenter(image) for image in images],
                "network alone, batches of 4": lambda images=images: batched(segmenter, images),
                "segment": lambda chunk=chunk: segment_files(segmenter, chunk, output),
                "segment to labelme": lambda chunk=chunk: segment_files(
                    segmenter, chunk, labelme=output, overwrite=True
                ),
                "one after the other": lambda chunk=chunk: one_after_the_other(segmenter, chunk, output),
            }
            for name, work in ways.items():
                times.setdefault(name, []).append(measured(work))
    base = np.sum(times["network alone"], 0)
    print(f"{len(paths)} images, {os.cpu_count()} processors, {segmenter.predictor.source}")
    print(f"{'':30}{'images/s':>10}{'of network':>12}{'processor s/image':>20}")
    for name, found in times.items():
        clock, busy = np.sum(found, 0)
        print(f"{name:30}{len(paths) / clock:10.2f}{base[0] / clock:12.2f}{busy / len(paths):20.3f}")


if __name__ == "__main__":
    main()
