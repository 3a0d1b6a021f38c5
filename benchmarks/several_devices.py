"""One device, two devices, two workers on this machine: do they agree, and do killed runs end as undisturbed ones?

Without --data the data are drawn shapes, and the network is small.

    python benchmarks/several_devices.py --kills 20
    python benchmarks/several_devices.py --data voc --weights pascal_quant.tflite --crop-size 129 --kills 0
"""

import argparse
import json
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from killed_commands import Child, command_line

from deeplab_tf import load_model
from deeplab_tf.datasets import convert_folder, draw_shapes

MODES = ("one", "mirrored", "multi_worker")
SMALL = ["--backbone=resnet_18", "--depth-multiplier=0.25", "--atrous-rates=none"]
PATIENCE, LOST = 3600, 75


def commands(mode: str, arguments: list[str]) -> list:
    """What each process of a mode does."""
    if mode != "multi_worker":
        return [arguments]
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        addresses = [f"127.0.0.1:{server.getsockname()[1]}" for server in (first, second)]

    def worker(number: int):
        def work() -> int:
            task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": number}}
            os.environ["TF_CONFIG"] = json.dumps(task)
            return command_line(arguments)

        return work

    return [worker(0), worker(1)]


def run(mode: str, arguments: list[str], log: Path, kill_after: float | None = None) -> list[int]:
    """The exit codes of all processes; a random one is killed after so many seconds."""
    logs = [log.with_name(f"{log.name}{number}") for number in range(2)]
    children = [Child(work, each) for work, each in zip(commands(mode, arguments), logs)]
    if kill_after is not None:
        victim, ends = random.choice(children), time.monotonic() + kill_after
        children.remove(victim)
        ended, status = 0, 0
        while not ended:
            if time.monotonic() > ends:
                os.kill(victim.pid, signal.SIGKILL)
                os.waitpid(victim.pid, 0)
                return [-signal.SIGKILL, *(child.wait(PATIENCE) for child in children)]
            time.sleep(0.01)
            ended, status = os.waitpid(victim.pid, os.WNOHANG)
        # It was through before; so are the others, or they are about to be.
        codes = [os.waitstatus_to_exitcode(status), *(child.wait(PATIENCE) for child in children)]
    else:
        codes = [child.wait(PATIENCE) for child in children]
    if any(codes):
        raise SystemExit(f"{mode} ended with {codes}: {[each.read_text()[-500:] for each in logs if each.exists()]}")
    return codes


def killed(mode: str, arguments: list[str], output: Path, log: Path, seconds: float, kills: int) -> tuple[int, list]:
    """How often a run was killed, resumed each time, and exit codes of the others that say something else than why."""
    done, strange = 0, []
    while done < kills:
        resumed = ["train", "--resume", "--output", str(output)] if (output / "config.json").exists() else arguments
        start = time.monotonic()
        codes = run(mode, resumed, log, random.uniform(0, seconds))
        if codes[0] == 0:
            seconds = min(seconds, time.monotonic() - start)
            # Through: another run is killed, from its start.
            shutil.rmtree(output)
            continue
        done += 1
        print(f"{mode}: kill {done}, others {codes[1:]}", file=sys.stderr, flush=True)
        strange += [code for code in codes[1:] if code not in (0, LOST)]
    run(mode, ["train", "--resume", "--output", str(output)] if (output / "config.json").exists() else arguments, log)
    return done, strange


def difference(run: Path, other: Path) -> tuple[float, float]:
    """The largest difference of weights and statistics, and the largest in relation to the largest of its array."""
    result = run.with_name("difference.json")

    def measure() -> None:
        pairs = list(zip(*(load_model(each / "last.keras").get_weights() for each in (run, other)), strict=True))
        largest = [float(np.abs(one - two).max()) for one, two in pairs]
        relative = [each / max(1.0, float(np.abs(one).max())) for each, (one, _) in zip(largest, pairs)]
        result.write_text(json.dumps([max(largest), max(relative)]))

    # A process that has run TensorFlow cannot be forked any more.
    Child(measure, run.with_name("difference.log")).wait()
    absolute, relative = json.loads(result.read_text())
    return absolute, relative


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", help="folder of TFRecords (default: drawn shapes)")
    parser.add_argument("--weights", help="start from these, by their network (default: a small ResNet, from scratch)")
    parser.add_argument("--steps", type=int, default=20, help="steps of the runs (default: %(default)s)")
    parser.add_argument("--crop-size", type=int, default=33, help="side of the crops (default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=4, help="images a step (default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, default=1e-4, help="at the start (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=20, help="in each mode (default: %(default)s)")
    parser.add_argument(
        "--modes", nargs="+", choices=MODES, default=MODES, help="besides one, always run (default: all)"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        data = given.data or root / "records"
        if not given.data:
            Child(lambda: draw(root), root / "draw.log").wait()
        network = ["--weights", given.weights] if given.weights else SMALL
        sizes = [f"--{name}={getattr(given, name.replace('-', '_'))}" for name in ("steps", "crop-size", "batch-size")]
        common = ["train", "--data", str(data), *network, *sizes, f"--learning-rate={given.learning_rate}"]
        common += [f"--eval-every={max(1, given.steps // 4)}"]
        reference = root / "one"
        for mode in dict.fromkeys(("one", *given.modes)):
            # A worker that is killed before the other has met it is waited for.
            devices = {"mirrored": ["--devices=2"], "multi_worker": ["--wait-minutes=1"]}.get(mode, [])
            arguments = [*common, f"--strategy={mode}", *devices]
            whole, cut = root / mode, root / f"{mode}-killed"
            start = time.monotonic()
            run(mode, [*arguments, "--output", str(whole)], root / "log")
            seconds = time.monotonic() - start
            absolute, relative = difference(reference, whole)
            print(f"{mode}: {seconds:.0f} s, from one device {absolute:.3g}, relative {relative:.3g}", flush=True)
            if given.kills and mode in given.modes:
                output = ["--output", str(cut)]
                kills, strange = killed(mode, [*arguments, *output], cut, root / "log", seconds, given.kills)
                absolute, _ = difference(whole, cut)
                print(f"{mode}: {kills} kills, then {absolute:.3g} from undisturbed; other codes {strange}", flush=True)


def draw(root: Path) -> None:
    folder = draw_shapes(root / "drawn", 16, size=(48, 72))
    names = folder / "class_names.txt"
    convert_folder(folder / "images", folder / "masks", root / "records", class_names=names, val_share=0.25, shards=2)


if __name__ == "__main__":
    main()
