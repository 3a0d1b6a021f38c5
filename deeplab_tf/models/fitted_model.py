"""What Keras's `compile`, `fit`, `evaluate`, `predict` and saving do differently for the networks of this package."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.layers import BatchNorm
from deeplab_tf.lazy import register
from deeplab_tf.losses.combined import follow
from deeplab_tf.models.initial_weights import recalibrate_folded
from deeplab_tf.models.keras_data import checked_images, images_of, pairs_of
from deeplab_tf.models.keras_loss import explained_labels, warn_of_probabilities


class FittedModel(keras.Model):
    """A Keras model that is fitted and judged rightly as it is, and whose runs go on as if never interrupted."""

    def compile(self, optimizer="rmsprop", loss=None, *args, jit_compile: bool = False, **kwargs):
        """As `keras.Model.compile`, with XLA off unless asked for: it makes dilated convolutions slow on CPUs.

        A run begins: the statistics of normalisation are to follow its data, however long those before it took.
        A loss of probabilities is warned of; one that needs the step takes the optimiser's.
        """
        warn_of_probabilities(loss)
        super().compile(optimizer, loss, *args, jit_compile=jit_compile, **kwargs)
        follow(loss, self.optimizer)
        for layer in self.layers:
            if isinstance(layer, BatchNorm):
                layer.begin_run()

    def compile_from_config(self, config: dict) -> None:
        """Compiles as the saved model was, so that `fit` goes on."""
        register()
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def fit(self, x=None, y=None, *args, **kwargs):
        """As `keras.Model.fit`; data and validation data may be what `evaluation_images` gives, one image a batch.

        Where the file that the weights are from had its normalisation folded, the statistics that it lacks are first
        measured on the data; the function of the network stays the same.

        Raises:
            ValueError: If arrays of images are not 0-255, or masks hold a label that is neither a class nor ignored. A
                data set of images of another range is warned of.
        """
        if kwargs.get("validation_data") is not None:
            kwargs["validation_data"] = pairs_of(kwargs["validation_data"])
        x = checked_images(pairs_of(x))
        if isinstance(x, tf.data.Dataset):
            # Keras's default is to shuffle, and to warn that it does not shuffle these.
            kwargs.setdefault("shuffle", False)
        recalibrate_folded(self, x)
        with explained_labels():
            return super().fit(x, y, *args, **kwargs)

    def evaluate(self, x=None, y=None, *args, **kwargs):
        """As `keras.Model.evaluate`, on what `fit` takes."""
        with explained_labels():
            return super().evaluate(checked_images(pairs_of(x)), y, *args, **kwargs)

    def predict(self, x, *args, **kwargs):
        """As `keras.Model.predict`: logits; of arrays that are not 0-255 a `ValueError`."""
        return super().predict(checked_images(images_of(x)), *args, **kwargs)

    def save_own_variables(self, store) -> None:
        """Adds the states of the random seeds, which Keras leaves out, so that `fit` goes on with the same dropout."""
        super().save_own_variables(store)
        for index, seed in enumerate(self._seeds):
            store[f"seed_{index}"] = np.asarray(seed)

    def load_own_variables(self, store) -> None:
        """Restores what `save_own_variables` stored; seeds of other layers, or none, are let be."""
        found = {key: store[key] for key in list(store.keys())}
        states = [found.pop(key) for key in sorted(found, key=_number) if key.startswith("seed_")]
        super().load_own_variables(found)
        if len(states) == len(self._seeds):
            for seed, state in zip(self._seeds, states):
                seed.assign(np.asarray(state))

    @property
    def _seeds(self) -> list[keras.Variable]:
        weights = {id(weight) for weight in self.weights}
        return [variable for variable in self.variables if id(variable) not in weights]


def _number(key: str) -> int:
    return int(key.rpartition("_")[2])
