"""Losses and labels that do not go with logits are told in a line."""

import keras
import numpy as np
import pytest

from deeplab_tf.models import DeepLabV3
from harness.tiny_model import photo

LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)


@pytest.fixture(scope="module")
def model():
    return DeepLabV3("mobilenet_v2", classes=3, atrous_rates=(), depth_multiplier=0.25, filters=8)


@pytest.mark.parametrize(
    "loss, shown",
    [
        ("sparse_categorical_crossentropy", "sparse_categorical_crossentropy"),
        ("SparseCategoricalCrossentropy", "SparseCategoricalCrossentropy"),
        (keras.losses.categorical_crossentropy, "categorical_crossentropy"),
        (keras.losses.SparseCategoricalCrossentropy(ignore_class=255), "SparseCategoricalCrossentropy"),
    ],
)
def test_losses_of_probabilities_are_warned_of(model, caplog, loss, shown):
    model.compile("sgd", loss)
    assert [message.partition(" expects")[0] for message in caplog.messages] == [f"The loss {shown}"]
    assert "Compile with deeplab_tf.losses.CrossEntropy(255)" in caplog.text


@pytest.mark.parametrize("loss", [LOGITS, "mse", lambda truth, logits: 0.0, None])
def test_other_losses_are_not(model, caplog, loss):
    model.compile("sgd", loss=loss)
    assert not caplog.messages


@pytest.mark.parametrize("doing", ["fit", "evaluate"])
def test_labels_that_are_no_class_are_told_in_a_line(model, doing):
    model.compile("sgd", LOGITS)
    masks = np.full((1, 33, 33), 255)
    masks[0, 5, 5:] = 3
    with pytest.raises(ValueError, match=r"^A mask holds 3; expected class ids 0-2\. .*CrossEntropy\(3\)\.$"):
        getattr(model, doing)(photo(33, 33)[None], masks, verbose=0)
