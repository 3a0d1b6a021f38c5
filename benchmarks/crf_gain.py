"""What a dense CRF adds to a released network at output strides 32 and 16, with parameters searched on train images.

    python benchmarks/crf_gain.py --output /tmp/gain
    python benchmarks/crf_gain.py --output /tmp/gain --strides 32 --variants "2,1,after" "3,1,symmetric"

It needs ../shared. Each variant is a spatial weight, sigma_gamma and normalisation, for which the rest is searched on
images drawn evenly from train; then val is measured without a CRF, with the searched one and with the published set of
v2, at whole and in the trimap of 5 pixels. A search that was cut off goes on.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from PIL import Image

from deeplab_tf.crf import DenseCRF
from deeplab_tf.evaluation import ConfusionMatrix, CRFGrid, TrimapIoU, search_crf
from deeplab_tf.inference import open_predictor
from deeplab_tf.weights import load_released

SHARED = Path(__file__).resolve().parents[2] / "shared"
VOC = SHARED / "data/voc2012"
PUBLISHED = "v2_resnet_101"
BAND = 5


class Split:
    """Images of a split and their labels, read one by one."""

    def __init__(self, split: str, count: int):
        names = (VOC / f"ImageSets/Segmentation/{split}.txt").read_text().split()
        count = min(count, len(names))
        self.names = [names[(2 * index + 1) * len(names) // (2 * count)] for index in range(count)]

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self):
        for name in self.names:
            image = np.asarray(Image.open(VOC / f"JPEGImages/{name}.jpg").convert("RGB"))
            label = np.asarray(Image.open(VOC / f"SegmentationClass/{name}.png"))
            yield {"image": image, "label": label, "filename": name}


def measured(images: Split, predictor, crfs: dict) -> dict[str, tuple[float, float]]:
    """Mean IoU, whole and in the band, without a CRF and with each."""
    metrics = {name: (ConfusionMatrix(21), TrimapIoU(21, widths=(BAND,))) for name in ["without", *crfs]}
    for item in images:
        probabilities = predictor.probabilities(item["image"])
        refined = {name: crf.refine(item["image"], probabilities) for name, crf in crfs.items()}
        for name, found in {"without": probabilities, **refined}.items():
            for metric in metrics[name]:
                metric.update(item["label"], found.argmax(-1))
    return {name: (matrix.miou, trimap.curve[BAND]) for name, (matrix, trimap) in metrics.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=SHARED / "weights/deeplabv3_mnv2_pascal_quant.tflite")
    parser.add_argument("--output", type=Path, required=True, help="folder for the searches")
    parser.add_argument("--strides", type=int, nargs="+", default=[32, 16])
    parser.add_argument("--search-images", type=int, default=40)
    parser.add_argument("--images", type=int, default=120)
    parser.add_argument("--iterations", type=int, default=10, help="of mean field, in the search")
    parser.add_argument("--variants", nargs="+", default=["3,3,after"])
    options = parser.parse_args()

    model = load_released(options.model)
    for stride in options.strides:
        predictor = open_predictor(model, output_stride=stride)
        crfs = {f"{PUBLISHED}, not searched": DenseCRF(PUBLISHED, engine="tensorflow")}
        for variant in options.variants:
            weight, gamma, normalization = variant.split(",")
            grid = CRFGrid(spatial_weight=float(weight), sigma_gamma=float(gamma), normalization=normalization)
            start = time.process_time(), time.perf_counter()
            found = search_crf(
                predictor, Split("train", options.search_images), "pascal_voc",
                output=options.output / f"stride-{stride}-{variant.replace(',', '-')}",
                count=options.search_images, grid=grid, iterations=options.iterations,
            )  # fmt: skip
            processor, wall = time.process_time() - start[0], time.perf_counter() - start[1]
            print(f"stride {stride}, search ({wall:.0f} s, of which {processor:.0f} s of processor time)", flush=True)
            print(found.table(), flush=True)
            text = found.best.parameters.text
            crfs[text] = DenseCRF(text, engine="tensorflow")
        results = measured(Split("val", options.images), predictor, crfs)
        plain = results["without"]
        for name, (miou, band) in results.items():
            gains = f"{100 * (miou - plain[0]):+.2f} {100 * (band - plain[1]):+.2f}"
            print(f"stride {stride}, val: mIoU {miou:.4f}  {BAND}-pixel trimap {band:.4f}  {gains}  {name}", flush=True)


if __name__ == "__main__":
    main()
