"""The dense CRF as a layer that is trained with the network (CRF-RNN: Zheng et al., 2015)."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.checks import whole
from deeplab_tf.crf.mean_field import batch_kernels, refined_logits
from deeplab_tf.crf.parameters import CRFParameters, crf_parameters


@keras.saving.register_keras_serializable(package="deeplab_tf")
class DenseCRFLayer(keras.layers.Layer):
    """Mean field of a dense CRF, differentiable in the logits, in the kernels' weights and in the compatibility.

    This is CRF-RNN (Zheng et al. 2015). The weights are one per class for each kernel (section 4.1 of the paper), and a
    matrix of classes by classes, what it costs that two labels stand side by side, which starts as Potts: 0 on the
    diagonal, 1 elsewhere. The widths of the kernels are not trained.

    Args:
        parameters: Where the weights start, and the widths; as for `DenseCRF`. Its `get_config()` form is taken too.
        iterations: The paper trains with 5 and predicts with 10: set the attribute for that.
        **kwargs: As for `keras.layers.Layer`.

    Call arguments:
        inputs: `[images, logits]`: RGB 0-255 `[B, H, W, 3]` and float `[B, H, W, classes]` of the same size.

    Returns:
        float32 `[B, H, W, classes]`: logits, whose softmax are the marginals.

    Raises:
        ValueError: If a parameter or the number of iterations is not possible; and from a call, if the inputs are not
            such, have another number of classes than at the first call, or the kernels are far too narrow for them.

    Example:
        >>> images, logits = np.zeros((1, 4, 6, 3), np.uint8), np.zeros((1, 4, 6, 2), np.float32)
        >>> DenseCRFLayer("crf_rnn")([images, logits]).shape
        TensorShape([1, 4, 6, 2])
    """

    def __init__(self, parameters: str | CRFParameters | dict = "crf_rnn", iterations: int = 5, **kwargs):
        # float32 under mixed precision too: half precision loses the small weights of a lattice.
        super().__init__(**{"dtype": "float32", **kwargs}, autocast=False)
        self.parameters = CRFParameters(**parameters) if isinstance(parameters, dict) else crf_parameters(parameters)
        self.iterations = whole("iterations", iterations, remedy="The paper takes 5.")
        # XLA has no sparse products.
        self.supports_jit = False
        self._expect()

    def build(self, input_shape):
        sides = [shape[1:3] for shape in input_shape]
        if any(a != b for a, b in zip(*sides) if a and b):
            raise ValueError(f"The sizes of images and logits of a DenseCRFLayer must be equal; received {sides}.")
        remedy = "Build the model that makes them with a number of classes."
        classes = whole("The last axis of a DenseCRFLayer's logits", input_shape[1][-1], remedy=remedy)
        for name in ("bilateral_weight", "spatial_weight"):
            start = keras.initializers.Constant(getattr(self.parameters, name))
            setattr(self, name, self.add_weight(name=name, shape=(classes,), initializer=start))
        self._expect(classes)
        potts = 1 - np.eye(classes, dtype=np.float32)
        self.compatibility = self.add_weight(
            name="compatibility", shape=(classes, classes), initializer=lambda shape, dtype: tf.constant(potts, dtype)
        )

    def _expect(self, classes: int | None = None) -> None:
        logits = keras.layers.InputSpec(ndim=4, axes={} if classes is None else {-1: classes})
        self.input_spec = [keras.layers.InputSpec(ndim=4, axes={-1: 3}), logits]

    def call(self, inputs):
        images, logits = inputs
        classes = logits.shape[-1]

        # Computed again for the gradient, so that no sparse matrix is kept for it: a tape that records a
        # `tf.function` cannot keep one.
        @tf.recompute_grad
        def refined(unary, bilateral_weight, spatial_weight, compatibility):
            weights = tuple(-weight[:, None] * compatibility for weight in (bilateral_weight, spatial_weight))
            return refined_logits(unary, batch_kernels(images, self.parameters), weights, self.iterations)

        unary = tf.reshape(tf.cast(logits, tf.float32), (-1, classes))
        weights = map(tf.convert_to_tensor, (self.bilateral_weight, self.spatial_weight, self.compatibility))
        return tf.reshape(refined(unary, *weights), tf.shape(logits))

    def compute_output_shape(self, input_shape):
        return input_shape[1]

    def get_config(self):
        parameters = dataclasses.asdict(self.parameters)
        return {**super().get_config(), "parameters": parameters, "iterations": self.iterations}
