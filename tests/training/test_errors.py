"""TensorFlow's errors in terms of the user's files and settings."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.datasets import open_dataset
from deeplab_tf.training.errors import explained


def test_labels_that_are_no_class_are_told(config, shapes):
    dataset = open_dataset(shapes)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    with (
        pytest.raises(ValueError, match=r"labels in split 'train' that are neither one of its 6 classes .* nor 255"),
        explained(config, dataset, "train"),
    ):
        loss(np.array([[0, 6, 255]]), np.zeros((1, 3, 6), np.float32))


def test_memory_that_runs_out_is_told(config, shapes):
    with (
        pytest.raises(ValueError, match="Memory ran out at batch_size 4 and crop_size 33x33. Lower one"),
        explained(config, open_dataset(shapes), "train"),
    ):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")


def test_other_errors_stay_what_they_are(config, shapes):
    with pytest.raises(tf.errors.AbortedError), explained(config, open_dataset(shapes), "train"):
        raise tf.errors.AbortedError(None, None, "lost the device")
