"""How fast does training go, and does it wait for its data?

    python benchmarks/training_speed.py
    python benchmarks/training_speed.py --only ResNet --mixed-precision
    python benchmarks/training_speed.py --data voc-tfrecords --crop 321 --batch 4

The first prints, with and without oneDNN's kernels, what a step of each network takes, and the share of the machine's
peak in that: of the floating-point operations of a product of two large float32 matrices, per second on the clock and
per second of processors. A step counts as three times the multiply-adds of the convolutions. Networks, kernels and the
product take turns, so that a busy machine slows all of them alike. keras-hub's v3+, whose ResNet-50 has stride 32 where
ours has 16, is among them where it is installed (`pip install keras-hub`; nothing is downloaded, the weights are
random).

With `--data` it prints images per second of the input pipeline, of the bare step, and of both together.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import tensorflow as tf

from deeplab_tf import DeepLabV3, DeepLabV3Plus, model_cost
from deeplab_tf.datasets import open_dataset, training_batches
from deeplab_tf.training import TrainConfig
from deeplab_tf.training.optimisation.trainer import make_trainer

KERNELS = "TF_ENABLE_ONEDNN_OPTS"
CLASSES, SIDE = 11, 2048
PRODUCT, OPERATIONS = "product", 2.0 * SIDE**3
NETWORKS = {
    "MobileNetV2 v3+, 257": ("mobilenet_v2", 257, {"atrous_rates": ()}),
    "MobileNetV2 v3+, 321": ("mobilenet_v2", 321, {"atrous_rates": ()}),
    "MobileNetV2 v3+, 513": ("mobilenet_v2", 513, {"atrous_rates": ()}),
    "ResNet-50 v3+ without atrous branches, 257": ("resnet_50", 257, {"atrous_rates": ()}),
    "ResNet-50 v3+, 257": ("resnet_50", 257, {}),
}
HUB = "keras-hub, ResNet-50 v3+, 256"


def compiled_step(trainer: keras.Model) -> Callable:
    return tf.function(lambda images, labels: trainer.train_step((images, labels)), autograph=False)


def ours(backbone: str, crop: int, batch: int, **settings) -> tuple[Callable[[], float], float]:
    """A step, and its floating-point operations."""
    model = DeepLabV3Plus(backbone, classes=CLASSES, crop_size=crop, **settings)
    step = compiled_step(make_trainer(model, TrainConfig(data="-", output="-", learning_rate=1e-3)))
    return on_random(step, crop, batch, tf.uint8), operations(model, crop, batch)


def keras_hub(crop: int, batch: int) -> tuple[Callable[[], float], float]:
    from keras_hub.models import DeepLabV3Backbone, DeepLabV3ImageSegmenter, ResNetBackbone

    encoder = ResNetBackbone(
        input_conv_filters=[64], input_conv_kernel_sizes=[7], stackwise_num_filters=[64, 128, 256, 512],
        stackwise_num_blocks=[3, 4, 6, 3], stackwise_num_strides=[1, 2, 2, 2], block_type="bottleneck_block",
    )  # fmt: skip
    backbone = DeepLabV3Backbone(
        encoder, "P5", upsampling_size=8, dilation_rates=[6, 12, 18], low_level_feature_key="P2"
    )
    segmenter = DeepLabV3ImageSegmenter(backbone, CLASSES)
    # Its own compile adds a metric, of labels that are one-hot.
    model = keras.Model(segmenter.input, segmenter.output)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    model.compile(keras.optimizers.SGD(1e-3, momentum=0.9), loss, jit_compile=False)
    return on_random(compiled_step(model), crop, batch, tf.float32), operations(model, crop, batch)


def operations(model: keras.Model, crop: int, batch: int) -> float:
    """Two for a multiply-add; forward once, backward twice, for the maps and the kernels."""
    return 3 * 2 * batch * model_cost(model, (crop, crop)).multiply_adds


def on_random(step: Callable, crop: int, batch: int, dtype: tf.DType) -> Callable[[], float]:
    images = tf.cast(tf.random.uniform((batch, crop, crop, 3), 0, 256, tf.int32), dtype)
    labels = tf.random.uniform((batch, crop, crop), 0, CLASSES, tf.int32)
    return lambda: float(step(images, labels)["loss"])


def timed(function: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and of processors."""
    wall, processor = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - processor


