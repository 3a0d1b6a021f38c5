"""A run that was killed ends as one that was left alone; the undisturbed run leaves what it should."""

import csv
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from deeplab_tf import load_model
from deeplab_tf.training import TrainConfig, TrainResult, resume, train
from harness.board_events import events_of

KERNELS = "TF_ENABLE_ONEDNN_OPTS"
STEPS, EVERY = 12, 4
# Killed by itself, so that no busy machine is late for it.
TRAIN = """
import json, os, signal, sys
import keras
from deeplab_tf.training import TrainConfig, train

class Killed(keras.callbacks.Callback):
    steps = 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.steps == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

train(TrainConfig.from_dict(json.loads(sys.argv[1])), [Killed()])
"""


def saved_step(checkpoint):
    """The step of a checkpoint; -1 while there is none."""
    try:
        with zipfile.ZipFile(checkpoint) as archive:
            return json.loads(archive.read("training/state.json"))["step"]
    except FileNotFoundError:
        return -1


def read_log(folder):
    with (folder / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def settings(shapes, light_network):
    return {**light_network, "data": str(shapes), "learning_rate": 0.05, "steps": STEPS, "eval_every": EVERY}


@pytest.fixture(scope="module")
def runs(settings, tmp_path_factory):
    """Two runs of the same settings: one undisturbed, one killed after a checkpoint and resumed."""
    folder = tmp_path_factory.mktemp("runs")
    whole, cut = folder / "whole", folder / "cut"
    command = [sys.executable, "-c", TRAIN, json.dumps({**settings, "output": str(cut)}), str(EVERY + 2)]
    victim = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    undisturbed = train(TrainConfig(**settings, output=str(whole)))
    assert victim.wait() == -signal.SIGKILL
    assert saved_step(cut / "last.keras") == EVERY
    return undisturbed, resume(cut)


def test_the_resumed_run_has_the_bits_of_the_undisturbed_one_with_onednn(runs):
    # The process that was killed inherited it.
    assert os.environ[KERNELS] == "1"
    for name in ("last.keras", "model.keras"):
        whole, cut = (load_model(result.output / name).get_weights() for result in runs)
        for one, other in zip(whole, cut, strict=True):
            np.testing.assert_array_equal(one, other)


def test_optimiser_and_dropout_states_are_equal_too(runs):
    states = []
    for result in runs:
        with zipfile.ZipFile(result.output / "last.keras") as archive:
            states.append(dict(np.load(archive.open("training/variables.npz"))))
    whole, cut = states
    assert whole.keys() == cut.keys()
    # The momentum of every trainable weight, the iteration, the seed of the dropout.
    assert len(whole) == len(load_model(runs[0].output).trainable_weights) + 2
    for key in whole:
        np.testing.assert_array_equal(whole[key], cut[key])


def test_the_log_has_every_row_once(runs):
    whole, cut = (read_log(result.output) for result in runs)
    assert [int(row["step"]) for row in cut] == list(range(1, STEPS + 1))
    for row, other in zip(whole, cut, strict=True):
        for name in ("step", "loss", "learning_rate", "val_miou", "pixel_accuracy"):
            assert row[name] == other[name]
    assert [bool(row["val_miou"]) for row in whole] == [step % EVERY == 0 for step in range(1, STEPS + 1)]
    assert float(whole[4]["learning_rate"]) == pytest.approx(0.05 * (1 - 4 / STEPS) ** 0.9, rel=1e-4)
    assert all(float(row["images_per_second"]) > 0 for row in whole[1:])


def test_tensorboard_has_every_validation_once(runs):
    for result in runs:
        tags = events_of(result.output / "tensorboard/validation")
        assert "iou/triangle" in tags
        assert len([tag for tag in tags if tag.startswith("images/")]) == 4
        steps = {tag: [event.step for event in found] for tag, found in tags.items()}
        assert {step for found in steps.values() for step in found} == set(range(EVERY, STEPS + 1, EVERY))
        assert all(len(set(found)) == len(found) for found in steps.values())


def test_results_tell_the_best(runs):
    whole, cut = runs
    rows = [row for row in read_log(whole.output) if row["val_miou"]]
    best = max(rows, key=lambda row: float(row["val_miou"]))
    assert isinstance(whole, TrainResult)
    assert (whole.step, whole.best_step) == (STEPS, int(best["step"]))
    assert whole.miou == pytest.approx(float(best["val_miou"]), rel=1e-4)
    assert (cut.best_step, cut.miou, cut.pixel_accuracy) == (whole.best_step, whole.miou, whole.pixel_accuracy)


def test_the_folder_holds_all_files(runs):
    folder = runs[0].output
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json", "curves.png", "last.keras", "log.csv", "model.keras", "per_class.csv", "per_class.json",
        "tensorboard",
    ]  # fmt: skip
    assert json.loads((folder / "per_class.json").read_text())["miou"] == pytest.approx(runs[0].miou)
    resolved = json.loads((folder / "config.json").read_text())["resolved"]
    assert resolved["images"] == {"train": 12, "val": 4}
    assert (resolved["model"], resolved["backbone"], resolved["eval_every"]) == ("DeepLabV3", "vgg_16", EVERY)
    assert resolved["labels"]["names"] == ["background", "disc", "square", "triangle", "star", "ring"]
    assert set(resolved["versions"]) == {"deeplab_tf", "tensorflow", "keras", "python"}


