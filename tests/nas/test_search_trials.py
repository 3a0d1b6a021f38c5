"""Several trials of a search: real ones, and what happens to them, which programs without TensorFlow stand for."""

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from deeplab_tf import nas
from deeplab_tf.cli import main
from deeplab_tf.interrupts import Interruption
from deeplab_tf.nas import SEARCHES, search_settings, search_trials
from deeplab_tf.nas.search_folder import COLUMNS, SearchFolder
from deeplab_tf.nas.search_trials import as_options

# Stands for a search: each writes what it was told in `events` beside its folder, and does as its seed says.
TRIAL = """
import os, sys, time

given = dict(option[2:].split("=", 1) for option in sys.argv[1:] if "=" in option)
seed, folder = int(given["seed"]), given["output"]
events = os.path.join(os.path.dirname(folder), ".events")

def happened(*wanted):
    return set(wanted) <= set(os.listdir(events))

def tell(what):
    os.makedirs(os.path.join(events, f"{what}_{seed}"))

tell("begun")
os.makedirs(folder, exist_ok=True)
plan = os.environ["PLAN"]
if plan == "pairs":
    # The first two only end when both run; the third begins when one of them has ended.
    while seed < 2 and not happened("begun_0", "begun_1"):
        time.sleep(0.01)
    assert seed < 2 or happened("ended_0") or happened("ended_1")
elif plan == "fails" and seed == 1:
    print("Error: The search diverged.", flush=True)
    sys.exit(2)
elif plan == "stops":
    while os.read(0, 1):
        pass
    print("Stopped.", flush=True)
    tell("stopped")
    sys.exit(143)
with open(os.path.join(folder, "log.csv"), "w") as file:
    file.write(f"{os.environ['COLUMNS_OF_LOG']}\\n{given['epochs']},1,,,,,,,\\n")
tell("ended")
"""


RAY = Path(__file__).resolve().parents[2] / "benchmarks/search_with_ray.py"
TINY = {"layers": 1, "blocks": 1, "filters": 2, "crop_size": 33, "max_side": None, "epochs": 1, "eval_images": 4}


@pytest.fixture(scope="module")
def given(shapes):
    return {**TINY, "data": str(shapes), "architecture_epoch": 0}


@pytest.fixture
def settings(given, tmp_path):
    return search_settings(**given, output=str(tmp_path / "trials"))


@pytest.fixture
def plan(monkeypatch, tmp_path):
    """Has programs stand for searches, by the plan of a name; gives what lists all that they have told."""
    monkeypatch.setattr(
        importlib.import_module("deeplab_tf.nas.search_trials"), "COMMAND", (sys.executable, "-c", TRIAL)
    )
    monkeypatch.setenv("COLUMNS_OF_LOG", ",".join(COLUMNS))

    def choose(name):
        monkeypatch.setenv("PLAN", name)
        return lambda: sorted(os.listdir(tmp_path / "trials" / ".events"))

    return choose


