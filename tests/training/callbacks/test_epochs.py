"""Epochs of so many steps, from any step to any other, in one epoch of Keras."""

import keras
import pytest

from deeplab_tf.training.callbacks import RunState
from deeplab_tf.training.callbacks.epochs import EpochsOfSteps


class Calls(keras.callbacks.Callback):
    """Notes how it is called."""

    def __init__(self, stop_at=None):
        super().__init__()
        self.calls, self.stop_at = [], stop_at

    def on_train_begin(self, logs=None):
        self.calls.append("begin")

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append((epoch, self.params["steps"]))

    def on_train_batch_end(self, batch, logs=None):
        self.calls.append((batch, logs["loss"]))
        self.model.stop_training = len(self.calls) == self.stop_at

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append((epoch, logs["loss"]))

    def on_train_end(self, logs=None):
        self.calls.append("end")


def fitted(known, calls, state, losses):
    epochs = EpochsOfSteps([calls], 2, 5, state)
    epochs.begin(known.model)
    known.fit(epochs, losses=losses)
    return state.step


def test_a_run_that_goes_on_within_an_epoch_and_ends_within_one(known):
    calls = Calls()
    assert fitted(known, calls, RunState(step=1), (1.0, 4.0, 16.0, 9.0)) == 5
    assert calls.calls == [
        "begin", (0, 1), (0, 1), (0, 1), (1, 2), (0, 4), (1, 10), (1, 10), (2, 1), (0, 9), (2, 9), "end",
    ]  # fmt: skip


def test_an_epoch_whose_end_was_cut_off_is_ended_first(known):
    calls = Calls()
    fitted(known, calls, RunState(step=2, loss=3.0), (1.0, 4.0, 9.0))
    assert calls.calls[:5] == ["begin", (0, 0), (0, 3.0), (1, 2), (0, 1)]
    calls = Calls()
    fitted(known, calls, RunState(step=2, rows=[{"step": 2}]), (1.0, 4.0, 9.0))
    assert calls.calls[:3] == ["begin", (1, 2), (0, 1)]


@pytest.mark.parametrize("stop_at, step", [(3, 1), (4, 2)])
def test_a_callback_that_stops_training_has_the_epoch_ended_once(known, stop_at, step):
    calls = Calls(stop_at)
    assert fitted(known, calls, RunState(), (4.0,) * 5) == step
    assert calls.calls[2 + step :] == [(0, 4), "end"]
