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
