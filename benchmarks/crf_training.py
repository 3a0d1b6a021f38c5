"""A dense CRF trained as a layer on PASCAL VOC, behind a released network that stays as it is: the validation loss.

    python benchmarks/crf_training.py
    python benchmarks/crf_training.py --images 40 --epochs 8

Images and the network's scores are scaled to a small square, and the widths of the kernels with them.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
from PIL import Image

from deeplab_tf.crf import DenseCRFLayer, crf_parameters
from deeplab_tf.inference import open_predictor
from deeplab_tf.weights import load_released

SHARED = Path(__file__).resolve().parents[2] / "shared"
VOC = SHARED / "data/voc2012"
CLASSES, IGNORED, USUAL_SIDE = 21, 255, 500


def examples(predictor, split: str, count: int, side: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Images and scores `[count, side, side, ...]`, and labels."""
    images, scores, labels = [], [], []
    for name in (VOC / f"ImageSets/Segmentation/{split}.txt").read_text().split()[:count]:
        image = np.asarray(Image.open(VOC / f"JPEGImages/{name}.jpg").convert("RGB"))
        large = np.log(np.maximum(predictor.probabilities(image), 1e-5))
        channels = [np.asarray(Image.fromarray(large[..., c]).resize((side, side), 2)) for c in range(CLASSES)]
        scores.append(np.stack(channels, -1))
        images.append(np.asarray(Image.fromarray(image).resize((side, side), 2)))
        labels.append(np.asarray(Image.open(VOC / f"SegmentationClass/{name}.png").resize((side, side), 0)))
    return [np.stack(images).astype(np.float32), np.stack(scores)], np.stack(labels).astype(np.int32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0.1, help="learning rate of Adam")
    parser.add_argument("--parameters", default="crf_rnn")
    options = parser.parse_args()

    predictor = open_predictor(load_released(SHARED / "weights/deeplabv3_mnv2_pascal_quant.tflite"))
    train, val = (examples(predictor, split, options.images, options.side) for split in ("train", "val"))
    published, scale = crf_parameters(options.parameters), options.side / USUAL_SIDE
    widths = {"sigma_alpha": published.sigma_alpha * scale, "sigma_gamma": max(published.sigma_gamma * scale, 0.5)}
    layer = DenseCRFLayer(dataclasses.replace(published, **widths), options.iterations)
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, CLASSES))]
    model = keras.Model(inputs, layer(inputs))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORED)
    model.compile(keras.optimizers.Adam(options.rate), loss)

    print(f"validation loss of the network alone {float(loss(val[1], val[0][1])):.4f}")
    print(f"with the CRF as published            {model.evaluate(*val, batch_size=4, verbose=0):.4f}")
    for epoch in range(options.epochs):
        model.fit(*train, batch_size=4, verbose=0)
        print(f"after epoch {epoch + 1}                        {model.evaluate(*val, batch_size=4, verbose=0):.4f}")


if __name__ == "__main__":
    main()
