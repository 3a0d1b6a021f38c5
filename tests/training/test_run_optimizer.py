"""A run with all settings of the optimiser on: it validates and keeps the average, and resumes to the bit."""

import signal
import zipfile

import keras
import numpy as np
import pytest

from deeplab_tf import load_model
from deeplab_tf.datasets import evaluation_images, open_dataset
from deeplab_tf.evaluation import evaluate
from deeplab_tf.training import TrainConfig, resume, train
from harness.small_fit import SeenWeights

SETTINGS = {
    "model": "v2", "backbone": "vgg_16", "depth_multiplier": 0.05, "atrous_rates": (1,), "crop_size": 33,
    "batch_size": 2, "learning_rate": 0.01, "steps": 6, "eval_every": 4,
    "optimizer": "momentum", "schedule": "cosine", "schedule_settings": {"warm_up_steps": 2},
    "optimizer_settings": {
        "multipliers": {"logits": 10, "biases": 2}, "use_ema": True, "ema_momentum": 0.7, "global_clipnorm": 1,
        "gradient_accumulation_steps": 2,
    },
}  # fmt: skip


def interrupt(batch, logs):
    # Within the accumulation of two batches.
    if batch == 2:
        signal.raise_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def runs(shapes, tmp_path_factory):
    folder, seen = tmp_path_factory.mktemp("runs"), SeenWeights(after="epoch")
    config = TrainConfig(data=str(shapes), output=str(folder / "whole"), **SETTINGS)
    whole = train(config, [seen])
    with pytest.raises(KeyboardInterrupt, match="goes on from step 3"):
        train(
            config.replace(output=str(folder / "cut")), [keras.callbacks.LambdaCallback(on_train_batch_end=interrupt)]
        )
    return whole, resume(folder / "cut"), seen


def equal(some, others):
    return all(np.array_equal(one, other) for one, other in zip(some, others, strict=True))


def test_the_resumed_run_has_the_bits_of_the_undisturbed_one(runs):
    whole, cut, _ = runs
    assert (cut.step, cut.best_step, cut.miou) == (whole.step, whole.best_step, whole.miou)
    for name in ("last.keras", "model.keras"):
        assert equal(*(load_model(run.output / name).get_weights() for run in (whole, cut)))
    states = []
    for run in (whole, cut):
        with zipfile.ZipFile(run.output / "last.keras") as archive:
            states.append(dict(np.load(archive.open("training/variables.npz"))))
    assert equal(*(state.values() for state in states))


def test_the_model_for_use_has_the_average_and_the_checkpoint_the_weights(runs):
    whole, _, seen = runs
    best = 0 if whole.best_step == 4 else 1
    weights = [np.array(variable) for variable in load_model(whole.output).trainable_variables]
    assert equal(weights, seen.averaged[best])
    assert not equal(weights, seen.own[best])
    assert equal(load_model(whole.output / "last.keras").trainable_variables, seen.own[-1])


def test_what_is_kept_is_what_was_validated(runs, shapes):
    whole = runs[0]
    measured = evaluate(load_model(whole.output), evaluation_images(open_dataset(shapes), "val"))
    assert measured.miou == pytest.approx(whole.miou, abs=1e-6)


def test_a_setting_that_is_not_possible_is_refused_before_anything_is_written(shapes, tmp_path):
    config = TrainConfig(data=str(shapes), output=str(tmp_path / "run"), **SETTINGS)
    with pytest.raises(ValueError, match=r"multipliers\['head'\] must be a number"):
        train(config.replace(optimizer_settings={"multipliers": {"head": "ten"}}))
    assert not (tmp_path / "run").exists()
