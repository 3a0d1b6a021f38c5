"""What each loss costs, forward and backward, beside Keras's cross entropy: `python benchmarks/loss_speed.py`.

Processor time, the least of several rounds in which the losses take turns; logits and labels as of a batch of crops,
with so many classes in large patches.
"""

from __future__ import annotations

import argparse
import time

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf import losses

LOSSES = {
    "Keras's cross entropy": keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255),
    "CrossEntropy": losses.CrossEntropy(),
    "with weights of classes": losses.CrossEntropy(class_weights=[1.0] * 21),
    "with label smoothing": losses.CrossEntropy(label_smoothing=0.1),
    "HardPixels": losses.HardPixels(),
    "Focal": losses.Focal(),
    "Dice": losses.Dice(),
    "Dice per image": losses.Dice(per_image=True),
    "LovaszSoftmax": losses.LovaszSoftmax(),
    "LovaszSoftmax per image": losses.LovaszSoftmax(per_image=True),
    "CrossEntropy + Dice": losses.CombinedLoss([losses.CrossEntropy(), losses.Dice()]),
}


def batch(crop: int, size: int, classes: int) -> tuple[tf.Tensor, tf.Tensor]:
    draw = np.random.default_rng(0)
    logits = draw.normal(0, 3, (size, crop, crop, 21)).astype(np.float32)
    patch = -(-crop // 6)
    labels = draw.integers(0, classes, (size, 6, 6)).repeat(patch, 1).repeat(patch, 2)[:, :crop, :crop]
    labels[:, : crop // 16] = 255
    return tf.constant(labels, tf.int32), tf.constant(logits)


def step(loss, labels: tf.Tensor, logits: tf.Tensor):
    def both():
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(labels, logits)
        return value, tape.gradient(value, logits)

    return tf.function(both)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crop", type=int, default=321)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--classes", type=int, default=21, help="Of 21, that occur.")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    labels, logits = batch(given.crop, given.batch, given.classes)
    steps = {name: step(loss, labels, logits) for name, loss in LOSSES.items()}
    seconds = dict.fromkeys(steps, np.inf)
    for turn in range(given.rounds + 1):
        for name, run in steps.items():
            begun = time.process_time()
            run()
            seconds[name] = min(seconds[name], time.process_time() - begun) if turn else np.inf
    first = next(iter(seconds.values()))
    for name, taken in seconds.items():
        print(f"{name:26} {taken * 1000:7.0f} ms {taken / first:6.2f}")


if __name__ == "__main__":
    main()
