"""The released files against the models imported from them, on the same images.

    python benchmarks/released_results.py --data voc-tfrecords
    python benchmarks/released_results.py --data voc-tfrecords --weights folder --split val

`--data` is a folder that `deeplab-tf convert pascal_voc` wrote. For each file the table has the mean IoU of the file
itself, that of the imported Keras model, and the share of pixels on which their labels are equal.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

import deeplab_tf
from deeplab_tf.datasets import evaluation_images, open_dataset
from deeplab_tf.evaluation import ConfusionMatrix
from deeplab_tf.inference import open_predictor
from deeplab_tf.progress import track

SHARED = Path(__file__).resolve().parents[2] / "shared"
FILES = (
    "deeplabv3_mnv2_pascal_trainval_frozen.pb",
    "deeplabv3_mnv2_pascal_quant.tflite",
    "deeplabv3_mnv2_dm05_pascal_quant.tflite",
)


def original(path: Path):
    """What the file itself predicts: image, uint8 `[H, W, 3]`, to labels `[H, W]`."""
    if path.suffix == ".tflite":
        return open_predictor(path).predict
    definition = tf.compat.v1.GraphDef()
    definition.ParseFromString(path.read_bytes())
    graph = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(definition, name=""), [])
    graph = graph.prune("ImageTensor:0", "SemanticPredictions:0")
    return lambda image: graph(tf.constant(image[None])).numpy()[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="TFRecords of PASCAL VOC")
    parser.add_argument("--split", default="val")
    parser.add_argument("--weights", type=Path, default=SHARED / "weights", help="folder of the released files")
    arguments = parser.parse_args()

    dataset = open_dataset(arguments.data)
    print(f"{'released file':<42} {'mIoU':>7} {'ours':>7} {'equal labels':>13}")
    for name in FILES:
        path = arguments.weights / name
        theirs, ours = original(path), open_predictor(deeplab_tf.load_released(path)).predict
        matrices = [ConfusionMatrix(dataset.labels.classes, dataset.labels.ignore_label) for _ in range(2)]
        equal = pixels = 0
        images = evaluation_images(dataset, arguments.split).as_numpy_iterator()
        for item in track(images, dataset.count(arguments.split), name):
            predictions = theirs(item["image"]), ours(item["image"])
            for matrix, labels in zip(matrices, predictions):
                matrix.update(item["label"], labels)
            equal += int(np.equal(*predictions).sum())
            pixels += predictions[0].size
        print(f"{name:<42} {matrices[0].miou:7.4f} {matrices[1].miou:7.4f} {equal / pixels:13.4%}", flush=True)


if __name__ == "__main__":
    main()
