"""A user's own callbacks in a run: what they see, when they are called, and what becomes of what they do."""

import csv

import keras
import numpy as np
import pytest

from deeplab_tf import load_model
from deeplab_tf.datasets import evaluation_images, open_dataset
from deeplab_tf.evaluation import evaluate
from deeplab_tf.training import RunFolder, TrainConfig, resume, train
from deeplab_tf.training.checkpoint import read_state
from deeplab_tf.training.data import validation_images
from harness.board_events import steps_of


class Own(keras.callbacks.Callback):
    """Notes what there is at the ends of its epochs, sets the classifier's biases to 7 and stops training."""

    def __init__(self, folder, stop):
        super().__init__()
        self.folder, self.stop, self.epochs, self.batches = folder, stop, [], []

    def on_train_begin(self, logs=None):
        self.epochs.append("begin")

    def on_train_batch_end(self, batch, logs=None):
        self.batches.append((batch, self.params["steps"], sorted(logs)))

    def on_epoch_end(self, epoch, logs=None):
        rows = len(self.folder.log.read_text().splitlines()) - 1
        pictures = (self.folder.model.is_file(), self.folder.curves.is_file())
        self.epochs.append((epoch, sorted(logs), rows, pictures, read_state(self.folder.checkpoint).step))
        self.model.get_layer("logits.semantic").bias.assign([7.0] * 6)
        self.model.stop_training = self.stop

    def on_train_end(self, logs=None):
        self.epochs.append("end")


@pytest.fixture(scope="module")
def runs(shapes, light_network, tmp_path_factory):
    """A run that a callback ends after its first validation, and the same resumed."""
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "run")
    asked = {"data": str(shapes), "output": str(folder.path), "steps": 4, "eval_every": 3, "best_by": "boundary_iou"}
    config = TrainConfig(**light_network, **asked)
    first = Own(folder, stop=True)
    result = train(config, [first])
    biases = [load_model(path).get_layer("logits.semantic").bias.numpy() for path in (folder.checkpoint, folder.model)]
    second = Own(folder, stop=False)
    return result, biases, first, resume(folder.path, [second]), second, shapes


SEEN = ["loss", "val_boundary_iou", "val_mean_iou", "val_pixel_accuracy"]


def test_it_comes_after_log_best_and_curves_and_before_the_checkpoint(runs):
    first = runs[2]
    assert first.epochs == ["begin", (0, SEEN, 3, (True, True), 0), "end"]
    assert first.batches == [(0, 3, ["loss"]), (1, 3, ["loss"]), (2, 3, ["loss"])]


def test_the_checkpoint_keeps_what_it_did(runs):
    kept, best = runs[1]
    np.testing.assert_array_equal(kept, np.float32([7] * 6))
    assert np.abs(best).max() < 7


def test_it_stops_the_run_which_resume_ends(runs):
    result, _, _, resumed, second, _ = runs
    assert (result.step, resumed.step) == (3, 4)
    assert second.epochs == ["begin", (1, SEEN, 4, (True, True), 3), "end"]
    assert second.batches == [(0, 1, ["loss"])]


def test_the_metric_that_is_asked_for_decides_which_model_is_the_best(runs):
    resumed = runs[3]
    state = read_state(RunFolder(resumed.output).checkpoint)
    rows = [row for row in state.rows if "val_miou" in row]
    assert state.best_step in [row["step"] for row in rows] == [3, 4]
    kept = evaluate(resumed.output, evaluation_images(open_dataset(runs[5]), "val"), metrics=["boundary_iou"])
    assert kept.totals["boundary_iou"] == pytest.approx(state.best_value)


def test_the_metric_that_is_asked_for_is_in_the_log_on_the_curves_and_in_the_last_line(runs):
    resumed = runs[3]
    with RunFolder(resumed.output).log.open(newline="") as file:
        logged = [row for row in csv.DictReader(file) if row["val_miou"]]
    best = next(row for row in logged if int(row["step"]) == resumed.best_step)
    assert all(float(row["val_boundary_iou"]) >= 0 for row in logged)
    assert float(best["val_boundary_iou"]) == pytest.approx(resumed.best_value, abs=1e-5)
    assert str(resumed).endswith(f"val mIoU {resumed.miou:.4f}, boundary IoU {resumed.best_value:.4f}")
    assert steps_of(RunFolder(resumed.output).tensorboard, "val_boundary_iou") == [3, 4]


def test_a_run_without_progress_ends_and_resuming_leaves_it_so(light, logged):
    config = TrainConfig(**{**light, "steps": 9, "eval_every": 1, "patience": 2, "learning_rate": 1e-12})
    result = train(config)
    assert result.step == result.best_step + 2 < 9
    logged.clear()
    assert resume(config.output) == result
    said = f"No better model in 2 validations since step {result.best_step}: training ends at step {result.step}."
    assert said in logged.messages


def test_without_validation_no_patience_and_no_metric_of_it(light):
    for asked in ({"patience": 2}, {"best_by": "boundary_f1"}):
        with pytest.raises(ValueError, match="no split to validate on, which patience=.* Name a val_split"):
            validation_images(TrainConfig(**light, **asked), FakeData())


class FakeData:
    path, splits = "photos", ("train",)


@pytest.mark.parametrize(
    "callbacks, remedy",
    [
        (True, "Give objects"),
        ([print], "Give objects"),
        (keras.callbacks.EarlyStopping("loss"), r"Put it into a list: \[EarlyStopping\("),
    ],
)
def test_what_is_no_list_of_callbacks_is_refused_before_any_work(config, callbacks, remedy):
    with pytest.raises(ValueError, match=f"callbacks must be a list of Keras callbacks; received .*{remedy}"):
        train(config, callbacks)
    assert not RunFolder(config.output).path.exists()
