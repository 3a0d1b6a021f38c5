"""TFLite files of one network in every precision beside each other: size, time, equal labels, mIoU.

    python benchmarks/quantization.py --model released.tflite --calibration VOC2012/JPEGImages --data voc-tfrecords
    python benchmarks/quantization.py --model camvid.keras --calibration camvid/train --data camvid --size 369x481
    python benchmarks/quantization.py --model released.tflite --calibration photos --beside released.tflite --runs 100

`--model` is a `.keras` file, a run folder, or a released file, whose network is imported. It is exported as float32,
float16 and int8 with labels, and as int8 with low_logits; `--beside` adds files that exist, such as the released one.
All are run in turn on the same photographs, with `--threads`. Without `--data` there is no mIoU. "equal" is that to the
float32 file. `--keep` is a folder where the exports stay; files that are there are taken as they are.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import deeplab_tf
from deeplab_tf.datasets import evaluation_images, open_dataset
from deeplab_tf.evaluation import benchmark
from deeplab_tf.evaluation.speed.machine import use_threads
from deeplab_tf.export import export_tflite
from deeplab_tf.inference.segmented_files import find_images

FORMS = (("float32", "labels"), ("float16", "labels"), ("int8", "labels"), ("int8", "low_logits"))


def exports(model, folder: Path, calibration: Path, size) -> list[Path]:
    """The model in every form, and what each export reports."""
    files = []
    for precision, outputs in FORMS:
        file = folder / f"{precision}_{outputs}.tflite"
        files.append(file)
        if file.exists():
            continue
        images = {"calibration": calibration} if precision == "int8" else {"images": find_images(calibration)[:4]}
        print(export_tflite(model, file, size=size, outputs=outputs, precision=precision, min_agreement=0, **images))
        print(flush=True)
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument(
        "--calibration", type=Path, required=True, help="a folder of photographs of the training's kind"
    )
    parser.add_argument("--data", type=Path, help="TFRecords, of which val is evaluated")
    parser.add_argument("--size", help="input, HEIGHTxWIDTH; the model's own when left out")
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="further files to run")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()

    use_threads(arguments.threads)
    size = tuple(map(int, arguments.size.split("x"))) if arguments.size else None
    read = deeplab_tf.load_released if arguments.model.suffix == ".tflite" else deeplab_tf.load_model
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        files = exports(read(arguments.model), folder, arguments.calibration, size)
        photographs = find_images(arguments.calibration)[: arguments.runs]
        data = evaluation_images(open_dataset(arguments.data)) if arguments.data else None
        settings = {"runs": arguments.runs, "threads": arguments.threads, "memory": False}
        print(benchmark([*files, *arguments.beside], photographs, data=data, **settings).table())


if __name__ == "__main__":
    main()
