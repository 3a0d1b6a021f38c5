"""An endless stream of a split's records whose order is a function of the seed alone and that starts anywhere."""

from __future__ import annotations

import tensorflow as tf

from deeplab_tf.datasets.dataset import DataSet

_SHARDS_MIXED = 16


def record_stream(dataset: DataSet, split: str, *, seed: int, start: int, shuffle_buffer: int) -> tf.data.Dataset:
    """The records of `split`, epoch after epoch, each epoch in its own order.

    The record at index i depends on `seed`, i and `shuffle_buffer` only: neither on `start`, nor on the number of
    threads, nor on TensorFlow's global seed.

    Args:
        dataset: The data set.
        split: The split to read.
        seed: Seed of the order.
        start: Index of the first record.
        shuffle_buffer: Number of serialised records among which the next one is drawn.

    Returns:
        Infinite pairs of the index, int64, and the serialised example, a string.

    Raises:
        ValueError: If there is no such split, a shard is missing, or the split is empty.
    """
    files = tf.constant([str(path) for path in dataset.files(split)])
    count = dataset.count(split)
    if not count:
        raise ValueError(f"{dataset.path} has no images in split {split!r}. Convert the split again.")

    def epoch_records(epoch: tf.Tensor) -> tf.data.Dataset:
        # Dataset.shuffle mixes the seed of the graph in, which would be the caller's tf.random.set_seed; this sets
        # that of this function's own graph. It must not be 0, with which a tensor as seed is refused.
        tf.random.set_seed(1)
        key = tf.stack([tf.constant(seed, tf.int64), epoch])
        order = tf.random.experimental.stateless_shuffle(files, key)
        records = tf.data.Dataset.from_tensor_slices(order).interleave(
            tf.data.TFRecordDataset, cycle_length=min(len(files), _SHARDS_MIXED)
        )
        shuffle_seed = tf.random.stateless_uniform((), key, None, None, tf.int64, alg="philox")
        return records.shuffle(shuffle_buffer, shuffle_seed, reshuffle_each_iteration=False)

    epochs = tf.data.Dataset.range(start // count, tf.int64.max).flat_map(epoch_records)
    return tf.data.Dataset.zip(tf.data.Dataset.range(start, tf.int64.max), epochs.skip(start % count))
