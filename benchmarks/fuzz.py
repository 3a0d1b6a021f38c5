"""Damaged files of every format through the library and the command line: what comes out that should not?

    python benchmarks/fuzz.py --cases 10000 --commands 500

Ctrl-C ends the run with the table of what was done.

Only a `ValueError` or `FileNotFoundError` that names the file may come out, in time and in memory, and where a checksum
guards a file no other values. Prints a table by format, and every fault with the seed that repeats it:

    python benchmarks/fuzz.py --target "png mask" --seed 17
"""

import argparse
import collections
import json
import random
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from harness.fuzz.pool import Worker


def drawn(total: int, weights: dict[str, int], first: int) -> list[tuple[str, int]]:
    """Target and seed of every case, in proportion to the weights; at least one each."""
    whole = sum(weights.values())
    return [(name, first + i) for name, weight in weights.items() for i in range(max(1, round(total * weight / whole)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=10_000, help="through the library")
    parser.add_argument("--commands", type=int, default=500, help="through the command line")
    parser.add_argument("--target", help="only this format")
    parser.add_argument("--seed", type=int, help="only this case of --target")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60, help="longest time of a case")
    parser.add_argument("--gigabytes", type=float, default=4, help="most memory of a case")
    parser.add_argument("--samples", type=Path, help="folder that keeps the sound files for another run")
    parser.add_argument("--json", type=Path, help="write every fault here, one a line")
    options = parser.parse_args()
    # A shell that starts it in the background would have it ignore this.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="fuzz-samples-") as temporary:
        run(options, options.samples or Path(temporary))


def run(options: argparse.Namespace, samples: Path) -> None:
    asked = Worker(samples)
    targets = {name: about for name, about in asked.targets().items() if options.target in (None, name)}
    asked.close()
    library = {name: cases for name, (cases, _) in targets.items()}
    # Flatter: a command takes most of its time before the file.
    commands = {name: cases**0.5 for name, (cases, command) in targets.items() if command}
    if options.seed is not None:
        queue = [(how, options.target, options.seed) for how in ("library", "command")]
    else:
        queue = [("library", *case) for case in drawn(options.cases, library, options.first) if options.cases]
        queue += [("command", *case) for case in drawn(options.commands, commands, options.first) if options.commands]
    # So that what is done when the run is cut off covers all formats.
    random.Random(options.first).shuffle(queue)
    counts, faults, lock = collections.defaultdict(collections.Counter), [], threading.Lock()

    def work() -> None:
        worker = Worker(samples, options.seconds, options.gigabytes)
        while queue:
            how, name, seed = queue.pop()
            found = worker.run(how, name, seed)
            with lock:
                counts[how, name][found["verdict"]] += 1
                if found["verdict"] not in ("refused", "accepted") or options.seed is not None:
                    faults.append({"how": how, "target": name, "seed": seed, **found})
                    print(json.dumps(faults[-1]), flush=True)
        worker.close()

    start = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(options.workers)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        queue.clear()
        for thread in threads:
            thread.join()
    print(f"\n{'':8} {'format':20} {'cases':>6} {'refused':>8} {'accepted':>8}  faults")
    for (how, name), found in sorted(counts.items()):
        wrong = {verdict: count for verdict, count in found.items() if verdict not in ("refused", "accepted")}
        print(
            f"{how:8} {name:20} {found.total():6} {found['refused']:8} {found['accepted']:8}  "
            f"{', '.join(f'{verdict} {count}' for verdict, count in wrong.items()) or '-'}"
        )
    total, seconds = sum(found.total() for found in counts.values()), time.monotonic() - start
    print(f"{total} cases, {len(faults)} faults, {seconds:.0f} s")
    if options.json:
        options.json.write_text("".join(json.dumps(fault) + "\n" for fault in faults))


if __name__ == "__main__":
    main()
