"""Does the memory of `evaluate` grow with the images? Its resident set after every hundred of them.

    python benchmarks/evaluate_memory.py --data ../shared/data/voc2012 --images 1000

`--data` is PASCAL VOC's folder. Its val images stand under other names until there are enough: as a folder of images
and masks, and converted. All metrics are taken, by a small network that knows nothing, with and without a report.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from deeplab_tf import DeepLabV3, progress
from deeplab_tf.datasets import convert_folder, labelled_images
from deeplab_tf.evaluation import Report, evaluate_all
from deeplab_tf.evaluation.metrics import METRICS

EVERY = 100


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def link(data: Path, folder: Path, count: int) -> None:
    """A folder of images and one of masks, both of links."""
    names = (data / "ImageSets/Segmentation/val.txt").read_text().split()
    for kind, source, suffix in (("images", "JPEGImages", ".jpg"), ("masks", "SegmentationClass", ".png")):
        (folder / kind).mkdir(parents=True)
        for index in range(count):
            target = data / source / f"{names[index % len(names)]}{suffix}"
            (folder / kind / f"{index:05}{suffix}").symlink_to(target.resolve())


def measure(model, data: Path, report: Path | None) -> list[float]:
    """MiB after every hundred images."""
    found, count = [], 0

    def seen(*image) -> None:
        nonlocal count
        if page is not None:
            page.add(*image)
        count += 1
        if count % EVERY == 0:
            found.append(resident_mib())

    with contextlib.ExitStack() as stack:
        images, labels = stack.enter_context(labelled_images(data, labels=model.labels))
        page = stack.enter_context(Report(report, labels, ["model"])) if report is not None else None
        results = evaluate_all([model], images, labels, metrics=list(METRICS), on_image=seen)
        if page is not None:
            page.finish(results)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--images", type=int, default=1000)
    arguments = parser.parse_args()
    progress.show(False)
    model = DeepLabV3("mobilenet_v2", depth_multiplier=0.25, atrous_rates=(), labels="pascal_voc", image_size=129)
    print(f"MiB after {', '.join(str(end) for end in range(EVERY, arguments.images + 1, EVERY))} images")
    with tempfile.TemporaryDirectory() as temporary:
        raw, records = Path(temporary) / "raw", Path(temporary) / "records"
        link(arguments.data, raw, arguments.images)
        convert_folder(raw / "images", raw / "masks", records, labels="pascal_voc", split="val")
        for name, data, report in (
            ("images and masks", raw, None),
            ("images and masks, --report", raw, Path(temporary) / "report"),
            ("TFRecords", records, None),
            ("TFRecords, --report", records, Path(temporary) / "report"),
        ):
            print(f"{name:28}", *(f"{size:6.0f}" for size in measure(model, data, report)), flush=True)


if __name__ == "__main__":
    main()
