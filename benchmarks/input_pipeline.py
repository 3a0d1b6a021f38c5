"""Images a second: the input pipeline, the same augmentation in Python, and the training step that they feed.

    python benchmarks/input_pipeline.py --voc VOCdevkit/VOC2012
    python benchmarks/input_pipeline.py --cores 2 --what pipeline --augment

PASCAL VOC is converted into a temporary folder first; `--records` takes a folder that is converted already. "python" is
what one writes by hand: lists of files as `keras.utils.image_dataset_from_directory` makes them, read, scaled, cropped
and flipped by Pillow and NumPy in a parallel `map`. The step is that of MobileNetV2 DeepLabv3 at batch 8 on one batch
again and again. A core is one that the process may run on, so the measurement wants an otherwise idle machine.
"""

import argparse
import itertools
import multiprocessing
import os
import statistics
import tempfile
import time
from pathlib import Path

CROPS = (257, 321, 513)
BATCH = 8
WARM_UP = 6
SPANS = 5
SCALES = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
EXTRAS = {"rotate": 10, "color_jitter": 0.4, "blur": 1.0}
VOC = Path(__file__).resolve().parents[2] / "shared" / "data" / "voc2012"


def convert(voc: str, output: str) -> float:
    """Converts the training images; returns how many it did in a second."""
    from deeplab_tf.datasets import convert_voc

    start = time.perf_counter()
    report = convert_voc(voc, "train", output)
    return sum(report.images.values()) / (time.perf_counter() - start)


def pipeline(voc: str, records: str, crop: int, extras: dict):
    """Makes a batch of the package's pipeline at every call."""
    from deeplab_tf.datasets import Augmentation, open_dataset, training_batches

    options = {"batch_size": BATCH, "crop_size": (crop, crop), "augmentation": Augmentation(**extras)}
    batches = iter(training_batches(open_dataset(records), **options))
    return lambda: next(batches)


def python(voc: str, records: str, crop: int, extras: dict):
    """Makes a batch by Pillow and NumPy at every call."""
    import numpy as np
    import tensorflow as tf
    from PIL import Image

    def augment(image_path: bytes, mask_path: bytes):
        rng = np.random.default_rng()
        image, mask = Image.open(image_path.decode()).convert("RGB"), Image.open(mask_path.decode())
        size = tuple(int(side * rng.choice(SCALES)) for side in image.size)
        image = np.asarray(image.resize(size, Image.Resampling.BILINEAR), np.float32)
        mask = np.asarray(mask.resize(size, Image.Resampling.NEAREST), np.int32)
        below, beside = (max(crop - side, 0) for side in mask.shape)
        image = np.pad(image, ((0, below), (0, beside), (0, 0)), constant_values=127.5)
        mask = np.pad(mask, ((0, below), (0, beside)), constant_values=255)
        row, column = (rng.integers(0, side - crop, endpoint=True) for side in mask.shape)
        window = (slice(row, row + crop), slice(column, column + crop))
        step = rng.choice((1, -1))
        return np.ascontiguousarray(image[window][:, ::step]), np.ascontiguousarray(mask[window][:, ::step])

    root = Path(voc)
    names = (root / "ImageSets" / "Segmentation" / "train.txt").read_text().split()
    files = [
        [str(root / folder / f"{name}.{suffix}") for name in names]
        for folder, suffix in (("JPEGImages", "jpg"), ("SegmentationClass", "png"))
    ]
    data = tf.data.Dataset.from_tensor_slices(tuple(files)).shuffle(len(names)).repeat()
    data = data.map(
        lambda image, mask: tf.numpy_function(augment, (image, mask), (tf.float32, tf.int32)),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    batches = iter(data.batch(BATCH).prefetch(tf.data.AUTOTUNE))
    return lambda: next(batches)


def step(voc: str, records: str, crop: int, extras: dict):
    """Trains on one batch at every call."""
    import tensorflow as tf

    from deeplab_tf import DeepLabV3
    from deeplab_tf.datasets import open_dataset, training_batches
    from deeplab_tf.training import TrainConfig
    from deeplab_tf.training.optimisation.trainer import make_trainer

    dataset = open_dataset(records)
    batch = next(iter(training_batches(dataset, batch_size=BATCH, crop_size=(crop, crop))))
    model = DeepLabV3("mobilenet_v2", labels=dataset.labels, atrous_rates=(), crop_size=crop)
    trainer = make_trainer(model, TrainConfig(data="-", output="-", learning_rate=1e-3))
    train = tf.function(lambda: trainer.train_step(batch), autograph=False)
    return lambda: train()["loss"].numpy()


MEASURED = {"pipeline": pipeline, "python": python, "step": step}


def images_a_second(what: str, cores: int, seconds: float, *arguments) -> float:
    """Images in a second on the first `cores` cores, the median over spans of `seconds` / 5 or a call."""
    # TensorFlow sizes its thread pools when it is imported.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    call = MEASURED[what](*arguments)
    for _ in itertools.repeat(None, WARM_UP if what != "step" else 2):
        call()
    rates = []
    for _ in range(SPANS):
        start, made = time.perf_counter(), 0
        while time.perf_counter() - start < seconds / SPANS:
            call()
            made += BATCH
        rates.append(made / (time.perf_counter() - start))
    return statistics.median(rates)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voc", default=VOC, help="the devkit's folder (default: %(default)s)")
    parser.add_argument("--records", help="its split 'train', converted already")
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--crops", type=int, nargs="+", default=CROPS)
    parser.add_argument("--what", nargs="+", choices=MEASURED, default=list(MEASURED))
    parser.add_argument("--augment", action="store_true", help=f"the pipeline with {EXTRAS} beyond the release")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a measurement (default: %(default)s)")
    arguments = parser.parse_args()
    extras = EXTRAS if arguments.augment else {}
    fresh = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as temporary:
        records = arguments.records or str(Path(temporary, "records"))
        if not arguments.records:
            with fresh.Pool(1) as pool:
                print(f"convert: {pool.apply(convert, (str(arguments.voc), records)):.0f} images/s")
        print("crop     cores" + "".join(f"{what:>10}" for what in arguments.what) + "   images/s")
        for crop, cores in itertools.product(arguments.crops, arguments.cores):
            print(f"{f'{crop}x{crop}':<9}{cores:5d}", end="", flush=True)
            for what in arguments.what:
                with fresh.Pool(1) as pool:
                    given = (what, cores, arguments.seconds, str(arguments.voc), records, crop, extras)
                    print(f"{pool.apply(images_a_second, given):10.1f}", end="", flush=True)
            print()


if __name__ == "__main__":
    main()
