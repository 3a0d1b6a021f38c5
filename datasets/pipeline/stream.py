"""An endless stream of a source's images whose order is a function of the seed alone and that starts anywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from deeplab_tf.datasets.pipeline.sources import Source


def example_stream(
    source: Source,
    *,
    seed: int,
    start: int,
    shuffle_buffer: int,
    image_weights: Sequence[float] | np.ndarray | None = None,
) -> tf.data.Dataset:
    """The elements of `source`, epoch after epoch, each epoch in its own order.

    The element at index i depends on `seed`, i, `shuffle_buffer` and `image_weights` only: neither on `start`, nor on
    the number of threads, nor on TensorFlow's global seed; as far as the source itself always gives the same.

    With weights an epoch has as many elements as without; each image is in it floor(x) or floor(x) + 1 times, where x
    is its share of the weights times the number of images, and x times in the mean over epochs.

    Args:
        source: Where the elements come from.
        seed: Seed of the order.
        start: Index of the first element.
        shuffle_buffer: Number of elements among which the next one is drawn.
        image_weights: How often every image is drawn, in relation to the others, in the source's own order.

    Returns:
        Infinite pairs of the index, int64, and the source's element.

    Raises:
        ValueError: If the weights do not fit the source.
    """
    weights = None if image_weights is None else _checked(source, image_weights)

    def epoch_elements(epoch: tf.Tensor) -> tf.data.Dataset:
        # Dataset.shuffle mixes the seed of the graph in, which would be the caller's tf.random.set_seed; this sets
        # that of this function's own graph. It must not be 0, with which a tensor as seed is refused.
        tf.random.set_seed(1)
        key = tf.stack([tf.constant(seed, tf.int64), epoch])
        numbered = source.epoch(key)
        if weights is None:
            elements = numbered.map(lambda number, element: element)
        else:
            copies = _copies(weights, key)
            elements = numbered.flat_map(
                lambda number, element: tf.data.Dataset.from_tensors(element).repeat(copies[number])
            )
        shuffle_seed = tf.random.stateless_uniform((), key, None, None, tf.int64, alg="philox")
        return elements.shuffle(shuffle_buffer, shuffle_seed, reshuffle_each_iteration=False)

    first, skipped = divmod(start, source.count) if source.count else (0, start)
    epochs = tf.data.Dataset.range(first, tf.int64.max).flat_map(epoch_elements)
    return tf.data.Dataset.zip(tf.data.Dataset.range(start, tf.int64.max), epochs.skip(skipped))


def _copies(weights: np.ndarray, key: tf.Tensor) -> tf.Tensor:
    """How often every image comes in the epoch of `key`, int64 `[images]`, as many as images in all.

    Images are laid end to end, each as long as its share, and marks set one apart from a random first one on: an image
    comes as often as marks lie on it.
    """
    first = tf.random.stateless_uniform((), key, dtype=tf.float64, alg="philox")
    ends = np.cumsum(weights) * (len(weights) / np.sum(weights))
    ends[-1] = len(weights)
    marks = tf.cast(tf.floor(first + ends), tf.int64)
    return tf.concat([marks[:1], marks[1:] - marks[:-1]], axis=0)


def _checked(source: Source, image_weights: Sequence[float] | np.ndarray) -> np.ndarray:
    weights = np.asarray(image_weights, np.float64)
    if source.count is None:
        raise ValueError(
            f"image_weights need a known number of images, which {source.name} does not tell; received "
            f"{weights.size} weights. Call apply(tf.data.experimental.assert_cardinality(n)) on it."
        )
    fitting = weights.shape == (source.count,) and np.isfinite(weights).all()
    if not fitting or weights.min() < 0 or not weights.any():
        raise ValueError(
            f"image_weights must be {source.count} numbers from 0 up, one an image of {source.name} and not all 0; "
            f"received {weights.size}, from {weights.min(initial=0)} on. `count_classes` gives fitting ones."
        )
    return weights


def untuned(data: tf.data.Dataset) -> tf.data.Dataset:
    """Leaves the numbers of parallel calls as they begin, one for each core.

    TensorFlow's thread that tunes them sleeps up to a minute at a time, and an iterator waits for it to wake when it is
    freed: so did a run that Ctrl-C had ended. Tuning them gained nothing measurable.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return data.with_options(options)
