"""A checkpoint is whole at every moment, and what fails keeps the one before."""

import math
import signal

import keras
import numpy as np
import pytest

from deeplab_tf.interrupts import Interruption, Interrupts
from deeplab_tf.training.callbacks import BestModel, Checkpoint, Diverged
from deeplab_tf.training.checkpoint import read_state
from harness.file_limit import largest_file


def test_keras_goes_on_from_it(known, tmp_path):
    known.model.set_weights([np.full((1, 1), 2.0)])
    known.fit(Checkpoint(tmp_path / "last.keras"), epochs=2)
    again = keras.models.load_model(tmp_path / "last.keras")
    assert (again.get_weights()[0].item(), int(again.optimizer.iterations)) == (2.0, 8)
    assert read_state(tmp_path / "last.keras").step == 8


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Checkpoint("last.keras", minutes=-1), "minutes must be a number from 0 up; received -1"),
        (lambda: Checkpoint("last.h5"), r"ends in \.keras; received last\.h5"),
        (lambda: BestModel("best.h5"), r"ends in \.keras; received best\.h5"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_once(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def at(step, action):
    """Does something after a batch."""
    return keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: action() if batch + 1 == step else None
    )


def test_minutes(known, tmp_path):
    path, found = tmp_path / "last.keras", []
    checkpoint = Checkpoint(path, minutes=1e-9, on_save=lambda: found.append(read_state(path)))
    known.fit(checkpoint)
    # What Keras has the mean from is kept with it: the sum, and the number of batches.
    expected = [(1, 1.0, [1.0, 1.0]), (2, 2.5, [5.0, 2.0]), (3, 14 / 3, [14.0, 3.0]), (4, None, [])]
    assert [(state.step, state.loss, state.loss_sums) for state in found] == [
        (step, loss and pytest.approx(loss), sums) for step, loss, sums in expected
    ]


def test_an_interrupt_is_saved_at_its_step(known, logged, tmp_path):
    interrupts = Interrupts()
    checkpoint = Checkpoint(tmp_path / "last.keras", interrupts=interrupts)
    with interrupts, pytest.raises(Interruption) as caught, interrupts.noted():
        known.fit(at(3, lambda: signal.raise_signal(signal.SIGTERM)), checkpoint)
    assert (read_state(tmp_path / "last.keras").step, checkpoint.saved_step, caught.value.exit_code) == (3, 3, 143)
    assert "Saving step 3; a second interrupt ends at once." in logged.messages


def test_a_full_disk_and_weights_that_are_no_numbers_keep_the_one_before(known, tmp_path):
    known.fit(Checkpoint(tmp_path / "last.keras"))
    before = (tmp_path / "last.keras").read_bytes()
    with (
        pytest.raises(OSError, match=r"last\.keras could not be written: the file"),
        largest_file(1000),
    ):
        known.fit(Checkpoint(tmp_path / "last.keras"))
    known.model.set_weights([np.full((1, 1), math.nan)])
    with pytest.raises(Diverged, match="The weights became inf at step 12"):
        known.fit(Checkpoint(tmp_path / "last.keras"))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]