def serve(batch: int, only: str, mixed_precision: bool) -> None:
    """Makes the networks; then times what each line of the input names, and prints that."""
    tf.get_logger().setLevel("ERROR")
    if mixed_precision:
        keras.config.set_dtype_policy("mixed_bfloat16")
    matrix = tf.random.normal((SIDE, SIDE))
    product = tf.function(lambda: tf.matmul(matrix, matrix))
    # All of it: TensorFlow returns from a product before it is done.
    steps, counts = {PRODUCT: lambda: product().numpy()}, {PRODUCT: OPERATIONS}
    for name, (backbone, crop, settings) in NETWORKS.items():
        if only in name:
            steps[name], counts[name] = ours(backbone, crop, batch, **settings)
    if only in HUB and importlib.util.find_spec("keras_hub"):
        steps[HUB], counts[HUB] = keras_hub(256, batch)
    for step in steps.values():
        step()
        step()
    print(json.dumps(counts), flush=True)
    for name in sys.stdin:
        print(json.dumps(timed(steps[name.strip()])), flush=True)


def networks_table(batch: int, only: str, rounds: int, mixed_precision: bool) -> None:
    command = [sys.executable, __file__, "--serve", "--batch", str(batch), "--only", only]
    command += ["--mixed-precision"] if mixed_precision else []
    servers = {
        flag: subprocess.Popen(
            command, env={**os.environ, KERNELS: flag}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for flag in ("1", "0")
    }
    counts = {flag: json.loads(server.stdout.readline()) for flag, server in servers.items()}
    times: dict[tuple[str, str], list] = {(flag, name): [] for flag, names in counts.items() for name in names}
    for _ in range(rounds):
        for (flag, name), found in times.items():
            print(name, file=servers[flag].stdin, flush=True)
            found.append(json.loads(servers[flag].stdout.readline()))
    for server in servers.values():
        server.communicate()
    seconds = {case: [statistics.median(part) for part in zip(*found)] for case, found in times.items()}
    rates = {(flag, name): [counts[flag][name] / part for part in parts] for (flag, name), parts in seconds.items()}
    # The best of all, with either kernels: what else runs can only lower it.
    products = [found for (_, name), found in times.items() if name == PRODUCT]
    peaks = [OPERATIONS / min(part) for part in zip(*(pair for found in products for pair in found))]
    precision = "mixed_bfloat16" if mixed_precision else "float32"
    print(f"{processor()}, TensorFlow {tf.__version__}; batches of {batch}, {precision}; medians of {rounds}")
    print("Peak {:.0f} GFLOP/s, {:.0f} per processor second, in float32\n".format(*(peak / 1e9 for peak in peaks)))
    print("| Network, crop | oneDNN | images/s | s per step | processor s | of the peak | of it per processor s |")
    print("| --- " * 7 + "|")
    for (flag, name), (wall, cpu) in seconds.items():
        if name != PRODUCT:
            shares = [rate / peak for rate, peak in zip(rates[flag, name], peaks)]
            row = [name, "on" if flag == "1" else "off", f"{batch / wall:.1f}", f"{wall:.3f}", f"{cpu:.3f}"]
            print("|", " | ".join([*row, *(f"{share:.0%}" for share in shares)]), "|")
    if only in HUB and ("1", HUB) not in seconds:
        print("\nkeras-hub is not installed, and left out. To compare with it: pip install keras-hub")


def processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores"


def rate(step: Callable[[], object], steps: int, batch: int, warm_up: int = 3) -> float:
    """Images per second of `step`, called without arguments."""
    for _ in range(warm_up):
        step()
    start = time.perf_counter()
    for _ in range(steps):
        step()
    return steps * batch / (time.perf_counter() - start)


def data_table(data: Path, crop: int, batch: int, steps: int) -> None:
    dataset = open_dataset(data)
    batches = training_batches(dataset, batch_size=batch, crop_size=(crop, crop))
    model = DeepLabV3("mobilenet_v2", labels=dataset.labels, atrous_rates=(), crop_size=crop)
    step = compiled_step(make_trainer(model, TrainConfig(data="-", output="-", learning_rate=1e-3)))
    pipeline, fixed, fed = iter(batches), next(iter(batches)), iter(batches)
    rows = {
        "pipeline alone": rate(lambda: next(pipeline), 5 * steps, batch),
        "step alone, one batch again and again": rate(lambda: step(*fixed)["loss"].numpy(), steps, batch),
        "pipeline and step": rate(lambda: step(*next(fed))["loss"].numpy(), steps, batch),
    }
    print(f"MobileNetV2 DeepLabv3, crop {crop}, batch {batch}, {dataset.path}")
    for name, images in rows.items():
        print(f"{name:<40} {images:8.1f} images/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of TFRecords")
    parser.add_argument("--crop", type=int, default=257, help="with --data")
    parser.add_argument("--batch", type=int, help="4 images; with --data 8")
    parser.add_argument("--steps", type=int, default=20, help="with --data")
    parser.add_argument("--only", default="", metavar="TEXT", help="networks whose line has it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mixed-precision", action="store_true", help="bfloat16")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.batch, given.only, given.mixed_precision)
    elif given.data:
        data_table(given.data, given.crop, given.batch or 8, given.steps)
    else:
        networks_table(given.batch or 4, given.only, given.rounds, given.mixed_precision)


if __name__ == "__main__":
    main()
