"""How often MediaPipe's ImageSegmenter gives the labels that this package gives of the same `.tflite` file.

    pip install mediapipe
    python benchmarks/mediapipe_masks.py --model released.tflite --images VOC2012/JPEGImages --count 20

`--model` is a `.keras` file, a run folder, or a released file, whose network is imported. MediaPipe stretches an image
to the file's size, so the images are stretched before.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision
from PIL import Image

import deeplab_tf
from deeplab_tf.export import export_tflite
from deeplab_tf.images import read_image
from deeplab_tf.inference import open_predictor
from deeplab_tf.inference.segmented_files import find_images

FORMS = (("float32", "logits"), ("float32", "probabilities"), ("float32", "low_logits"), ("int8", "low_logits"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True, help="a folder of photographs")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--forms", type=int, default=len(FORMS), help=f"how many of {FORMS}")
    arguments = parser.parse_args()

    read = deeplab_tf.load_released if arguments.model.suffix == ".tflite" else deeplab_tf.load_model
    model, paths = read(arguments.model), find_images(arguments.images)
    for precision, outputs in FORMS[: arguments.forms]:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "model.tflite")
            images = {"calibration": paths} if precision == "int8" else {"images": paths[:2]}
            export_tflite(model, file, outputs=outputs, precision=precision, min_agreement=0, **images)
            predictor = open_predictor(file, threads=2)
            options = vision.ImageSegmenterOptions(
                base_options=BaseOptions(model_asset_path=str(file)), output_category_mask=True
            )
            equal = []
            with vision.ImageSegmenter.create_from_options(options) as segmenter:
                assert segmenter.labels == list(predictor.labels.names)
                for path in paths[:: max(1, len(paths) // arguments.count)][: arguments.count]:
                    size = predictor.canvas.width, predictor.canvas.height
                    image = np.asarray(Image.fromarray(read_image(path)).resize(size, Image.Resampling.BILINEAR))
                    found = segmenter.segment(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=image))
                    mask = np.squeeze(found.category_mask.numpy_view())
                    equal.append((mask == predictor.predict(image)).mean())
            pixels = f"{100 * np.mean(equal):.4f} %, at least {100 * min(equal):.4f} %"
            print(f"{precision:8s} {outputs:14s} equal labels on {len(equal)} images: {pixels}", flush=True)


if __name__ == "__main__":
    main()
