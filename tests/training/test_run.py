"""How runs end: done, interrupted, diverged, or stopped by damaged data."""

import signal
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from deeplab_tf import load_model
from deeplab_tf.datasets import batch_files, open_dataset
from deeplab_tf.training import RunFolder, TrainConfig, train
from deeplab_tf.training.callbacks import Diverged
from deeplab_tf.training.checkpoint import load_state


@pytest.fixture
def settings(light):
    """Of a run whose data the test names."""
    return {name: value for name, value in light.items() if name != "data"}


@pytest.fixture
def train_only(shapes, tmp_path):
    """Settings for a copy of the training images alone, which a test may damage."""
    data = tmp_path / "data"
    data.mkdir()
    for path in shapes.glob("train-*"):
        (data / path.name).write_bytes(path.read_bytes())
    return {"data": str(data), "labels": open_dataset(shapes).labels}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to oneself")
def test_a_second_ctrl_c_ends_at_once_and_says_where_resuming_goes_on(settings, train_only):
    steps = []

    def interrupt_twice(batch, logs):
        steps.append(batch)
        if len(steps) == 3:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    config = TrainConfig(**{**settings, **train_only, "steps": 5, "eval_every": 2})
    with pytest.raises(KeyboardInterrupt, match=r"Interrupted at step 3; --resume goes on from step 2 \(.*run\)"):
        train(config, [keras.callbacks.LambdaCallback(on_train_batch_end=interrupt_twice)])
    assert load_model(config.output).labels.classes == 6
    assert load_state(RunFolder(config.output).checkpoint)[1].step == 2


def test_a_diverged_run_says_so_and_keeps_the_last_good_model(settings, train_only):
    config = TrainConfig(**{**settings, **train_only, "steps": 4, "eval_every": 1, "learning_rate": 1e12})
    said = r"The (loss|weights) became (nan|inf) at step \d with learning_rate 1e\+12\."
    kept = r"The model of step \d is kept in .*model\.keras\. .* lower"
    with pytest.raises(Diverged, match=rf"{said} Step .*{kept}") as caught:
        train(config)
    step = caught.value.step
    names = batch_files(open_dataset(config.data.folder, config.labels), step - 1, batch_size=config.batch_size)
    assert caught.value.files[step] == names
    assert f" Step {step} saw {', '.join(names)}. " in str(caught.value)
    for path in (RunFolder(config.output).model, RunFolder(config.output).checkpoint):
        assert all(np.isfinite(weight).all() for weight in load_model(path).get_weights())


def shards(train_only):
    return sorted(Path(train_only["data"]).iterdir())


def test_a_damaged_record_is_named(settings, train_only):
    shard = shards(train_only)[1]
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 0xFF
    shard.write_bytes(content)
    with pytest.raises(ValueError, match=rf"{shard.name} is damaged at record \d+"):
        train(TrainConfig(**settings, **train_only))


def test_a_truncated_shard_is_named_before_any_step(settings, train_only, capsys):
    shard = shards(train_only)[0]
    shard.write_bytes(shard.read_bytes()[:-10])
    with pytest.raises(ValueError, match=rf"{shard.name} is truncated or damaged"):
        train(TrainConfig(**settings, **train_only))
    assert "step" not in capsys.readouterr().err


def test_unwritable_output_is_told_before_any_work(settings, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"Cannot write to .*file/run"):
        train(TrainConfig(**{**settings, "output": str(tmp_path / "file" / "run")}, data="nowhere"))


def test_mixed_precision_without_validation_replaces_a_run_and_leaves_the_last_model(settings, train_only):
    config = TrainConfig(**settings, **train_only, mixed_precision=True)
    folder = RunFolder(config.output)
    folder.write_config(TrainConfig(**{**settings, "steps": 99}, data="other"), {})
    folder.per_class_csv.write_text("of the run before")
    result = train(config, overwrite=True)
    assert (result.step, result.best_step, result.miou) == (2, 2, None)
    assert "mIoU" not in str(result)
    assert not folder.per_class_csv.exists()
    assert folder.read_config() == config.replace(learning_rate=0.01)
    best, last = load_model(result.output), load_model(folder.checkpoint)
    assert best.get_layer("aspp0").compute_dtype == "float32"
    for one, other in zip(best.get_weights(), last.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
