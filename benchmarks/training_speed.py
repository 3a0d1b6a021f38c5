"""Does training wait for its data? Images a second of the pipeline, of the bare step, and of both together.

python benchmarks/training_speed.py --data voc-tfrecords
python benchmarks/training_speed.py --data voc-tfrecords --crop 321 --batch 4
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

from deeplab_tf import DeepLabV3
from deeplab_tf.datasets import open_dataset, training_batches
from deeplab_tf.training import TrainConfig
from deeplab_tf.training.optimisation.trainer import make_trainer


def rate(step, steps: int, batch: int, warm_up: int = 3) -> float:
    """Images a second of `step`, called without arguments."""
    for _ in range(warm_up):
        step()
    start = time.perf_counter()
    for _ in range(steps):
        step()
    return steps * batch / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of TFRecords")
    parser.add_argument("--crop", type=int, default=257)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=20)
    arguments = parser.parse_args()

    dataset = open_dataset(arguments.data)
    size = (arguments.crop, arguments.crop)
    batches = training_batches(dataset, batch_size=arguments.batch, crop_size=size)
    model = DeepLabV3("mobilenet_v2", labels=dataset.labels, atrous_rates=(), crop_size=arguments.crop)
    trainer = make_trainer(model, TrainConfig(data="", output="", learning_rate=1e-3))
    train_step = tf.function(lambda images, labels: trainer.train_step((images, labels)), autograph=False)

    pipeline, fixed, fed = iter(batches), next(iter(batches)), iter(batches)
    rows = {
        "pipeline alone": rate(lambda: next(pipeline), 5 * arguments.steps, arguments.batch),
        "step alone, one batch again and again": rate(
            lambda: train_step(*fixed)["loss"].numpy(), arguments.steps, arguments.batch
        ),
        "pipeline and step": rate(lambda: train_step(*next(fed))["loss"].numpy(), arguments.steps, arguments.batch),
    }
    print(f"MobileNetV2 DeepLabv3, crop {arguments.crop}, batch {arguments.batch}, {dataset.path}")
    for name, images in rows.items():
        print(f"{name:<40} {images:8.1f} images/s")


if __name__ == "__main__":
    main()
