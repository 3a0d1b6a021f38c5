"""Sliding windows: how often their labels are those of the whole image, and the memory of a large image.

    python benchmarks/windows.py --data ../shared/data/voc2012
    python benchmarks/windows.py --data VOC2012 --count 3 --rows 1025:0.25 1537:0.5 --maps out
    python benchmarks/windows.py --data VOC2012 --memory

`--data` is PASCAL VOC's folder. Images of 2049x2049, which fit whole and in windows, are made of its photographs: one
enlarged, and mosaics of 2x2 and 4x4. "Same pooling" gives every window the image-level features of the whole image
(the global mean in the ASPP), so that what is left comes from the borders of the windows. "Right" is the fraction of
labelled pixels that are. `--maps` writes pictures: image, whole, windows, the same with same pooling, and where either
differs. `--memory` measures the largest resident set of processes that do nothing except segment an image of 6000x4000.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

import deeplab_tf
from deeplab_tf.inference import open_predictor
from deeplab_tf.models import save_model

RELEASED = Path(__file__).resolve().parents[2] / "shared/weights/deeplabv3_mnv2_pascal_quant.tflite"
SIDE, WIDE, HIGH = 2049, 6000, 4000
ROWS = ("513:0.25", "1025:0.25", "1025:0.5", "1537:0.25")
POOLED = "image_pooling.mean"
SEGMENTER = (
    "import sys, logging; from deeplab_tf import Segmenter; logging.basicConfig(format='%(message)s');"
    "logging.getLogger('deeplab_tf').setLevel('INFO');"
    "Segmenter(sys.argv[1], **eval(sys.argv[3]))(sys.argv[2]).labels"
)
COMMAND = ["-m", "deeplab_tf", "--no-progress", "segment"]


def square(folder: Path, name: str, side: int) -> tuple[Image.Image, Image.Image]:
    """The middle of a photograph and of its mask, enlarged."""
    image = Image.open(folder / "JPEGImages" / f"{name}.jpg")
    mask = Image.open(folder / "SegmentationClass" / f"{name}.png")
    least = min(image.size)
    left, top = ((length - least) // 2 for length in image.size)
    box = left, top, left + least, top + least
    size = side, side
    return image.resize(size, Image.Resampling.BICUBIC, box), mask.resize(size, Image.Resampling.NEAREST, box)


def mosaic(folder: Path, names: list[str], across: int, wide: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """Photographs side by side, and their masks."""
    side = -(-wide // across)
    image, mask = Image.new("RGB", (wide, high)), Image.new("L", (wide, high))
    for index in range(across * -(-high // side)):
        place = index % across * side, index // across * side
        for whole, part in zip((image, mask), square(folder, names[index % len(names)], side)):
            # Not as colours, which paste would make of a palette.
            whole.paste(Image.fromarray(np.asarray(part)), place)
    return np.asarray(image), np.asarray(mask)


def same_pooling(model):
    """A copy of a model whose image-level features are those of one image, and a function that sets the image."""
    copy = model.rebuild()
    mean = keras.Model(model.inputs, model.get_layer(POOLED).output)
    kept = tf.Variable(tf.zeros(mean.output.shape[1:]))
    copy.get_layer(POOLED).call = lambda features: tf.repeat(kept[None], tf.shape(features)[0], 0)
    return copy, lambda image: kept.assign(mean(image[None].astype(np.float32))[0])


def compare(model, folder: Path, names: list[str], count: int, rows: list[str], maps: Path | None) -> None:
    copy, pool = same_pooling(model)
    whole = open_predictor(model, max_side=None, window=SIDE)
    print(f"{'':22}{'window:overlap':>16}{'equal':>9}{'same pooling':>14}{'right, whole':>14}{'windows':>9}{'time':>7}")
    for across in (1, 2, 4):
        found: dict[str, list] = {row: [] for row in rows}
        for _ in range(count):
            image, truth = mosaic(folder, [names.pop() for _ in range(across**2)], across, SIDE, SIDE)
            pool(image)
            start = time.process_time()
            expected = whole.predict(image)
            alone, known = time.process_time() - start, truth != model.labels.ignore_label
            for row in rows:
                options = {"window": int(row.split(":")[0]), "overlap": float(row.split(":")[1])}
                start = time.process_time()
                seen = open_predictor(model, **options).predict(image)
                taken = (time.process_time() - start) / alone
                fixed = open_predictor(copy, **options).predict(image)
                right = [(labels == truth)[known].mean() for labels in (expected, seen)]
                found[row].append([(seen == expected).mean(), (fixed == expected).mean(), *right, taken])
                if maps is not None:
                    maps.mkdir(parents=True, exist_ok=True)
                    pictures = [model.labels.colorize(labels) for labels in (expected, seen, fixed)]
                    differ = [
                        np.repeat(255 * np.uint8(labels != expected)[..., None], 3, -1) for labels in (seen, fixed)
                    ]
                    side = np.concatenate([image, *pictures, *differ], 1)[::4, ::4]
                    path = maps / f"{across}x{across}-{len(found[row])}-{row.replace(':', '-')}.png"
                    Image.fromarray(side).save(path)
        for row, values in found.items():
            equal, fixed, *right, taken = np.mean(values, 0)
            print(
                f"{f'{across}x{across} photographs':22}{row:>16}{equal:9.2%}{fixed:14.2%}{right[0]:14.2%}"
                f"{right[1]:9.2%}{taken:7.1f}  each: {', '.join(f'{one[0]:.2%}' for one in values)}",
                flush=True,
            )


def memory(model, folder: Path, names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        file, picture = Path(temporary) / "model.keras", Path(temporary) / "large.jpg"
        save_model(model, file)
        Image.fromarray(mosaic(folder, names, 4, WIDE, HIGH)[0]).save(picture, quality=95)
        output = ["--output", temporary]
        ways = {
            "Segmenter(window=1025, overlap=0.25)": ["-c", SEGMENTER, file, picture, "dict(window=1025, overlap=0.25)"],
            "Segmenter(max_side=None)": ["-c", SEGMENTER, file, picture, "dict(max_side=None)"],
            "segment --window 1025 --overlap 0.25": [
                *COMMAND, file, picture, "--window", "1025", "--overlap", "0.25", *output
            ],
            "segment --max-side none": [*COMMAND, file, picture, "--max-side", "none", *output],
        }  # fmt: skip
        for name, arguments in ways.items():
            process = subprocess.Popen(
                [sys.executable, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
            said = [line.strip() for line in process.stderr if "windows" in line]
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            print(f"{name:40}{used.ru_maxrss / 2**20:6.2f} GiB, exit {process.returncode}", *said, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=RELEASED, help="a .keras file, or what load_released takes")
    parser.add_argument("--count", type=int, default=2, help="images of each kind (default: %(default)s)")
    parser.add_argument("--rows", nargs="*", default=ROWS, help="window:overlap")
    parser.add_argument("--maps", type=Path, help="a folder")
    parser.add_argument("--memory", action="store_true")
    arguments = parser.parse_args()
    load = deeplab_tf.load_model if arguments.model.suffix == ".keras" else deeplab_tf.load_released
    model, folder = load(arguments.model), arguments.data
    listed = (folder / "ImageSets/Segmentation/val.txt").read_text().split()
    names = np.random.default_rng(0).permutation(listed).tolist()
    if arguments.memory:
        memory(model, folder, names)
    else:
        compare(model, folder, names, arguments.count, list(arguments.rows), arguments.maps)


if __name__ == "__main__":
    main()
