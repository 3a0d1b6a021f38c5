"""Photographs many times larger than a model is made for: quality, agreement, memory and time of every predictor.

    python benchmarks/large_photographs.py --data VOC2012
    python benchmarks/large_photographs.py --data VOC2012 --weights released.tflite --images 20 --times 6

`--data` is PASCAL VOC's folder with `JPEGImages` and `SegmentationClass`. Images drawn evenly from its val list are
enlarged and stored as JPEGs; a released file is imported, exported, and every predictor labels the images as they are
and enlarged, in a process of its own. mIoU is measured at the original labels, whose pixels' centres are looked up
in the large label maps. Twenty images are few: the network sees 513 instead of 500 pixels, which moves the mean of 20
by some points either way, and that of 120 by less than one. The last column is the ratio of processor time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from PIL import Image

SHARED = Path(__file__).resolve().parents[2] / "shared"
QUALITY = 95


def measure(model: str, folder: Path, times: int) -> None:
    """In a child process: labels, seconds and peak memory of one predictor, as files beside the images."""
    from deeplab_tf import Segmenter
    from deeplab_tf.evaluation import ConfusionMatrix
    from deeplab_tf.images import read_mask

    segmenter, name = Segmenter(model), Path(model).name
    result = {}
    for kind in ("small", "large"):
        files = sorted((folder / kind).glob("*.jpg"))
        segmenter(files[0])
        matrix = ConfusionMatrix(segmenter.labels.classes, segmenter.labels.ignore_label)
        seconds = work = 0.0
        for file in files:
            start, worked = time.perf_counter(), time.process_time()
            labels = segmenter(file).labels
            seconds, work = seconds + time.perf_counter() - start, work + time.process_time() - worked
            np.save(folder / f"{name}-{kind}-{file.stem}.npy", labels.astype(np.uint8))
            step = times if kind == "large" else 1
            truth = read_mask(folder / "masks" / f"{file.stem}.png")
            matrix.update(truth, labels[step // 2 :: step, step // 2 :: step])
        result[kind] = {"miou": matrix.miou, "seconds": seconds / len(files), "work": work / len(files)}
    result["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    (folder / f"{name}.json").write_text(json.dumps(result))


def prepare(data: Path, folder: Path, count: int, times: int) -> None:
    """The images as they are and enlarged, with their masks."""
    names = (data / "ImageSets/Segmentation/val.txt").read_text().split()
    names = [name for name in names if (data / "JPEGImages" / f"{name}.jpg").is_file()]
    names = names[:: max(1, len(names) // count)][:count]
    for kind in ("small", "large", "masks"):
        (folder / kind).mkdir()
    for name in names:
        source = data / "JPEGImages" / f"{name}.jpg"
        (folder / "small" / source.name).write_bytes(source.read_bytes())
        with Image.open(source) as image:
            size = tuple(side * times for side in image.size)
            image.resize(size, Image.Resampling.BICUBIC).save(folder / "large" / source.name, quality=QUALITY)
        mask = data / "SegmentationClass" / f"{name}.png"
        (folder / "masks" / mask.name).write_bytes(mask.read_bytes())


def export(weights: Path, folder: Path) -> list[Path]:
    """Everything that predicts, of one released file."""
    import deeplab_tf
    from deeplab_tf.export import export_saved_model, export_tflite
    from deeplab_tf.models import save_model

    model = deeplab_tf.load_released(weights)
    save_model(model, folder / "imported.keras")
    print(export_saved_model(model, folder / "saved_model"), export_tflite(model, folder / "labels.tflite"), sep="\n")
    print(export_tflite(model, folder / "scores.tflite", outputs="logits"))
    made = [folder / name for name in ("imported.keras", "saved_model", "labels.tflite", "scores.tflite")]
    return [*made, weights] if weights.suffix == ".tflite" else made


def equal_labels(folder: Path, first: str, second: str) -> float:
    """Share of equal pixels on the large images."""
    equal = pixels = 0
    for file in sorted((folder / "large").glob("*.jpg")):
        one, other = (np.load(folder / f"{name}-large-{file.stem}.npy") for name in (first, second))
        equal, pixels = equal + int((one == other).sum()), pixels + one.size
    return equal / pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data/voc2012", help="PASCAL VOC's folder")
    parser.add_argument("--weights", type=Path, default=SHARED / "weights/deeplabv3_mnv2_pascal_quant.tflite")
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--times", type=int, default=6)
    parser.add_argument("--child", nargs=2, metavar=("MODEL", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        measure(arguments.child[0], Path(arguments.child[1]), arguments.times)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        prepare(arguments.data, folder, arguments.images, arguments.times)
        predictors = export(arguments.weights, folder)
        columns = f"{'mIoU':>7} {'large':>7} {'as Keras':>9} {'peak':>8} {'seconds':>8} {'large':>7} ratio, of work"
        print(f"\n{'predictor':<36} {columns}")
        for path in predictors:
            command = [sys.executable, __file__, "--times", str(arguments.times), "--child", str(path), str(folder)]
            subprocess.run(command, check=True)
            found = json.loads((folder / f"{path.name}.json").read_text())
            small, large = found["small"], found["large"]
            print(
                f"{path.name:<36} {small['miou']:>7.4f} {large['miou']:>7.4f} "
                f"{equal_labels(folder, predictors[0].name, path.name):>8.2%} {found['peak'] / 2**30:>5.2f} GB "
                f"{small['seconds']:>8.3f} {large['seconds']:>7.3f} {large['seconds'] / small['seconds']:>5.1f} "
                f"{large['work'] / small['work']:>5.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
