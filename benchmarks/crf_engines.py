"""The dense CRF's two engines on real images with a released network's probabilities: time, labels, cores.

    python benchmarks/crf_engines.py
    python benchmarks/crf_engines.py --images 60 --parameters v1

Engines and numbers of cores take turns, so that a busy machine slows all of them alike. Wall time is what one waits;
processor time says how much of it was spent here.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from PIL import Image

from deeplab_tf.crf import DenseCRF
from deeplab_tf.inference import open_predictor
from deeplab_tf.weights import load_released

SHARED = Path(__file__).resolve().parents[2] / "shared"
ENGINES = ("pydensecrf2", "tensorflow")
SIDE = 513


def use_cores(cores: set[int]) -> None:
    """Binds every thread of this process, TensorFlow's too."""
    for task in os.listdir("/proc/self/task"):
        # A thread may end meanwhile.
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(task), cores)


def timed(call) -> tuple[float, float]:
    """Wall and processor time in seconds."""
    start = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - start[0], time.process_time() - start[1]


def one_image(title: str, image: np.ndarray, probabilities: np.ndarray, parameters: str, runs: int) -> None:
    crfs = {engine: DenseCRF(parameters, engine=engine) for engine in ENGINES}
    for crf in crfs.values():
        crf.refine(image, probabilities)
    times = {engine: [] for engine in ENGINES}
    for _ in range(runs):
        for engine, crf in crfs.items():
            times[engine].append(timed(lambda crf=crf: crf.refine(image, probabilities)))
    wall, processor = ({engine: np.median(times[engine], 0)[part] for engine in ENGINES} for part in (0, 1))
    for engine in ENGINES:
        print(f"{title:34} {engine:12} wall {wall[engine]:6.2f} s  processor {processor[engine]:6.2f} s")
    ratios = [times["tensorflow"][run][0] / times["pydensecrf2"][run][0] for run in range(runs)]
    print(f"{title:34} tensorflow / pydensecrf2: wall {np.median(ratios):.2f} (median of runs side by side)")


def labels_of_both(pairs: list, parameters: str) -> None:
    equal, apart = [], []
    for image, probabilities in pairs:
        ours, theirs = (DenseCRF(parameters, engine=engine).refine(image, probabilities) for engine in ENGINES)
        equal.append((ours.argmax(-1) == theirs.argmax(-1)).mean())
        apart.append(np.abs(ours - theirs).max())
    print(f"{len(pairs)} images: labels equal {np.mean(equal):.5f}, worst image {min(equal):.5f}; ", end="")
    print(f"probabilities differ by at most {max(apart):.2g}")


def both_cores(pairs: list, parameters: str) -> None:
    crf, all_cores = DenseCRF(parameters, engine="tensorflow"), os.sched_getaffinity(0)
    walls = {1: 0.0, len(all_cores): 0.0}
    for first in range(0, len(pairs), 6):
        for cores in walls:
            use_cores(set(sorted(all_cores)[:cores]))
            walls[cores] += timed(lambda: list(crf.refine_all(pairs[first : first + 6], workers=cores)))[0]  # noqa: B023
    use_cores(all_cores)
    rates = {cores: len(pairs) / wall for cores, wall in walls.items()}
    print(
        f"{len(pairs)} images, tensorflow: " + ", ".join(f"{rates[n]:.2f} a second on {n} cores" for n in rates), end=""
    )
    print(f"; {rates[len(all_cores)] / rates[1]:.2f} times one core")


def many_images(pairs: list, parameters: str) -> None:
    """Both engines as `refine_all` runs them, on all cores."""
    crfs, walls = {engine: DenseCRF(parameters, engine=engine) for engine in ENGINES}, dict.fromkeys(ENGINES, 0.0)
    for first in range(0, len(pairs), 6):
        for engine, crf in crfs.items():
            walls[engine] += timed(lambda: list(crf.refine_all(pairs[first : first + 6])))[0]  # noqa: B023
    rates = ", ".join(f"{engine} {len(pairs) / wall:.2f} a second" for engine, wall in walls.items())
    ratio = walls["tensorflow"] / walls["pydensecrf2"]
    print(f"{len(pairs)} images at once: {rates}; tensorflow / pydensecrf2: wall {ratio:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=60)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--parameters", default="v2_resnet_101")
    options = parser.parse_args()

    predictor = open_predictor(load_released(SHARED / "weights/deeplabv3_mnv2_pascal_quant.tflite"))
    voc = SHARED / "data/voc2012"
    names = (voc / "ImageSets/Segmentation/val.txt").read_text().split()[: options.images]
    images = [np.asarray(Image.open(voc / f"JPEGImages/{name}.jpg").convert("RGB")) for name in names]
    pairs = [(image, predictor.probabilities(image)) for image in images]

    large = np.asarray(Image.fromarray(images[0]).resize((SIDE, SIDE)))
    one_image("513x513, the network's classes", large, predictor.probabilities(large), options.parameters, options.runs)
    anything = np.random.default_rng(0).dirichlet(np.ones(21), (SIDE, SIDE)).astype(np.float32)
    one_image("513x513, all 21 classes everywhere", large, anything, options.parameters, options.runs)
    labels_of_both(pairs, options.parameters)
    both_cores(pairs, options.parameters)
    many_images(pairs, options.parameters)


if __name__ == "__main__":
    main()
