"""A short run of `benchmarks/fuzz.py`: damaged files of every format are refused by name, or read as they are."""

import random

import pytest

from harness.fuzz import mutations
from harness.fuzz.pool import Worker

# As many as some seconds allow; what takes a network to read gets few.
LIGHT = (
    "image", "png", "mask", "png mask", "pair", "names", "labelme", "coco", "index", "records", "settings", "frozen",
    "checkpoint", "archive", "genotype", "class weights", "labels", "mat",
)  # fmt: skip
CASES, SEED = 12, 7_000_000


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    made = Worker(tmp_path_factory.mktemp("samples"), seconds=120)
    yield made
    made.close()


@pytest.mark.parametrize("target", LIGHT)
def test_damaged_files_are_refused_by_name(worker, target):
    outcomes = [worker.run("library", target, SEED + number) for number in range(CASES)]
    assert not [found for found in outcomes if found["verdict"] not in ("refused", "accepted")]
    assert sum(found["verdict"] == "refused" for found in outcomes) >= CASES // 4


@pytest.mark.parametrize("target", ["keras", "checkpoint of a run"])
def test_damaged_models_are_refused_by_name(worker, target):
    outcomes = [worker.run("library", target, SEED + number) for number in range(4)]
    assert {found["verdict"] for found in outcomes} <= {"refused", "accepted"}


@pytest.mark.parametrize("target", ["pair", "names", "labelme", "index", "records", "settings", "genotype", "archive"])
def test_the_command_line_says_one_line(worker, target):
    outcomes = [worker.run("command", target, SEED + number) for number in range(2)]
    assert {found["verdict"] for found in outcomes} <= {"refused", "accepted"}


@pytest.mark.parametrize(
    "mutate", dict.fromkeys((*mutations.BYTES, *mutations.JSON)), ids=lambda mutate: mutate.__name__
)
def test_a_seed_gives_the_same_damage(mutate):
    content = b'{"names": ["a", "b"], "count": 12}'
    damaged = [mutate(content, random.Random(seed), b"GIF89a") for seed in (1, 1, 2, 3, 4)]
    assert damaged[0] == damaged[1]
    assert any(one != content for one in damaged)


ODD = """
import os, time
from harness.fuzz.target import Target

def reads(answer):
    return lambda folder, file: "sound" if file.read_bytes() == bytes(range(100)) else answer()

def raises(error):
    raise error

answers = {
    "refused": lambda: raises(ValueError("x.bin is damaged")),
    "unnamed": lambda: raises(ValueError("damaged")),
    "foreign": lambda: raises(KeyError("x.bin")),
    "silent": lambda: "other values",
    "accepted": lambda: "sound",
    "crash": os.abort,
    "time": lambda: time.sleep(60),
    "memory": lambda: (b"1" * 2**30, time.sleep(60)),
}
TARGETS = {verdict: Target("odd", r"x\\.bin", reads(answer), checked=True) for verdict, answer in answers.items()}
"""


def test_faults_are_found(tmp_path):
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "x.bin").write_bytes(bytes(range(100)))
    (tmp_path / "targets_of_test.py").write_text(ODD)
    worker = Worker(tmp_path, seconds=5, gigabytes=0.5, extra=tmp_path / "targets_of_test.py")
    for verdict in ("refused", "unnamed", "foreign", "silent", "accepted", "crash", "time", "memory"):
        assert worker.run("library", verdict, 2)["verdict"] == verdict
    worker.close()
