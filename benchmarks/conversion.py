"""How fast images are converted by one worker and by two, and how much memory it takes for more and for fewer images.

    python benchmarks/conversion.py --voc VOCdevkit/VOC2012

Every measurement runs in a process of its own on as many cores as it has workers; the peak is that of the process and
its children together, which is no less than the sum of what they share. Wants an otherwise idle machine.
"""

import argparse
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

VOC = Path(__file__).resolve().parents[2] / "shared" / "data" / "voc2012"
SAMPLE_SECONDS = 0.05


def resident(pid: int) -> int:
    """Bytes in memory of a process and its children."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(resident(int(child)) for child in children)


def convert(voc: str, count: int, workers: int) -> tuple[float, float, float]:
    """Images a second, and mebibytes before the conversion and at its peak."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:workers])
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from deeplab_tf.datasets.builders.voc import voc_pairs
    from deeplab_tf.datasets.convert import convert_pairs
    from deeplab_tf.labels import label_spec

    pairs = voc_pairs(voc, "train")[:count]
    before = peak = resident(os.getpid())
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(SAMPLE_SECONDS):
            peak = max(peak, resident(os.getpid()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        convert_pairs({"train": pairs}, label_spec("pascal_voc"), folder, workers=workers)
        seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    return len(pairs) / seconds, before / 2**20, peak / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voc", default=VOC, help="the devkit's folder (default: %(default)s)")
    parser.add_argument("--images", type=int, nargs="+", default=[300, 900])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=3, help="the median is printed (default: %(default)s)")
    arguments = parser.parse_args()
    fresh = multiprocessing.get_context("spawn")
    print("images  workers  images/s  times the first  MiB before  MiB at the peak")
    for count in arguments.images:
        first = None
        for workers in arguments.workers:
            found = []
            for _ in range(arguments.repeats):
                # Not multiprocessing's own pool, whose workers may have no children.
                with ProcessPoolExecutor(1, mp_context=fresh) as pool:
                    found.append(pool.submit(convert, str(arguments.voc), count, workers).result())
            rate, before, peak = (statistics.median(values) for values in zip(*found))
            first = first or rate
            print(
                f"{count:6d}  {workers:7d}  {rate:8.1f}  {rate / first:15.2f}  {before:10.0f}  {peak:15.0f}", flush=True
            )


if __name__ == "__main__":
    main()
