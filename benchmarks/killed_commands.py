"""Commands in processes of their own that are killed, and the folder they work on: for kill_anything.py."""

import itertools
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: F401
import tensorflow as tf

from deeplab_tf.cli import main as command_line

IMAGES, SIDE, STEPS, PATIENCE = 12, 32, 6, 180


class World:
    """One folder of everything that the commands read and write."""

    def __init__(self, root: Path):
        self.root = root
        self.photos, self.masks = root / "photos", root / "masks"
        self.data, self.run, self.served = root / "data", root / "run", root / "served"
        self.tflite, self.metrics, self.segmented = root / "m.tflite", root / "metrics.json", root / "segmented"

    def convert(self, split: str = "train") -> list[str]:
        folders = ["--images", self.photos, "--masks", self.masks, "--labels", 3, "--shards", 3]
        return ["convert", "folder", *folders, "--split", split, "--output", self.data, "--overwrite"]

    def train(self, *more: str) -> list[str]:
        network = ["--model", "v3", "--backbone", "mobilenet_v2", "--depth-multiplier", 0.25, "--atrous-rates", "none"]
        sizes = ["--crop-size", SIDE, "--batch-size", 2, "--steps", STEPS, "--eval-every", 2, "--val-split", "val"]
        return ["train", "--data", self.data, "--output", self.run, *network, *sizes, *more]

    def export(self, kind: str = "saved_model") -> list[str]:
        output = self.served if kind == "saved_model" else self.tflite
        size = [] if kind == "saved_model" else ["--size", SIDE]
        return ["export", self.run, "--format", kind, "--output", output, "--overwrite", *size]

    def evaluate(self) -> list[str]:
        return ["evaluate", self.run, "--data", self.data, "--json", self.metrics]

    def segment(self) -> list[str]:
        return ["segment", self.run, self.photos, "--output", self.segmented]

    def inspect(self) -> list[str]:
        return ["inspect", self.data]

    def check(self, part: str = "") -> None:
        """Opens what a command writes, or everything; raises where something is lost or half."""
        from deeplab_tf import load_model
        from deeplab_tf.datasets import evaluation_images, open_dataset
        from deeplab_tf.inference import open_predictor

        if part.startswith("convert") or not part:
            dataset = open_dataset(self.data)
            for split in ("train", "val"):
                assert sum(1 for _ in evaluation_images(dataset, split)) == IMAGES == dataset.count(split), split
        image = tf.zeros((SIDE, SIDE, 3), tf.uint8).numpy()
        for name, path in (("export saved_model", self.served), ("export tflite", self.tflite)):
            if part in (name, ""):
                assert open_predictor(path).predict(image).shape == (SIDE, SIDE), path
        if part in ("train", ""):
            load_model(self.run)
        if self.metrics.exists():
            json.loads(self.metrics.read_text())
        for picture in self.segmented.glob("*.png"):
            tf.io.decode_png(picture.read_bytes())


def draw(world: World) -> None:
    import numpy as np
    from PIL import Image

    generator = np.random.default_rng(0)
    for index in range(IMAGES):
        for folder, shape in ((world.photos, (SIDE, SIDE, 3)), (world.masks, (SIDE, SIDE))):
            folder.mkdir(parents=True, exist_ok=True)
            most = 256 if folder == world.photos else 3
            Image.fromarray(generator.integers(0, most, shape, np.uint8)).save(folder / f"{index}.png")


class Child:
    """A command, or a function, in a fork that has TensorFlow imported and has run nothing of it."""

    def __init__(self, work: list | Callable[[], None], log: Path, kill_at_rename: int = 0):
        self.pid = os.fork()
        self.log = log
        if self.pid:
            return
        code = 99
        try:
            descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
            sys.stdout = sys.stderr = os.fdopen(descriptor, "w", buffering=1)
            if kill_at_rename:
                _kill_at_rename(kill_at_rename)
            code = work() or 0 if callable(work) else command_line([str(part) for part in work])
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)

    def wait(self, timeout: float = PATIENCE) -> int:
        """The exit code; killed if it takes longer than `timeout` seconds."""
        ends = time.monotonic() + timeout
        while time.monotonic() < ends:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return -signal.SIGKILL


def _kill_at_rename(number: int) -> None:
    left = itertools.count(number - 1, -1)

    def killing(rename):
        def wrapper(*arguments, **options):
            if next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return rename(*arguments, **options)

        return wrapper

    os.replace, os.rename = killing(os.replace), killing(os.rename)


class Trial:
    """Counts what was tried and what went wrong."""

    def __init__(self, world: World):
        self.world, self.tried, self.faults = world, Counter(), []
        self.log = world.root / "child.log"

    def fault(self, what: str, log: Path | None = None) -> None:
        said = (log or self.log).read_text(errors="replace").strip().splitlines()[-1:]
        self.faults.append(f"{what}: {' '.join(said)[:300]}")
        print("FAULT", self.faults[-1], flush=True)

    def must(self, what: str, work: list | Callable[[], None]) -> None:
        if code := Child(work, self.log).wait():
            self.fault(f"{what} ended with {code}")

    def every_rename(self, name: str, command: list) -> None:
        for number in itertools.count(1):
            code = Child(command, self.log, number).wait()
            if code == 0:
                break
            self.tried[f"{name}: kill at a rename"] += 1
            if code != -signal.SIGKILL:
                self.fault(f"{name} at rename {number} ended with {code}")
                break
            self.must(f"after {name} killed at rename {number}: check", lambda: self.world.check(name))

    def random_kills(self, name: str, command: list, again: list, kills: int) -> None:
        start = time.monotonic()
        self.must(f"{name} undisturbed", command)
        seconds = time.monotonic() - start
        following, number = command, 0
        while number < kills:
            start = time.monotonic()
            code = Child(following, self.log).wait(random.uniform(0, seconds))
            if code >= 0:
                # It was quicker than thought, or had little left to do.
                seconds = min(seconds, max(1, time.monotonic() - start)) if following == command else seconds
            else:
                number += 1
                self.tried[f"{name}: random kill"] += 1
            if code not in (0, -signal.SIGKILL):
                self.fault(f"{name}, kill {number}, ended with {code}")
            self.must(f"after {name}, kill {number}: check", lambda: self.world.check(name))
            following = again if code and self.resumable() else command
        self.must(f"{name} after all kills", following)
        self.must(f"{name} after all kills: check", self.world.check)

    def resumable(self) -> bool:
        return (self.world.run / "config.json").exists()

    def pair(self, names: tuple[str, str], commands: tuple[list, list]) -> None:
        logs = [self.world.root / f"child{index}.log" for index in (1, 2)]
        children = [Child(command, log) for command, log in zip(commands, logs)]
        codes = [child.wait() for child in children]
        self.tried[f"two at once: {'both done' if codes == [0, 0] else 'one refused'}"] += 1
        for name, code, log in zip(names, codes, logs):
            said = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("Error")]
            if code not in (0, 2) or (code == 2 and len(said) != 1) or "Traceback" in log.read_text(errors="replace"):
                self.fault(f"{' + '.join(names)}: {name} ended with {code}", log)
        self.must(f"{' + '.join(names)}: check", self.world.check)
        self.nothing_left(" + ".join(names))

    def nothing_left(self, name: str) -> None:
        left = [str(path.relative_to(self.world.root)) for path in self.world.root.rglob(".*")]
        if left:
            self.fault(f"{name} left {left}")
