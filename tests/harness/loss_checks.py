"""What tests of losses ask of one."""

import tensorflow as tf


def value_and_gradient(loss, labels, logits, weights=None):
    """A loss of a batch and its gradient by the logits, as numbers."""
    logits = tf.convert_to_tensor(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(labels, logits, weights)
    return float(value), tape.gradient(value, logits).numpy()
