"""A fit that takes no time, of which every loss is known."""

import keras
import numpy as np
import pytest

from deeplab_tf.inference import Predictor
from deeplab_tf.labels import LabelSpec


class Known:
    """A model of one weight, 1, that learns nothing: the loss of a batch is its number."""

    def __init__(self):
        self.model = keras.Sequential(
            [keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")]
        )
        self.model.compile(keras.optimizers.SGD(0.0), "mse", jit_compile=False)

    def fit(self, *callbacks, losses=(1.0, 4.0, 9.0, 16.0), epochs=1, **settings):
        """Fits one batch for each loss; gives the history."""
        images, targets = np.zeros((len(losses), 1)), np.sqrt(losses)[:, None]
        settings = {"batch_size": 1, "shuffle": False, "verbose": 0, **settings}
        return self.model.fit(images, targets, epochs=epochs, callbacks=list(callbacks), **settings).history


@pytest.fixture
def known():
    return Known()


class Published(keras.callbacks.Callback):
    """Publishes metrics of its own, one mean IoU for each epoch."""

    def __init__(self, *mious):
        super().__init__()
        self.mious = mious

    def on_epoch_end(self, epoch, logs=None):
        logs |= {"val_mean_iou": self.mious[epoch], "val_pixel_accuracy": 0.75}


class Square(Predictor):
    """Takes every pixel for the second of two classes."""

    source, labels = "square", LabelSpec(("ground", "square"))

    def scores(self, images):
        return np.broadcast_to(np.float32([0, 1]), (*images.shape[:3], 2))


@pytest.fixture
def published():
    return Published


@pytest.fixture
def squares():
    """A predictor, two images of four pixels, and the result: IoU 0 and 5 of 8, pixel accuracy 5 of 8."""
    image = np.zeros((2, 2, 3), np.uint8)
    return Square(), [(image, np.array([[0, 1], [1, 1]])), (image, np.array([[0, 0], [1, 1]]))]