def test_trials_are_searched_and_reported(given, tmp_path, capsys):
    output = tmp_path / "trials"
    options = as_options(search_settings(**given, output=str(output), seed=4))
    assert main(["search", *options, "--trials", "2", "--workers", "2"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in table[1:3]] == [["trial_00", "4", "1"], ["trial_01", "5", "1"]]
    assert table[-1] == f"Report: {output / 'report' / 'report.html'}"
    assert sorted(os.listdir(output)) == ["report", "trial_00", "trial_00.log", "trial_01", "trial_01.log"]
    kept = [SearchFolder(output / name).read_settings()[0] for name in ("trial_00", "trial_01")]
    assert kept == [search_settings(**given, output=str(output / f"trial_0{n}"), seed=4 + n) for n in (0, 1)]
    best = max(("trial_00", "trial_01"), key=lambda name: SearchFolder(output / name).read_rows()[-1]["miou"])
    assert table[-2] == f"Best by mIoU: {best}"
    assert "Building the first step" in (output / "trial_00.log").read_text()
    # Done trials are left alone, and a folder of trials is as good as a list of them.
    assert main(["search-report", str(output), "--output", str(tmp_path / "report")]) == 0
    assert capsys.readouterr().out.splitlines()[:-1] == table[:-1]
    with pytest.raises(ValueError, match="learning_rate was 0.025 and is 0.1"):
        search_trials(search_settings(**given, output=str(output), seed=4, learning_rate=0.1), 3)


def test_so_many_at_a_time_and_those_that_are_done_once(settings, plan, logged):
    told = plan("pairs")
    for number in range(4):
        folder = Path(settings.output) / f"trial_{number:02d}"
        folder.mkdir(parents=True)
        SearchFolder(folder).begin(settings, {"classes": ["sky"]})
    assert search_trials(settings, 3, workers=2).failed == {}
    every = sorted(f"{what}_{number}" for what in ("begun", "ended") for number in range(3))
    assert told() == every
    # Telling twice would fail.
    assert search_trials(settings, 4, workers=5).failed == {}
    assert told() == sorted([*every, "begun_3", "ended_3"])
    logged.clear()
    assert search_trials(settings, 3).failed == {}
    assert "has trial_03 too, which 3 trials leave out" in logged.text


def test_one_that_fails_is_named_and_the_others_go_on(settings, plan, capsys):
    told = plan("fails")
    assert main(["search", *as_options(settings), "--trials", "3"]) == 2
    said = capsys.readouterr()
    assert "Warning: trial_01 failed: The search diverged.\n" in said.err
    assert said.err.splitlines()[-1] == "Error: trial_01 failed, of 3 trials. The same command tries again."
    assert said.out == "trial_01 failed: The search diverged.\n"
    assert told() == ["begun_0", "begun_1", "begun_2", "ended_0", "ended_2"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send to oneself")
@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_stops_all_and_begins_no_more(settings, plan, number, code):
    told = plan("stops")

    def interrupt():
        while not (Path(settings.output) / ".events" / "begun_1").is_dir():
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    threading.Thread(target=interrupt).start()
    with pytest.raises(Interruption, match="Stopped with 0 of 3 trials done; the same command goes on.") as caught:
        search_trials(settings, 3, workers=2)
    assert caught.value.exit_code == code
    assert told() == ["begun_0", "begun_1", "stopped_0", "stopped_1"]


def test_bad_input(settings, given, tmp_path, capsys):
    for trials, workers, message in ((0, 1, "trials must be"), (True, 1, "trials must be"), (1, 0, "workers must be")):
        with pytest.raises(ValueError, match=message):
            search_trials(settings, trials, workers=workers)
    with pytest.raises(ValueError, match="has to fill a batch of 7; received 12 images"):
        search_trials(search_settings(**{**given, "batch_size": 7}, output=str(tmp_path / "new")), 2)
    assert not list(tmp_path.iterdir())
    SearchFolder(tmp_path).begin(settings, {})
    with pytest.raises(ValueError, match="is the folder of one search. Choose another one for several trials"):
        search_trials(search_settings(**given, output=str(tmp_path)), 2)
    (tmp_path / "search.json").rename(tmp_path / "letter.txt")
    with pytest.raises(ValueError, match="is not a folder of trials and not empty: it holds letter.txt"):
        search_trials(search_settings(**given, output=str(tmp_path)), 2)
    assert main(["search", *as_options(settings), "--workers", "2"]) == 2
    assert "--workers is for several trials. Give --trials too." in capsys.readouterr().err


def test_the_options_of_settings_are_read_as_these(monkeypatch):
    read, meant = [], [search_settings(name, data="x", output="y") for name in SEARCHES]
    meant.append(search_settings(
        data="-x", output="a b", masks="m", labels=3, max_side=None, crop_size=(33, 65), recompute=True,
        learning_rate=1 / 3,
    ))  # fmt: skip
    monkeypatch.setattr(nas, "search", read.append)
    assert [main(["search", *as_options(settings)]) for settings in meant] == [0] * len(meant)
    assert read == meant


def test_ray_tune_searches_the_same_trials(given, tmp_path):
    pytest.importorskip("ray", reason='needs pip install -e ".[tune]"')
    settings = {name: value for name, value in given.items() if name != "data"}
    script = [sys.executable, str(RAY), "--recipe", "minutes_cpu", "--data", given["data"], "--trials", "2"]
    options = ["--output", str(tmp_path / "trials"), "--set", json.dumps(settings)]
    done = subprocess.run([*script, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[-3:]] == ["0", "1", "Best:"]
    kept = [SearchFolder(tmp_path / "trials" / f"trial_0{seed}").read_settings()[0] for seed in (0, 1)]
    assert [(one.seed, one.max_side, one.epochs) for one in kept] == [(0, None, 1), (1, None, 1)]
