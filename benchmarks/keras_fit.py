"""Short runs of plain `compile` and `fit`: is a model judged as well with its moving statistics as with the batches'?

    python benchmarks/keras_fit.py
    python benchmarks/keras_fit.py --epochs 2 --momentum 0.99

80 steps on 32 images of CamVid at 96x64, then the mean IoU on the same images: normalised with the statistics of all
32, with those of each batch of 4, as in training but without dropout, and with the moving ones, as `evaluate` and
`predict` do. The ratio is that of the last to the first. With `--momentum` all normalisation has this constant
momentum instead of its own.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from deeplab_tf import DeepLabV3, DeepLabV3Plus
from deeplab_tf.evaluation import ConfusionMatrix
from deeplab_tf.layers import BatchNorm

SHARED = Path(__file__).resolve().parents[2] / "shared"
CLASSES, UNLABELLED = 11, 11
IMAGES, BATCH, SIZE = 32, 4, (96, 64)


def images_and_labels(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    photos = sorted((folder / "train").iterdir())[:IMAGES]
    masks = [folder / "trainannot" / f"{photo.stem}.png" for photo in photos]
    images = [np.asarray(Image.open(photo).convert("RGB").resize(SIZE, Image.BILINEAR)) for photo in photos]
    labels = [np.asarray(Image.open(mask).resize(SIZE, Image.NEAREST)) for mask in masks]
    return np.stack(images), np.stack(labels).astype(np.int32)


def miou(model: keras.Model, images: np.ndarray, labels: np.ndarray, training: bool, batch: int) -> float:
    matrix = ConfusionMatrix(CLASSES, UNLABELLED)
    judged = model.rebuild(dropout=0.0)
    for start in range(0, len(images), batch):
        logits = judged(tf.cast(images[start : start + batch], tf.float32), training=training)
        matrix.update(labels[start : start + batch], np.argmax(logits, axis=-1))
    return matrix.miou


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=SHARED / "data/camvid")
    parser.add_argument("--weights", type=Path, default=SHARED / "weights/mobilenet_v2_1.0_224_quant.tflite")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--momentum", type=float, help="constant, for all normalisation")
    arguments = parser.parse_args()
    images, labels = images_and_labels(arguments.data)
    cases = {
        "v3, Adam 1e-3": (DeepLabV3, {}, lambda: keras.optimizers.Adam(1e-3)),
        "v3+, Adam 1e-3": (DeepLabV3Plus, {}, lambda: keras.optimizers.Adam(1e-3)),
        "v3, SGD 0.05, momentum 0.9": (DeepLabV3, {}, lambda: keras.optimizers.SGD(0.05, momentum=0.9)),
        "v3 from ImageNet, Adam 1e-3": (
            DeepLabV3, {"weights": arguments.weights}, lambda: keras.optimizers.Adam(1e-3),
        ),
    }  # fmt: skip
    print("| case | statistics of all | of each batch | moving | ratio |\n| --- | --- | --- | --- | --- |")
    for case, (kind, settings, optimizer) in cases.items():
        keras.utils.set_random_seed(0)
        model = kind("mobilenet_v2", classes=CLASSES, atrous_rates=(), **settings)
        if arguments.momentum is not None:
            for layer in model.layers:
                if isinstance(layer, BatchNorm):
                    layer.momentum, layer.warm_up = arguments.momentum, False
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=UNLABELLED)
        model.compile(optimizer(), loss)
        model.fit(images, labels, batch_size=BATCH, epochs=arguments.epochs, verbose=0)
        kinds = ((True, IMAGES), (True, BATCH), (False, BATCH))
        whole, batch, moving = (miou(model, images, labels, *kind) for kind in kinds)
        print(f"| {case} | {whole:.3f} | {batch:.3f} | {moving:.3f} | {moving / whole:.2f} |", flush=True)


if __name__ == "__main__":
    main()
