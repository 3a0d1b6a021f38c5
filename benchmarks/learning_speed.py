"""How fast does a network learn? The same batches for every way of training, and the loss that each came to.

    python benchmarks/learning_speed.py --data camvid --weights deeplabv3_mnv2_pascal_quant.tflite
    python benchmarks/learning_speed.py --data camvid --weights FILE --steps 180 --crop 97 --max-side 160 --batch 6

All cases see the same crops in the same order, so that their losses differ by the way of training and not by chance:
the mean cross entropy of each `--every` steps, without weight decay, at rates that hardly fall.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np

from deeplab_tf.datasets import open_dataset
from deeplab_tf.training import TrainConfig
from deeplab_tf.training.optimisation.trainer import make_trainer
from deeplab_tf.training.start import batches_of, build_model, recalibrate

HEAD_5, HEAD_10 = ({"multipliers": {"head": factor}} for factor in (5, 10))
CASES = {
    "sgd 0.02": {"optimizer": "sgd", "learning_rate": 0.02},
    "sgd 0.06": {"optimizer": "sgd", "learning_rate": 0.06},
    "sgd 0.02, head x 5": {"optimizer": "sgd", "learning_rate": 0.02, "optimizer_settings": HEAD_5},
    "adam 0.001": {"optimizer": "adam", "learning_rate": 0.001},
    "adam 0.0003, head x 10": {"optimizer": "adam", "learning_rate": 0.0003, "optimizer_settings": HEAD_10},
    "adam 0.0001, head x 10": {"optimizer": "adam", "learning_rate": 0.0001, "optimizer_settings": HEAD_10},
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of TFRecords")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--crop", type=int, default=257)
    parser.add_argument("--max-side", type=int)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--every", type=int, default=20)
    parser.add_argument("--case", choices=CASES, action="append", help="repeat; all when left out")
    arguments = parser.parse_args()
    settings = {
        "data": str(arguments.data),
        "output": "-",
        "model": "v3plus",
        "weights": arguments.weights,
        "atrous_rates": (),
        "crop_size": arguments.crop,
        "max_side": arguments.max_side,
        "batch_size": arguments.batch,
        # The loss is then the cross entropy alone, and the rate hardly falls.
        "weight_decay": 0,
        "steps": 20 * arguments.steps,
    }
    dataset, batches = open_dataset(arguments.data), None
    for case in arguments.case or CASES:
        config = TrainConfig(**settings, **CASES[case])
        keras.utils.set_random_seed(0)
        model = build_model(config, dataset.labels)
        recalibrate(config, dataset, model)
        batches = batches or list(batches_of(config, dataset, model).take(arguments.steps).as_numpy_iterator())
        trainer, losses, start = make_trainer(model, config), [], time.process_time()
        for images, labels in batches:
            # What it gives is otherwise the mean over all steps so far.
            trainer.reset_metrics()
            losses.append(trainer.train_on_batch(images, labels))
        means = np.reshape(losses, (-1, arguments.every)).mean(axis=1)
        print(f"{case:<26}", *(f"{mean:.3f}" for mean in means), f"{time.process_time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
