"""Latency of one network in every form it can take, in one interleaved run.

    python benchmarks/latency.py
    python benchmarks/latency.py --released released.tflite --model model.keras --threads 4

The forms take turns, so that a busy machine slows all of them alike; the median is printed.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

import deeplab_tf
from deeplab_tf.export import export_saved_model, export_tflite
from deeplab_tf.inference import TFLitePredictor
from deeplab_tf.inference.whole_image import whole_image_logits
from deeplab_tf.models import SegmentationModel
from deeplab_tf.weights.formats.exported import LABELS_SIGNATURE

SIDE = 513
RELEASED = Path(__file__).resolve().parents[2] / "shared/weights/deeplabv3_mnv2_pascal_quant.tflite"
BASE = "released 8-bit TFLite"


def predictors(
    released: Path, model: SegmentationModel, folder: Path, threads: int
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """By its name in the table, what turns an image, uint8 `[513, 513, 3]`, into labels."""
    export_tflite(model, folder / "model.tflite", size=SIDE)
    export_saved_model(model, folder / "saved_model")
    signature = tf.saved_model.load(str(folder / "saved_model")).signatures[LABELS_SIGNATURE]
    keras_labels = tf.function(
        lambda images: tf.argmax(whole_image_logits(model, images), -1, output_type=tf.int32),
        [tf.TensorSpec((None, None, None, 3), tf.uint8)],
        autograph=False,
    )
    return {
        BASE: TFLitePredictor(released, threads=threads).run,
        "float TFLite": TFLitePredictor(folder / "model.tflite", threads=threads).run,
        "SavedModel": lambda image: signature(image=tf.constant(image[None]))["labels"].numpy(),
        "Keras, tf.function": lambda image: keras_labels(image[None]).numpy(),
    }


def medians(predict: dict[str, Callable], image: np.ndarray, runs: int) -> dict[str, float]:
    """Median milliseconds of each predictor over interleaved runs, after two unmeasured rounds."""
    times = {name: [] for name in predict}
    for _ in range(runs + 2):
        for name, function in predict.items():
            start = time.perf_counter()
            function(image)
            times[name].append(1000 * (time.perf_counter() - start))
    return {name: float(np.median(values[2:])) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--released", type=Path, default=RELEASED, help="a released .tflite file")
    parser.add_argument("--model", type=Path, help="a .keras file; the released file's network when left out")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=30)
    arguments = parser.parse_args()

    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
    tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    read = deeplab_tf.load_model if arguments.model else deeplab_tf.load_released
    model = read(arguments.model or arguments.released)
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        predict = predictors(arguments.released, model, Path(folder), arguments.threads)
        result = medians(predict, image, arguments.runs)
    print(f"{SIDE}x{SIDE}, batch 1, {arguments.threads} threads, median of {arguments.runs} runs")
    print(f"{'':22s}{'ms':>8s}{'to released':>14s}{'to float TFLite':>18s}")
    for name, value in result.items():
        ratios = f"{value / result[BASE]:14.2f}{value / result['float TFLite']:18.2f}"
        print(f"{name:22s}{value:8.1f}{ratios}")


if __name__ == "__main__":
    main()
