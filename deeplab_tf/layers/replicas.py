"""What layers compute together where several devices share a step, so that it equals the step of one device."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf


def several_replicas() -> tf.distribute.ReplicaContext | None:
    """The context of one of the replicas that share this step; None where there is one device.

    Example:
        >>> several_replicas() is None
        True
    """
    context = tf.distribute.get_replica_context()
    return None if context is None or context.num_replicas_in_sync == 1 else context


def own_rows(rows: tf.Tensor, draw: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
    """What `draw` draws for this replica's images: its rows of what is drawn for the whole batch.

    All replicas hold the same seed, so that they draw the same.

    Args:
        rows: This replica's images.
        draw: Draws for so many images, `[images, ...]`.

    Example:
        >>> own_rows(tf.constant(4), lambda rows: keras.random.uniform((rows, 1)))
    """
    context = several_replicas()
    if context is None:
        return draw(rows)
    first = rows * context.replica_id_in_sync_group
    return draw(rows * context.num_replicas_in_sync)[first : first + rows]


def normalized(
    inputs: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, epsilon: float
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Batch normalisation with the statistics of the images of all replicas (Ioffe and Szegedy 2015, algorithm 1).

    Forward and gradient exchange two numbers a channel, in a fixed order: equal runs are equal to the bit.

    Args:
        inputs: float32 `[N, H, W, channels]`, of this replica.
        scale: float32 `[channels]`.
        offset: float32 `[channels]`.
        epsilon: Added to the variance.

    Returns:
        The outputs, and the mean and the unbiased variance `[channels]`, which have no gradient.
    """

    def summed(values: tf.Tensor) -> tf.Tensor:
        context = several_replicas()
        return values if context is None else context.all_reduce(tf.distribute.ReduceOp.SUM, values)

    @tf.custom_gradient
    def outputs_and_statistics(inputs, scale, offset):
        axes = [0, 1, 2]
        own = tf.cast(tf.reduce_prod(tf.shape(inputs)[:3]), "float32")
        sums = summed(tf.concat([tf.reduce_sum(inputs, axes), [own]], 0))
        count, mean = sums[-1], sums[:-1] / sums[-1]
        centred = inputs - mean
        variance = summed(tf.reduce_sum(centred * centred, axes)) / count
        inverse = tf.math.rsqrt(variance + epsilon)
        standard = centred * inverse

        def gradient(outputs, *_):
            of_offset, of_scale = tf.reduce_sum(outputs, axes), tf.reduce_sum(outputs * standard, axes)
            all_offset, all_scale = tf.split(summed(tf.concat([of_offset, of_scale], 0)), 2)
            of_inputs = scale * inverse * (outputs - (all_offset + standard * all_scale) / count)
            return of_inputs, of_scale, of_offset

        unbiased = variance * (count / tf.maximum(count - 1.0, 1.0))
        return (standard * scale + offset, mean, unbiased), gradient

    return outputs_and_statistics(inputs, scale, offset)
