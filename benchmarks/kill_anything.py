"""Kills and collisions: is anything lost, and can everything go on?

Runs the command line on tiny data in processes that are killed (SIGKILL) at every rename, then at random moments, and
that run in pairs on the same files, and on two made-up hosts that share a folder (Linux, root). Prints a table; the
exit code is the number of faults.

    python benchmarks/kill_anything.py --kills 100
"""

import argparse
import itertools
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from killed_commands import Trial, World, draw

HOST = """
import sys, time
from deeplab_tf.files import replacing
with replacing(sys.argv[1]) as temporary:
    temporary.write_text(sys.argv[2])
    print("writing", flush=True)
    time.sleep(float(sys.argv[3]))
"""


def two_hosts(trial: Trial) -> None:
    """The same process number on two hosts, one of which is killed: its files go, the other's stay."""
    output = trial.world.root / "shared.txt"

    def host(name: str, seconds: float) -> subprocess.Popen:
        python = [sys.executable, "-c", HOST, str(output), name, str(seconds)]
        inside = ["sh", "-c", 'hostname "$0"; exec "$@"', name, *python]
        isolated = ["unshare", "--fork", "--kill-child", "--pid", "--uts", "--mount-proc"]
        return subprocess.Popen([*isolated, *inside], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    first = host("one", 2)
    if first.stdout.readline() != "writing\n":
        print("two hosts: not tried, unshare needs root:", first.stderr.read().strip())
        return
    second = host("two", 0)
    time.sleep(1)
    partial = list(trial.world.root.glob(".shared.txt.partial-*"))
    trial.tried["two hosts"] += 1
    if len(partial) != 1 or second.poll() is not None:
        trial.faults.append(f"two hosts: {partial} while the first writes, the second at {second.poll()}")
    if first.wait() or second.wait() or output.read_text() != "two":
        trial.faults.append(f"two hosts: {output.read_text()!r}, {first.stderr.read()}, {second.stderr.read()}")
    killed = host("one", 60)
    killed.stdout.readline()
    killed.kill()
    killed.wait()
    if host("two", 0).wait() or output.read_text() != "two":
        trial.faults.append("two hosts: the second could not go on after the first was killed")
    trial.nothing_left("two hosts")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=100, help="random kills, over all commands (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: %(default)s)")
    parser.add_argument("--only", choices=["renames", "random", "pairs", "hosts"], help="this part alone")
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        trial = Trial(world)
        draw(world)
        for command in (world.convert("val"), world.convert(), world.train(), world.export(), world.export("tflite")):
            trial.must("preparation", command)
        trial.must("preparation: check", world.check)
        if trial.faults:
            print((world.root / "child.log").read_text())
            return len(trial.faults)

        def wanted(part):
            return arguments.only in (None, part)

        if wanted("renames"):
            trial.every_rename("convert", world.convert())
            trial.every_rename("export saved_model", world.export())
            trial.every_rename("export tflite", world.export("tflite"))
        if wanted("random"):
            rounds = [
                ("convert", world.convert(), world.convert()),
                ("train", world.train("--overwrite"), ["train", "--resume", "--output", world.run]),
                ("export saved_model", world.export(), world.export()),
                ("export tflite", world.export("tflite"), world.export("tflite")),
            ]
            shares = [arguments.kills * (index + 1) // 4 - arguments.kills * index // 4 for index in range(4)]
            for (name, command, again), kills in zip(rounds, shares):
                trial.random_kills(name, command, again, kills)
        if wanted("pairs"):
            shutil.rmtree(world.segmented, ignore_errors=True)
            commands = {
                "convert train": world.convert(),
                "convert val": world.convert("val"),
                "train": world.train("--overwrite"),
                "export saved_model": world.export(),
                "export tflite": world.export("tflite"),
                "evaluate": world.evaluate(),
                "segment": world.segment(),
                "inspect": world.inspect(),
            }
            for names in itertools.combinations_with_replacement(commands, 2):
                trial.pair(names, tuple(commands[name] for name in names))
        if wanted("hosts"):
            two_hosts(trial)
        print(f"\n| {'What':45} | Times |\n| {'-' * 45} | ----- |")
        for name, times in trial.tried.items():
            print(f"| {name:45} | {times:5} |")
        print(f"| {'faults':45} | {len(trial.faults):5} |\n\n{time.monotonic() - began:.0f} seconds")
    return len(trial.faults)


if __name__ == "__main__":
    sys.exit(main())
