"""A network of two small convolutions, named as ours are, and what training it takes."""

import keras
import numpy as np

from deeplab_tf.optimizers import averaged_weights

DRAW = np.random.default_rng(0)
IMAGES = DRAW.normal(size=(4, 5, 5, 2)).astype(np.float32)
LABELS = DRAW.integers(0, 2, (4, 5, 5))


def small_network(optimizer, **compiled):
    """A backbone of one layer, with normalisation and a depthwise convolution, and a head of one."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((5, 5, 2)),
            layers.Conv2D(3, 3, padding="same", name="MobilenetV2.Conv"),
            layers.BatchNormalization(name="MobilenetV2.Conv.BatchNorm"),
            layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="MobilenetV2.expanded_conv.depthwise"),
            layers.Conv2D(2, 1, name="logits.semantic", dtype="float32"),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, jit_compile=False, **compiled)
    return model


def fitted(optimizer, *, epochs=4, model=None, first=0, **more):
    """The network after so many steps."""
    model = small_network(optimizer) if model is None else model
    model.fit(IMAGES, LABELS, epochs=epochs, initial_epoch=first, batch_size=4, shuffle=False, verbose=0, **more)
    return model


def gradients_of(model):
    """The gradients of the loss at the network's weights, by position among the trained ones."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = model.loss(LABELS, model(IMAGES, training=True))
    return [np.asarray(gradient) for gradient in tape.gradient(loss, model.trainable_variables)]


def states(model):
    """Every number that training changes."""
    return [np.array(variable) for variable in (*model.variables, *model.optimizer.variables)]


class SeenWeights(keras.callbacks.Callback):
    """The trained weights after every batch, or epoch, and their averages at that time."""

    def __init__(self, after="batch"):
        super().__init__()
        self.after, self.own, self.averaged = after, [], []

    def on_train_batch_end(self, batch, logs=None):
        self._look("batch")

    def on_epoch_end(self, epoch, logs=None):
        self._look("epoch")

    def _look(self, after):
        if after != self.after:
            return
        self.own.append(self._weights())
        with averaged_weights(self.model):
            self.averaged.append(self._weights())
        assert all(map(np.array_equal, self.own[-1], self._weights()))

    def _weights(self):
        return [np.array(variable) for variable in self.model.trainable_variables]
