"""Interrupted runs: saved at the step, wherever it falls, and in the end equal to the bit to one left alone."""

import csv
import json
import signal
import subprocess
import sys
import time
import zipfile

import keras
import numpy as np
import pytest

from deeplab_tf import load_model
from deeplab_tf.inference import KerasPredictor
from deeplab_tf.training import TrainConfig, resume, run_callbacks, train
from deeplab_tf.training.checkpoint import read_state
from harness.board_events import steps_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send to oneself")
STEPS, EVERY = 6, 3


def after_prediction(patch, number):
    """Sends SIGINT right after prediction `number` of a validation."""
    plain, count = KerasPredictor.scores, [0]

    def scores(self, images):
        value = plain(self, images)
        count[0] += 1
        if count[0] == number:
            signal.raise_signal(signal.SIGINT)
        return value

    patch.setattr(KerasPredictor, "scores", scores)


def interrupt(batch, logs):
    if batch == 1:
        signal.raise_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def settings(shapes, light_network):
    return {**light_network, "data": str(shapes), "learning_rate": 0.05, "steps": STEPS, "eval_every": EVERY}


@pytest.fixture(scope="module")
def runs(settings, tmp_path_factory):
    """One run undisturbed, and one with a checkpoint at every step that is interrupted wherever it can be."""
    folder = tmp_path_factory.mktemp("runs")
    cut = folder / "cut"
    said = []
    with pytest.MonkeyPatch.context() as patch:
        # So that rows of the log, too, span several steps.
        patch.setattr(run_callbacks, "ROWS_BETWEEN_CHECKPOINTS", 1)
        whole = train(TrainConfig(**settings, output=str(folder / "whole"), checkpoint_minutes=0))
        with pytest.raises(KeyboardInterrupt) as caught:
            train(
                TrainConfig(**settings, output=str(cut), checkpoint_minutes=1e-9),
                [keras.callbacks.LambdaCallback(on_train_batch_end=interrupt)],
            )
        said.append((str(caught.value), read_state(cut / "last.keras").step))
        # The second: after the four images of the first one, the first image of the last validation.
        for prediction in (1, 5):
            with pytest.MonkeyPatch.context() as signals:
                after_prediction(signals, prediction)
                with pytest.raises(KeyboardInterrupt) as caught:
                    resume(cut, checkpoint_minutes=1e-9)
            said.append((str(caught.value), read_state(cut / "last.keras").step))
        again = resume(cut)
    return whole, again, said


def test_every_interrupt_saves_its_step(runs):
    _, again, said = runs
    steps = [2, 3, 6]
    expected = [f"Interrupted at step {step}; --resume goes on from step {step} ({again.output})." for step in steps]
    assert said == list(zip(expected, steps))


def test_all_that_a_run_is_equals_the_undisturbed_one(runs):
    whole, again, _ = runs
    assert (again.step, again.best_step, again.miou) == (whole.step, whole.best_step, whole.miou)
    for name in ("last.keras", "model.keras"):
        ours, theirs = (load_model(run.output / name).get_weights() for run in (again, whole))
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(one, other)
    states = []
    for run in (again, whole):
        with zipfile.ZipFile(run.output / "last.keras") as archive:
            states.append(dict(np.load(archive.open("training/variables.npz"))))
    assert states[0].keys() == states[1].keys()
    for key, value in states[0].items():
        np.testing.assert_array_equal(value, states[1][key])
    assert (again.output / "per_class.csv").read_text() == (whole.output / "per_class.csv").read_text()


def test_the_log_and_tensorboard_equal_those_of_the_undisturbed_one(runs):
    logs = []
    for run in runs[:2]:
        with (run.output / "log.csv").open(newline="") as file:
            rows = [{name: row[name] for name in list(row)[:5]} for row in csv.DictReader(file)]
        logs.append((rows, steps_of(run.output / "tensorboard")))
    assert logs[0] == logs[1]
    assert [row["step"] for row in logs[0][0]] == ["3", "6"]
    assert logs[0][1] == [3, 6]


def test_sigterm_ends_a_command_with_143_when_the_new_run_is_saved(runs, settings, light_network, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    for path in runs[0].output.glob("*.*"):
        (run / path.name).write_bytes(path.read_bytes())
    old = (run / "model.keras").read_bytes()
    command = [sys.executable, "-m", "deeplab_tf", "train", "--data", settings["data"], "--output", str(run)]
    command += ["--overwrite", "--steps", "5000", "--eval-every", "500", "--checkpoint-minutes", "0"]
    command += [f"--{name.replace('_', '-')}={settings[name] or 'none'}" for name in light_network]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    log = run / ".new-begun" / "log.csv"
    while not log.exists() and process.poll() is None:
        time.sleep(0.05)
    # Well into its steps, but before its first checkpoint: the old run is whole.
    assert (run / "model.keras").read_bytes() == old
    assert read_state(run / "last.keras").step == STEPS
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    step = read_state(run / "last.keras").step
    assert process.returncode == 143
    assert said.splitlines()[-1] == f"Interrupted at step {step}; --resume goes on from step {step} ({run})."
    assert step >= 50
    assert not (run / "model.keras").exists()
    assert json.loads((run / "config.json").read_text())["settings"]["schedule"]["steps"] == 5000
    assert not [path for path in run.iterdir() if path.name.startswith(".")]
