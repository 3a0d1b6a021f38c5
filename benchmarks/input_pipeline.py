"""How many augmented training crops a second the input pipeline makes, by crop size and number of cores.

    python benchmarks/input_pipeline.py --voc VOCdevkit/VOC2012

PASCAL VOC is converted into a temporary folder first; `--records` takes a folder that is converted already. A core is
one that the process may run on, so the measurement wants an otherwise idle machine.
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
VOC = Path(__file__).resolve().parents[2] / "shared" / "data" / "voc2012"


def convert(voc: str, output: str) -> float:
    """Converts the training images; returns how many it did in a second."""
    from deeplab_tf.datasets import convert_voc

    start = time.perf_counter()
    report = convert_voc(voc, "train", output)
    return sum(report.images.values()) / (time.perf_counter() - start)


def crops_a_second(records: str, crop: int, cores: int, seconds: float) -> float:
    """Crops made in a second on the first `cores` cores, the median over five spans of `seconds` / 5."""
    # TensorFlow sizes its thread pools when it is imported.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from deeplab_tf.datasets import open_dataset, training_batches

    batches = iter(training_batches(open_dataset(records), batch_size=BATCH, crop_size=(crop, crop)))
    for _ in itertools.islice(batches, WARM_UP):
        pass
    rates = []
    for _ in range(5):
        start, made = time.perf_counter(), 0
        while time.perf_counter() - start < seconds / 5:
            next(batches)
            made += BATCH
        rates.append(made / (time.perf_counter() - start))
    return statistics.median(rates)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voc", default=VOC, help="the devkit's folder (default: %(default)s)")
    parser.add_argument("--records", help="a converted data set with a split 'train', in place of --voc")
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a measurement (default: %(default)s)")
    arguments = parser.parse_args()
    fresh = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as temporary:
        records = arguments.records or str(Path(temporary, "records"))
        if not arguments.records:
            with fresh.Pool(1) as pool:
                print(f"convert: {pool.apply(convert, (str(arguments.voc), records)):.0f} images/s")
        print("crop    " + "".join(f"{f'{cores} core(s)':>14}" for cores in arguments.cores) + "   crops/s")
        for crop in CROPS:
            rates = []
            for cores in arguments.cores:
                with fresh.Pool(1) as pool:
                    rates.append(pool.apply(crops_a_second, (records, crop, cores, arguments.seconds)))
            print(f"{crop}x{crop} " + "".join(f"{rate:14.0f}" for rate in rates), flush=True)


if __name__ == "__main__":
    main()
