"""Training ends where the loss or the weights are not numbers any more."""

import math

import keras
import numpy as np
import pytest

from deeplab_tf.training.callbacks import Diverged, Divergence


def test_the_loss(known):
    with pytest.raises(ValueError, match=r"^The loss became nan at step 3\. Start again with a lower learning rate, "):
        known.fit(Divergence(), losses=(1, 4, math.nan, 16))


def test_weights_that_the_last_step_spoilt_before_what_comes_after_it(known):
    def spoil(batch, logs):
        if batch == 3:
            known.model.set_weights([np.full((1, 1), math.inf)])

    spoilt, seen = keras.callbacks.LambdaCallback(on_train_batch_end=spoil), []
    after = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    with pytest.raises(Diverged, match="The weights became inf at step 4") as caught:
        known.fit(spoilt, Divergence(), after)
    assert (caught.value.what, caught.value.step, seen) == ("weights", 4, [])


def test_the_remedy_names_the_learning_rate_and_what_is_kept():
    assert str(Diverged("loss", math.nan, 7, 0.01, "The model of step 5 is kept. ")) == (
        "The loss became nan at step 7 with learning_rate 0.01. The model of step 5 is kept. Start again with a lower "
        "one, for instance 0.001, and check the labels of the data if that does not help."
    )
    assert "for instance 0.01, and" in str(Diverged("loss", math.nan, 7, 1e6))


def test_the_images_of_the_last_two_steps_are_named(known):
    asked = []

    def files(number):
        asked.append(number)
        return [f"{number}a", f"{number}b"]

    known.fit(Divergence(files=files))
    assert not asked
    said = r"^The loss became inf at step 7\. Step 7 saw 6a, 6b\. Step 6 saw 5a, 5b\. Start .*labels of these images if"
    with pytest.raises(Diverged, match=said) as caught:
        known.fit(Divergence(files=files), losses=(1, 4, math.inf, 16))
    assert caught.value.files == {7: ["6a", "6b"], 6: ["5a", "5b"]}


def test_files_that_cannot_be_read_any_more_hide_nothing(known):
    def files(number):
        raise OSError("The disk is gone.")

    with pytest.raises(Diverged, match=r"^The loss became nan at step 1\. Start again"):
        known.fit(Divergence(files=files), losses=(math.nan,))
