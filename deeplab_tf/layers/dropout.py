"""Dropout that several devices draw as one would, and that leaves a graph to TensorFlow's layout optimiser."""

from __future__ import annotations

import keras
import tensorflow as tf

from deeplab_tf.layers.replicas import own_rows


@keras.saving.register_keras_serializable(package="deeplab_tf")
class Dropout(keras.layers.Dropout):
    """`keras.layers.Dropout`, whose draws do not depend on how many devices share a batch.

    Args:
        rate: Fraction of the values dropped in training, 0 to 1; the others are scaled up by 1 / (1 - rate).
        noise_shape: As for Keras's.
        seed: Of the draws; None draws one.
        **kwargs: As for `keras.layers.Layer`.

    Call arguments:
        inputs: float, any shape.
        training: Whether to drop.

    Returns:
        The same shape and dtype.

    Example:
        >>> Dropout(0.1)(tf.ones((2, 4, 4, 3)), training=True).shape
        TensorShape([2, 4, 4, 3])
    """

    def call(self, inputs, training=False):
        if not training or not self.rate:
            return super().call(inputs, training=training)

        # Multiplied, as TensorFlow's layout optimiser fails where a choice between inputs and a scalar 0 follows a
        # convolution: a GPU would then run the whole step as it was written.
        def draw(rows: tf.Tensor) -> tf.Tensor:
            ones = tf.ones(tf.concat([[rows], tf.shape(inputs)[1:]], 0), inputs.dtype)
            return keras.random.dropout(ones, self.rate, noise_shape=self.noise_shape, seed=self.seed_generator)

        return inputs * own_rows(tf.shape(inputs)[0], draw)
