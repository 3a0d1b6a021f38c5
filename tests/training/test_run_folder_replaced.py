"""A new run takes the place of an old one: at every moment one of them is whole, and what fails changes nothing."""

import os
import threading
from pathlib import Path

import keras
import numpy as np
import pytest

from deeplab_tf import load_model
from deeplab_tf.files.locks import locked_folder
from deeplab_tf.training import RunFolder, TrainConfig, train

FILES = ("model.keras", "last.keras", "config.json", "log.csv", "curves.png")


class Killed(BaseException):
    """What nobody catches, as SIGKILL."""


def contents(folder):
    """Of all files but the hidden ones, by name."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def old_and_new(folder):
    """A run with a file of the user's, and one that is to take its place."""
    folder.mkdir()
    for name in (*FILES, "per_class.csv", "notes.txt"):
        (folder / name).write_text(f"old {name}")
    (folder / "tensorboard").mkdir()
    (folder / "tensorboard" / "old").write_text("old")
    old = contents(folder)
    new = RunFolder(folder).begin_replacing()
    for name in FILES:
        (new.path / name).write_text(f"new {name}")
    new.tensorboard.mkdir()
    (new.tensorboard / "new").write_text("new")
    return old, {**contents(new.path), "notes.txt": "old notes.txt"}, new


def kill_at(patch, number):
    """Ends the process, as it were, before change `number` to the file system."""
    count = [0]

    def counted(plain):
        def change(*args, **kwargs):
            count[0] += 1
            if count[0] == number:
                raise Killed
            return plain(*args, **kwargs)

        return change

    for owner, name in ((os, "replace"), (os, "rename"), (Path, "rename"), (Path, "unlink"), (Path, "rmdir")):
        patch.setattr(owner, name, counted(getattr(owner, name)))


def test_a_kill_at_any_change_leaves_one_run_whole(tmp_path):
    seen = set()
    for number in range(1, 40):
        folder = tmp_path / f"run{number}"
        old, expected, new = old_and_new(folder)
        with pytest.MonkeyPatch.context() as patch:
            kill_at(patch, number)
            try:
                new.take_place()
            except Killed:
                pass
            else:
                break
        RunFolder(folder).recover()
        found = contents(folder)
        assert found in (old, expected)
        assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]
        seen.add("new" if found == expected else "old")
    assert number > 10
    assert seen == {"old", "new"}
    assert contents(folder) == expected


def test_a_recovery_that_is_killed_goes_on(tmp_path):
    for number in range(1, 40):
        folder = tmp_path / f"run{number}"
        _, expected, new = old_and_new(folder)
        with pytest.MonkeyPatch.context() as patch:
            kill_at(patch, 6)
            with pytest.raises(Killed):
                new.take_place()
        with pytest.MonkeyPatch.context() as patch:
            kill_at(patch, number)
            try:
                RunFolder(folder).recover()
            except Killed:
                pass
            else:
                break
        RunFolder(folder).recover()
        assert contents(folder) == expected
    assert number > 5


def fail(batch, logs):
    raise RuntimeError("The accelerator is gone.")


FAILING = [keras.callbacks.LambdaCallback(on_train_batch_end=fail)]


def test_what_fails_before_a_checkpoint_leaves_the_folder_as_it_was(light, tmp_path):
    deep = tmp_path / "runs" / "deep"
    with pytest.raises(RuntimeError, match="The accelerator is gone"):
        train(TrainConfig(**{**light, "output": str(deep)}), FAILING)
    assert not (tmp_path / "runs").exists()
    (tmp_path / "runs").mkdir()
    with pytest.raises(FileNotFoundError):
        train(TrainConfig(**{**light, "output": str(deep), "weights": "gone.keras"}))
    assert not list((tmp_path / "runs").iterdir())


def test_a_finished_run_is_kept_by_a_failing_one_and_prolonged_by_its_weights(light, tmp_path):
    config = TrainConfig(**{**light, "learning_rate": 0.05})
    result = train(config)
    before = {path: path.read_bytes() for path in result.output.rglob("*") if path.is_file()}
    with pytest.raises(RuntimeError):
        train(config, FAILING, overwrite=True)
    assert {path: path.read_bytes() for path in result.output.rglob("*") if path.is_file()} == before

    further = {"output": str(tmp_path / "further"), "weights": str(result.output), "learning_rate": 1e-9, "steps": 1}
    longer = train(TrainConfig(**{**light, **further}))
    assert longer.step == 1
    for one, other in zip(
        load_model(longer.output).trainable_variables, load_model(result.output).trainable_variables, strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_second_training_in_one_folder_is_refused_at_once(config, tmp_path):
    held, done = threading.Event(), threading.Event()

    def other():
        with locked_folder(config.output, "a training run"):
            held.set()
            done.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    held.wait(60)
    try:
        with pytest.raises(ValueError, match=r"run is being written by another process or thread \(a training run"):
            train(config, overwrite=True)
    finally:
        done.set()
        thread.join()
