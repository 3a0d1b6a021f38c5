"""Drop path, which trains a searched network with some of its paths missing."""

from __future__ import annotations

import keras
import tensorflow as tf

from deeplab_tf.checks import number, whole
from deeplab_tf.layers.replicas import own_rows


@keras.saving.register_keras_serializable(package="deeplab_tf")
class DropPath(keras.layers.Layer):
    """In training, drops a whole path of an image, or scales it up so that its expectation stays the same.

    Drop path is of Larsson et al. 2017 (arXiv 1605.07648); the release has it in core/nas_cell.py.

    Args:
        rate: Fraction of the images whose path is dropped, 0 to below 1.
        steps: Training steps over which the fraction rises from 0 to `rate`, linearly, as in the release; None takes
            the whole fraction from the start. The steps taken are a weight of the layer, so that training that is
            saved and resumed goes on where it was.
        seed: Of the draws; None draws one.
        **kwargs: As for `keras.layers.Layer`.

    Call arguments:
        inputs: float `[B, ...]`.
        training: Whether to drop.

    Returns:
        The same shape and dtype.

    Raises:
        ValueError: If the fraction or the steps are not possible.

    Example:
        >>> np.unique(DropPath(0.5)(tf.ones((100, 3, 3, 8)), training=True))
        array([0., 2.], dtype=float32)
    """

    def __init__(self, rate: float, steps: int | None = None, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.rate = number("rate", rate, least=0, below=1, remedy="It is the fraction of paths to drop; try 0.2.")
        remedy = "It is the training steps over which the fraction rises; None takes all of it from the start."
        self.steps = None if steps is None else whole("steps", steps, remedy=remedy)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        if self.steps:
            self.taken = self.add_weight(name="steps", shape=(), dtype="int32", initializer="zeros", trainable=False)

    def call(self, inputs, training=False):
        if not training or not self.rate:
            return inputs
        rate = tf.constant(self.rate, "float32")
        if self.steps:
            rate *= tf.minimum(tf.cast(self.taken, "float32") / self.steps, 1.0)
            self.taken.assign_add(1)

        def draw(images: tf.Tensor) -> tf.Tensor:
            one_each = (images, *(1 for _ in inputs.shape[1:]))
            return keras.random.uniform(one_each, dtype="float32", seed=self.seed_generator)

        kept = own_rows(tf.shape(inputs)[0], draw) >= rate
        return inputs * tf.cast(tf.cast(kept, "float32") / (1.0 - rate), inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "steps": self.steps, "seed": self.seed}
