"""Masks to labelme's files and back: mean IoU, corners and shapes by tolerance.

    python benchmarks/labelme_round_trip.py --root ../shared/data/voc2012

VOC's void (255) goes along as shapes called `__ignore__`. "mIoU" counts all pixels, so an object that grows into the
void loses; "mIoU, void left out" counts as VOC does. `--no-void` makes it background first, as in a network's labels.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from deeplab_tf import progress
from deeplab_tf.datasets import write_labelme
from deeplab_tf.datasets.builders.labelme import labelme_pairs
from deeplab_tf.images import read_mask
from deeplab_tf.labels import label_spec

SPEC = label_spec("pascal_voc")


def mean_iou(counts: np.ndarray) -> float:
    classes = np.arange(SPEC.classes)
    both = counts[classes, classes]
    return float(np.nanmean(both / (counts[classes].sum(1) + counts[:, classes].sum(0) - both)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="VOC's folder")
    parser.add_argument("--split", default="val")
    parser.add_argument("--no-void", action="store_true")
    parser.add_argument("--tolerances", type=float, nargs="+", default=[0, 0.5, 1, 1.5, 2, 3])
    arguments = parser.parse_args()
    progress.show(False)
    root = arguments.root.resolve()
    names = (root / f"ImageSets/Segmentation/{arguments.split}.txt").read_text().split()
    masks = {name: read_mask(root / f"SegmentationClass/{name}.png") for name in names}
    if arguments.no_void:
        masks = {name: np.where(mask == SPEC.ignore_label, 0, mask) for name, mask in masks.items()}
    print(f"{len(masks)} masks")
    print("tolerance    mIoU  mIoU, void left out  shapes/image  corners/image  processor ms/image")
    for tolerance in arguments.tolerances:
        with tempfile.TemporaryDirectory() as folder:
            start = time.process_time()
            for name, mask in masks.items():
                image = root / f"JPEGImages/{name}.jpg"
                write_labelme(Path(folder) / f"{name}.json", mask, SPEC, image, tolerance=tolerance)
            milliseconds = (time.process_time() - start) / len(masks) * 1000
            counts = np.zeros((256, 256), np.int64)
            shapes = corners = 0
            for pair in labelme_pairs(folder, labels=SPEC)[0]:
                pixels = masks[pair.name].astype(int) * 256 + pair.read(pair.mask)
                counts += np.bincount(pixels.ravel(), minlength=256 * 256).reshape(256, 256)
                points = [len(shape["points"]) for shape in json.loads(pair.mask.read_text())["shapes"]]
                shapes, corners = shapes + len(points), corners + sum(points)
        without = counts.copy()
        without[SPEC.ignore_label] = 0
        print(
            f"{tolerance:9g}{mean_iou(counts):8.4f}{mean_iou(without):21.4f}{shapes / len(masks):14.1f}"
            f"{corners / len(masks):15.1f}{milliseconds:20.1f}"
        )


if __name__ == "__main__":
    main()