def test_the_model_knows_labels_and_canvas(runs):
    model = load_model(runs[0].output)
    assert (model.labels.names[3], model.crop_size, model.compiled) == ("triangle", [33, 33], False)


def test_a_finished_run_says_so(runs, caplog):
    caplog.set_level(logging.INFO)
    before = (runs[1].output / "last.keras").stat().st_mtime_ns
    assert resume(runs[1].output) == runs[1]
    assert f"all {STEPS} steps are done; there is nothing to resume" in caplog.text
    assert f"--weights {runs[1].output}, with another --output" in caplog.text
    assert (runs[1].output / "last.keras").stat().st_mtime_ns == before


def test_a_run_is_not_overwritten_unasked_nor_by_a_failing_one(runs, settings, tmp_path):
    truncated = shutil.copytree(settings["data"], tmp_path / "truncated")
    shard = next(truncated.glob("val-*"))
    shard.write_bytes(shard.read_bytes()[:-1])
    output = runs[1].output
    files = {path.name: path.stat().st_mtime_ns for path in output.iterdir()}
    config = TrainConfig(**settings, output=str(output))
    with pytest.raises(
        ValueError, match=r"a finished run. Train it further by --weights .*cut with another --output, replace"
    ):
        train(config)
    for changes, error in (
        ({"weights": str(tmp_path / "gone.keras")}, FileNotFoundError),
        ({"data": str(tmp_path)}, ValueError),
        ({"output_stride": 12}, ValueError),
        ({"val_split": "tset"}, ValueError),
        ({"data": str(truncated)}, ValueError),
    ):
        with pytest.raises(error):
            train(config.replace(**changes), overwrite=True)
    assert {path.name: path.stat().st_mtime_ns for path in output.iterdir()} == files


def test_a_damaged_checkpoint_is_named(runs, tmp_path):
    for name in ("config.json", "last.keras"):
        (tmp_path / name).write_bytes((runs[0].output / name).read_bytes())
    checkpoint = tmp_path / "last.keras"
    checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"last\.keras cannot be read as the checkpoint .*File is not a zip file"):
        resume(tmp_path)
    checkpoint.write_bytes((runs[0].output / "model.keras").read_bytes())
    with pytest.raises(ValueError, match=r"last\.keras cannot be read as the checkpoint of a run .*state\.json"):
        resume(tmp_path)
