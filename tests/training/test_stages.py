"""Stages run one after another, and a chain that was killed goes on to the same end."""

from pathlib import Path

import keras
import numpy as np
import pytest

from deeplab_tf import load_model
from deeplab_tf.training import TrainConfig, TrainResult, resume, run, train
from deeplab_tf.training.errors import BadData
from deeplab_tf.training.recipes.configured import staged
from deeplab_tf.training.run_folder import RunFolder


class Killed(BaseException):
    """Nothing of the run sees it, as of a kill."""


def kill_at(number):
    """A callback that ends the process, as far as a run can tell, after so many steps."""
    done = []

    def count(batch, logs):
        done.append(batch)
        if len(done) == number:
            raise Killed

    return keras.callbacks.LambdaCallback(on_train_batch_end=count)


@pytest.fixture
def stages(light, tmp_path):
    given = {**light, "checkpoint_minutes": 1e-9, "steps": 3, "learning_rate": 0.05}

    def made(name):
        second = {"batch_norm": "frozen", "train_split": "val"}
        return staged({**given, "output": str(tmp_path / name)}, {"train_split": "train"}, second)

    return made


def test_a_killed_chain_ends_as_one_left_alone(stages, tmp_path):
    whole = train(stages("whole"))
    assert whole.output == tmp_path / "whole"
    cut = tmp_path / "cut"
    with pytest.raises(Killed):
        train(stages("cut"), [kill_at(2)])
    assert not RunFolder(cut / "stage-2").holds_run
    with pytest.raises(ValueError, match="holds the stages of a training already.*--resume"):
        train(stages("cut"))
    # Two steps are left of the first stage, since the second was not kept.
    with pytest.raises(Killed):
        resume(cut, [kill_at(4)])
    assert RunFolder(cut / "stage-2").holds_run
    # Nothing refers to where it was.
    moved = cut.rename(tmp_path / "moved")
    assert resume(moved).step == 3
    for one, other in zip(*(load_model(folder).get_weights() for folder in (whole.output, moved)), strict=True):
        np.testing.assert_array_equal(one, other)
    assert load_model(moved).settings["frozen_batch_norm"]
    with pytest.raises(ValueError, match=r"Resumed stages keep their settings; received others for \['steps'\]"):
        resume(moved, steps=9)


def test_what_fails_at_once_leaves_nothing(stages, tmp_path):
    missing = [stage.replace(data=str(tmp_path / "missing")) for stage in stages("run")]
    with pytest.raises(ValueError, match="missing is not a folder"):
        train(missing)
    assert not (tmp_path / "run/stages.json").exists()


def test_bad_data_in_one_of_them_tells_to_resume_all(stages, tmp_path, monkeypatch):
    def fail(config, callbacks):
        raise BadData(f"a.jpg cannot be read. --resume goes on from step 2 ({config.output}).", "train")

    monkeypatch.setattr(run, "train", fail)
    with pytest.raises(BadData, match=rf"goes on from step 2 \({tmp_path}/run\)"):
        train(stages("run"))


def test_data_of_a_later_stage_are_looked_for_first(stages, tmp_path):
    first, second = stages("run")
    asked = {"missing is not a folder": {"data": "missing"}, "no split 'tests'": {"train_split": "tests"}}
    for said, wrong in asked.items():
        with pytest.raises(ValueError, match=said):
            train([first, second.replace(**wrong)])
        assert not (tmp_path / "run/stage-1").exists()


def test_a_resumed_stage_begins_from_the_weights_that_it_was_given(stages, tmp_path, monkeypatch):
    seen = []

    def trained(config, callbacks):
        seen.append(config.weights)
        if len(seen) == 1:
            raise Killed
        folder = Path(config.output)
        folder.mkdir()
        (folder / "model.keras").touch()
        return TrainResult(folder, 3, 3, None, None)

    monkeypatch.setattr(run, "train", trained)
    first, second = stages("own")
    with pytest.raises(Killed):
        train([first, second.replace(weights="mine.keras")])
    resume(tmp_path / "own")
    assert seen == [None, None, "mine.keras"]


def test_the_folder_of_a_run_is_not_that_of_stages(stages, light, tmp_path):
    RunFolder(tmp_path / "run").write_config(TrainConfig(**light), {})
    for overwrite in (False, True):
        with pytest.raises(ValueError, match="run'. Stages need a folder of their own"):
            train(stages("run"), overwrite=overwrite)


def test_other_outputs_are_refused():
    configs = [TrainConfig(data="d", output="a"), TrainConfig(data="d", output="b")]
    with pytest.raises(ValueError, match="outputs of stages must be"):
        train(configs)
    with pytest.raises(ValueError, match="a TrainConfig, or a list of them"):
        train([])


def test_stages_are_not_for_several_workers(stages, tmp_path):
    with pytest.raises(ValueError, match="multi_worker' trains one run in a process.*one by one"):
        train([stage.replace(strategy="multi_worker") for stage in stages("several")])
    assert not (tmp_path / "several").exists()
