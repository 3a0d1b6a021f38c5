"""The optimiser of a run."""

from __future__ import annotations

import keras
import tensorflow as tf


class LocalSGD(keras.optimizers.SGD):
    """Keras's stochastic gradient descent, without what a process would keep of every run of one replica.

    Keras sums the gradients over all replicas even where there is one. TensorFlow gives each such sum a gradient of its
    own, in a table of the process that nothing is ever taken from; it holds the graph of the whole training step, some
    28 MB. Within a `tf.distribute` strategy this is Keras's optimiser unchanged.

    Example:
        >>> model.compile(LocalSGD(0.01, momentum=0.9), pixel_loss(255))
    """

    def apply(self, grads, trainable_variables=None):
        def update(_=None):
            return super(LocalSGD, self).apply(grads, trainable_variables)

        context = tf.distribute.get_replica_context()
        # Across replicas, which is where `merge_call` leads, Keras takes the gradients as summed.
        return update() if context is None or tf.distribute.has_strategy() else context.merge_call(update)


def sgd(learning_rate: keras.optimizers.schedules.LearningRateSchedule, *, momentum: float) -> LocalSGD:
    """Stochastic gradient descent as the papers have it.

    Args:
        learning_rate: By step.
        momentum: 0 to below 1.

    Example:
        >>> sgd(poly(0.01, 3000, power=0.9), momentum=0.9).momentum
        0.9
    """
    return LocalSGD(learning_rate, momentum=momentum)
