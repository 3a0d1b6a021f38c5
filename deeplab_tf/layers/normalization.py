"""Batch normalisation whose statistics can be frozen while its scale and shift still train."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Norm:
    """The settings that all normalisation layers of a part of the network share.

    Args:
        momentum: Share of the old moving statistics kept at each step, 0-1.
        epsilon: Added to the variance, > 0.
        frozen_statistics: Normalise with the moving statistics in training too.
        trainable: Train scale and shift.
    """

    momentum: float
    epsilon: float
    frozen_statistics: bool = False
    trainable: bool = True


@keras.saving.register_keras_serializable(package="deeplab_tf")
class BatchNorm(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` with the release's `fine_tune_batch_norm=False`, and its fused kernel.

    Keras's own `trainable=False` would freeze gamma and beta as well. In training the batch's statistics and the
    gradient come from one fused operation, as in the release: the moving variance follows the unbiased variance.

    Args:
        frozen_statistics: Use, and do not update, the moving statistics in training. Gamma and beta train.
        **kwargs: As for `keras.layers.BatchNormalization`.

    Example:
        >>> BatchNorm(frozen_statistics=True)(tf.ones((2, 4, 4, 3)), training=True).shape
        TensorShape([2, 4, 4, 3])
    """

    def __init__(self, frozen_statistics: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.frozen_statistics = frozen_statistics

    def call(self, inputs, training=None, mask=None):
        training = bool(training) and self.trainable and not self.frozen_statistics
        fusible = len(inputs.shape) == 4 and self.axis in (-1, 3) and mask is None
        if not training or not fusible or self.renorm or self.synchronized:
            return super().call(inputs, training=training, mask=mask)
        # Composed of single operations, the gradient would be a sum of three, whose order depends on which thread
        # is done first: equal runs would differ by rounding and drift apart.
        channels = inputs.shape[-1]
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=tf.cast(inputs, "float32"),
            scale=tf.convert_to_tensor(self.gamma) if self.scale else tf.ones(channels),
            offset=tf.convert_to_tensor(self.beta) if self.center else tf.zeros(channels),
            mean=tf.zeros(0),
            variance=tf.zeros(0),
            epsilon=self.epsilon,
            is_training=True,
        )
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + batch * (1.0 - self.momentum))
        return tf.cast(outputs, self.compute_dtype)

    @property
    def carries_folded(self) -> bool:
        """Whether a scale or shift was loaded without the statistics that belong to it.

        So it is in files whose normalisation was folded into the convolutions: the moving mean and variance
        still have their initial 0 and 1, gamma and beta have not.
        """
        gamma, beta, mean, variance = self.get_weights()
        unmeasured = (mean == 0).all() and (variance == 1).all()
        fresh = (gamma == 1).all() and (beta == 0).all()
        return bool(unmeasured and not fresh)

    def load_folded(self, bias: np.ndarray) -> None:
        """Makes the inference function `x + bias`, so that a folded kernel before it keeps its meaning.

        Args:
            bias: float `[channels]`, the folded layer's bias.
        """
        scale = np.full(bias.shape, np.sqrt(1.0 + self.epsilon), np.float32)
        self.set_weights([scale, bias, np.zeros_like(bias), np.ones_like(bias)])

    def get_config(self):
        return {**super().get_config(), "frozen_statistics": self.frozen_statistics}
