"""A user's own callbacks in a run: what they see, when they are called, and what becomes of what they do."""

import keras
import numpy as np
import pytest

from deeplab_tf import load_model
from deeplab_tf.training import RunFolder, TrainConfig, resume, train
from deeplab_tf.training.checkpoint import read_state


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
def runs(shapes, tmp_path_factory):
    """A run that a callback ends after its first validation, and the same resumed."""
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "run")
    config = TrainConfig(
        data=str(shapes), output=str(folder.path), backbone="resnet_18", depth_multiplier=0.25, atrous_rates=(),
        crop_size=33, batch_size=4, steps=4, eval_every=3,
    )  # fmt: skip
    first = Own(folder, stop=True)
    result = train(config, [first])
    biases = [load_model(path).get_layer("logits.semantic").bias.numpy() for path in (folder.checkpoint, folder.model)]
    second = Own(folder, stop=False)
    return result, biases, first, resume(folder.path, [second]), second


SEEN = ["loss", "val_mean_iou", "val_pixel_accuracy"]


def test_it_comes_after_log_best_and_curves_and_before_the_checkpoint(runs):
    first = runs[2]
    assert first.epochs == ["begin", (0, SEEN, 3, (True, True), 0), "end"]
    assert first.batches == [(0, 3, ["loss"]), (1, 3, ["loss"]), (2, 3, ["loss"])]


def test_the_checkpoint_keeps_what_it_did(runs):
    kept, best = runs[1]
    np.testing.assert_array_equal(kept, np.float32([7] * 6))
    assert np.abs(best).max() < 7


def test_it_stops_the_run_which_resume_ends(runs):
    result, _, _, resumed, second = runs
    assert (result.step, resumed.step) == (3, 4)
    assert second.epochs == ["begin", (1, SEEN, 4, (True, True), 3), "end"]
    assert second.batches == [(0, 1, ["loss"])]


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
