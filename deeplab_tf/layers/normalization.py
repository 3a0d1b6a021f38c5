"""Batch normalisation whose statistics can be frozen while its scale and shift still train."""

from __future__ import annotations

import dataclasses
import types

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.layers.replicas import normalized, several_replicas

# As so many updates count statistics that a layer did not measure in this run: at first a tenth is new.
MEASURED = 80
UPDATES = "updates"


@dataclasses.dataclass(frozen=True)
class Norm:
    """The settings that all normalisation layers of a part of the network share.

    Args:
        momentum: Fraction of the old moving statistics kept at each step of a long run, 0-1.
        epsilon: Added to the variance, > 0.
        frozen_statistics: Normalise with the moving statistics in training too.
        trainable: Train scale and shift.

    Example:
        >>> Norm(momentum=0.9997, epsilon=1e-5).trainable
        True
    """

    momentum: float
    epsilon: float
    frozen_statistics: bool = False
    trainable: bool = True


@keras.saving.register_keras_serializable(package="deeplab_tf")
class BatchNorm(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization`, fused, with `fine_tune_batch_norm=False` of the release's train.py.

    Keras's own `trainable=False` would freeze gamma and beta as well. In training the batch's statistics and the
    gradient come from one fused operation, as in the release: the moving variance follows the unbiased variance.
    With Keras's `synchronized=True` the same holds of the batches of all replicas together.

    With `warm_up` the momentum of update n is at most (1 + n) / (10 + n), as that of moving averages: the statistics
    are always about those of the last ninth of a run, and of a short one its own. The count is saved beside the
    weights, of which it is none. Statistics that come from elsewhere count as so many updates that they fade gently.

    Args:
        frozen_statistics: Use, and do not update, the moving statistics in training. Gamma and beta train.
        warm_up: Whether the momentum rises from 0.1 to `momentum` with the number of updates.
        **kwargs: As for `keras.layers.BatchNormalization`.

    Example:
        >>> BatchNorm(frozen_statistics=True)(tf.ones((2, 4, 4, 3)), training=True).shape
        TensorShape([2, 4, 4, 3])
    """

    def __init__(self, frozen_statistics: bool = False, warm_up: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.frozen_statistics = frozen_statistics
        self.warm_up = warm_up
        # In a holder that Keras does not look into: released files and old ones have four weights in each layer.
        self._uncounted = types.SimpleNamespace(updates=None)

    def build(self, input_shape):
        super().build(input_shape)
        # By an initialiser: a network whose variables have no values is built from its shapes alone.
        self._uncounted.updates = keras.Variable(
            "zeros", shape=(), dtype="int32", trainable=False, autocast=False, aggregation="only_first_replica",
            name="updates",
        )  # fmt: skip

    def call(self, inputs, training=None, mask=None):
        training = bool(training) and self.trainable and not self.frozen_statistics
        fusible = len(inputs.shape) == 4 and self.axis in (-1, 3) and mask is None
        if not training:
            return super().call(inputs, training=False, mask=mask)
        momentum = self._next_momentum()
        # Keras 3.8 knows no renormalisation.
        if not fusible or getattr(self, "renorm", False):
            return self._composed(inputs, mask, momentum)
        # Composed of single operations, the gradient would be a sum of three, whose order depends on which thread
        # is done first: equal runs would differ by rounding and drift apart.
        channels = inputs.shape[-1]
        scale = tf.convert_to_tensor(self.gamma) if self.scale else tf.ones(channels)
        offset = tf.convert_to_tensor(self.beta) if self.center else tf.zeros(channels)
        if self.synchronized and several_replicas() is not None:
            outputs, mean, variance = normalized(tf.cast(inputs, "float32"), scale, offset, self.epsilon)
        else:
            # Of 16 bits as they are: the kernel computes in float32 by itself, and reads and writes half as much.
            images = inputs if inputs.dtype.size == 2 else tf.cast(inputs, "float32")
            outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
                x=images, scale=scale, offset=offset, mean=tf.zeros(0), variance=tf.zeros(0), epsilon=self.epsilon,
                is_training=True,
            )  # fmt: skip
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * momentum + batch * (1.0 - momentum))
        return tf.cast(outputs, self.compute_dtype)

    def _next_momentum(self):
        if not self.warm_up:
            return self.momentum
        updates = self._uncounted.updates
        count = tf.cast(tf.convert_to_tensor(updates), tf.float32)
        updates.assign(updates + 1)
        return tf.minimum(self.momentum, (1.0 + count) / (10.0 + count))

    def _composed(self, inputs, mask, momentum):
        """Keras's own layer, which reads the momentum from its attribute."""
        lasting, self.momentum = self.momentum, momentum
        try:
            return super().call(inputs, training=True, mask=mask)
        finally:
            self.momentum = lasting

    def begin_run(self) -> None:
        """Lets the statistics of a run that begins follow its own data, however many updates made those it finds."""
        if self.built:
            count = 0 if self._unmeasured else MEASURED
            self._uncounted.updates.assign(min(int(self._uncounted.updates), count))

    def set_weights(self, weights):
        super().set_weights(weights)
        self._uncounted.updates.assign(0 if self._unmeasured else MEASURED)

    def save_own_variables(self, store):
        super().save_own_variables(store)
        store[UPDATES] = np.asarray(self._uncounted.updates)

    def load_own_variables(self, store):
        # The files' entries are mappings in some of their methods only.
        found = {key: store[key] for key in list(store.keys())}
        count = found.pop(UPDATES, None)
        super().load_own_variables(found)
        if count is None or (count == 0 and not self._unmeasured):
            count = 0 if self._unmeasured else MEASURED
        self._uncounted.updates.assign(count)

    @property
    def updates(self) -> keras.Variable:
        """How many updates made the moving statistics: what continues a run beside the weights."""
        return self._uncounted.updates

    @property
    def _unmeasured(self) -> bool:
        """Whether the moving mean and variance are the initial 0 and 1."""
        return not np.any(self.moving_mean) and bool(np.all(np.asarray(self.moving_variance) == 1))

    @property
    def carries_folded(self) -> bool:
        """Whether a scale or shift was loaded without the statistics that belong to it.

        So it is in files whose normalisation was folded into the convolutions: the moving mean and variance
        still have their initial 0 and 1, gamma and beta have not.
        """
        gamma, beta, *_ = self.get_weights()
        fresh = (gamma == 1).all() and (beta == 0).all()
        return bool(self._unmeasured and not fresh)

    def load_folded(self, bias: np.ndarray) -> None:
        """Makes the inference function `x + bias`, so that a folded kernel before it keeps its meaning.

        Args:
            bias: float `[channels]`, the folded layer's bias.
        """
        scale = np.full(bias.shape, np.sqrt(1.0 + self.epsilon), np.float32)
        self.set_weights([scale, bias, np.zeros_like(bias), np.ones_like(bias)])

    def get_config(self):
        return {**super().get_config(), "frozen_statistics": self.frozen_statistics, "warm_up": self.warm_up}
