"""What it saves to enlarge only the classes that can win, with 21 classes and with many.

    python benchmarks/candidate_classes.py
    python benchmarks/candidate_classes.py --images 120 --classes 150

The maps of the 21 classes are a released network's on PASCAL VOC's photographs. A network of 150 classes has many more
that are not in the picture: their maps are those of absent classes of the other photographs.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import numpy as np
import tensorflow as tf

import deeplab_tf
from deeplab_tf.images.candidates import candidate_classes, labels_among_candidates
from deeplab_tf.inference.canvas import Canvas
from deeplab_tf.inference.network import InferenceNetwork
from deeplab_tf.layers import resize_aligned
from deeplab_tf.progress import track

SHARED = Path(__file__).resolve().parents[2] / "shared"
SIDE = 513


def score_maps(released: Path, photographs: list[Path]) -> np.ndarray:
    """The logits at the output stride, float32 `[images, h, w, 21]`."""
    model = deeplab_tf.load_released(released)
    network = InferenceNetwork(model, frozen=True)
    low = tf.function(network.low_logits, [tf.TensorSpec((1, SIDE, SIDE, 3), tf.float32)], autograph=False)
    canvas = Canvas(SIDE, SIDE, model.pad_value)
    maps = [
        low(canvas.place(deeplab_tf.images.read_image(path))[0][None].astype(np.float32))
        for path in track(photographs, len(photographs), "predict")
    ]
    return tf.concat(maps, 0).numpy()


def with_absent_classes(maps: np.ndarray, classes: int) -> np.ndarray:
    """The maps of each image, and those of classes that are absent in others, up to a number of classes."""
    generator = np.random.default_rng(0)
    absent = [
        (image, label)
        for image, scores in enumerate(maps)
        for label in set(range(maps.shape[-1])) - set(np.unique(scores.argmax(-1)))
    ]
    more = []
    for image in range(len(maps)):
        others = [pair for pair in absent if pair[0] != image]
        chosen = generator.choice(len(others), classes - maps.shape[-1], replace=len(others) < classes)
        more.append(np.stack([maps[others[index][0], ..., others[index][1]] for index in chosen], -1))
    return np.concatenate([maps, np.stack(more)], -1)


def of_all(scores):
    return tf.argmax(resize_aligned(scores, (SIDE, SIDE), "float32"), -1, output_type=tf.int32)


def of_candidates(scores):
    return labels_among_candidates(scores, of_all)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--released", type=Path, default=SHARED / "weights/deeplabv3_mnv2_pascal_quant.tflite")
    parser.add_argument("--photographs", type=Path, default=SHARED / "data/voc2012/JPEGImages", help="a folder")
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--classes", type=int, nargs="+", default=[21, 150])
    arguments = parser.parse_args()

    photographs = sorted(arguments.photographs.glob("*.jpg"))[: arguments.images]
    maps = score_maps(arguments.released, photographs)
    print(f"{'classes':>8s}{'candidates':>22s}{'all':>10s}{'candidates':>12s}   equal labels")
    for classes in arguments.classes:
        scores = maps if classes == maps.shape[-1] else with_absent_classes(maps, classes)
        functions = [
            tf.function(function, autograph=False, reduce_retracing=True) for function in (of_all, of_candidates)
        ]
        for function in functions:
            function(tf.constant(scores[:1]))
        taken, counts, equal = ([], []), [], 0
        for image in scores:
            labels = []
            for function, times in zip(functions, taken):
                start = time.process_time()
                labels.append(function(tf.constant(image[None])).numpy())
                times.append(1e3 * (time.process_time() - start))
            counts.append(len(candidate_classes(tf.constant(image[None]))))
            equal += int((labels[0] == labels[1]).sum())
        all_ms, candidates_ms = (np.median(times) for times in taken)
        found = f"median {np.median(counts):.0f}, most {max(counts)}"
        print(
            f"{classes:8d}{found:>22s}{all_ms:7.1f} ms{candidates_ms:9.1f} ms   {equal} of {len(scores) * SIDE**2}, "
            "processor time, median"
        )


if __name__ == "__main__":
    main()
