"""Mean IoU as the papers report it: output stride, mirror images, several scales, one step after the other.

    python benchmarks/scales_and_flip.py --data voc-tfrecords --model deeplabv3_mnv2_pascal_quant.tflite
    python benchmarks/scales_and_flip.py --data voc-tfrecords --model voc.keras --images 20

`--data` is a folder that `deeplab-tf convert pascal_voc` wrote. `--model` is a released file or one of this package.
Each row also says how much the probabilities of one image differ from the plain NumPy average of predictions.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import deeplab_tf
from deeplab_tf.datasets import evaluation_images, open_dataset
from deeplab_tf.evaluation import evaluate
from deeplab_tf.images.scaling import shrunk
from deeplab_tf.inference import open_predictor
from deeplab_tf.inference.multi_scale import PUBLISHED_SCALES

ROWS = (
    ("stride 16", {"output_stride": 16}),
    ("stride 8", {"output_stride": 8}),
    ("stride 8, flip", {"output_stride": 8, "flip": True}),
    ("stride 8, six scales, flip", {"output_stride": 8, "flip": True, "scales": PUBLISHED_SCALES}),
)


def average(model, image: np.ndarray, output_stride: int, scales=(1.0,), flip: bool = False) -> np.ndarray:
    """The mean of the probabilities of single predictions, by NumPy alone."""
    plain = open_predictor(model, output_stride=output_stride, max_side=None)
    height, width = image.shape[:2]
    total, count = 0, 0
    for scale in scales:
        size = round(height * scale), round(width * scale)
        seen = image if scale == 1 else shrunk(image[None], size)[0].numpy()
        for step in (1, -1) if flip else (1,):
            logits = np.asarray(plain.scores(np.ascontiguousarray(seen[:, ::step])[None]))[0, :, ::step]
            logits = bilinear(logits, height, width)
            exponents = np.exp(logits - logits.max(-1, keepdims=True))
            total, count = total + exponents / exponents.sum(-1, keepdims=True), count + 1
    return total / count


def bilinear(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """Values `[h, w, C]` at another size; pixel centres lie at halves, and nothing is smoothed."""
    for axis, wanted in enumerate((height, width)):
        have = values.shape[axis]
        places = np.clip((np.arange(wanted) + 0.5) * have / wanted - 0.5, 0, have - 1)
        first = np.minimum(places.astype(int), max(have - 2, 0))
        weight = (places - first).reshape([-1 if index == axis else 1 for index in range(3)])
        second = np.minimum(first + 1, have - 1)
        values = np.take(values, first, axis) * (1 - weight) + np.take(values, second, axis) * weight
    return values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="TFRecords of PASCAL VOC")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--split", default="val")
    parser.add_argument("--images", type=int, help="only so many, drawn evenly")
    parser.add_argument("--rows", type=int, nargs="*", default=range(len(ROWS)), help="which rows, from 0")
    arguments = parser.parse_args()

    load = deeplab_tf.load_model if arguments.model.suffix == ".keras" else deeplab_tf.load_released
    model = load(arguments.model)
    dataset = open_dataset(arguments.data)
    images = evaluation_images(dataset, arguments.split)
    if arguments.images:
        every = max(1, dataset.count(arguments.split) // arguments.images)
        images = images.enumerate().filter(lambda index, _: index % every == 0).map(lambda _, item: item)
    first = next(images.as_numpy_iterator())["image"]
    print(f"{'':<28} {'mIoU':>7} {'pixels':>7} {'s/image':>8} {'from NumPy average':>19}")
    for name, options in (ROWS[row] for row in arguments.rows):
        start = time.perf_counter()
        result = evaluate(model, images, dataset.labels, **options)
        seconds = (time.perf_counter() - start) / result.images
        difference = np.abs(
            open_predictor(model, **options).probabilities(first) - average(model, first, **options)
        ).max()
        print(
            f"{name:<28} {result.miou:7.4f} {result.pixel_accuracy:7.4f} {seconds:8.2f} {difference:19.1e}", flush=True
        )


if __name__ == "__main__":
    main()
