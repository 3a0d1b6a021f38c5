"""Data for Keras: this package's own as pairs, and a look at the range of the pixels that costs nothing."""

from __future__ import annotations

import logging

import keras
import numpy as np
import tensorflow as tf

logger = logging.getLogger(__name__)
# So many images of an array are looked at.
LOOKED_AT = 8


def pairs_of(data):
    """Dictionaries of `image` and `label`, as `evaluation_images` gives them, as batches of one pair.

    Args:
        data: Whatever `fit` takes; anything except a `tf.data.Dataset` of such dictionaries is returned as it is.

    Raises:
        ValueError: If the dictionaries have no labels.
    """
    if not _holds_dictionaries(data):
        return data
    if "label" not in data.element_spec:
        raise ValueError(
            f"The data have images without masks, {sorted(data.element_spec)}. Give a split with masks, or predict."
        )
    return data.map(lambda item: (_batch(item["image"], 4), tf.cast(_batch(item["label"], 3), tf.int32)))


def images_of(data):
    """The images of such dictionaries as batches of one, for `predict`; all else comes back as it is."""
    return data.map(lambda item: _batch(item["image"], 4)) if _holds_dictionaries(data) else data


def _holds_dictionaries(data) -> bool:
    return isinstance(data, tf.data.Dataset) and isinstance(data.element_spec, dict) and "image" in data.element_spec


def _batch(value: tf.Tensor, rank: int) -> tf.Tensor:
    return value[None] if value.shape.rank == rank - 1 else value


def range_error(images: np.ndarray) -> str | None:
    """What is wrong with the range of pixels, for a message; None where they may be 0-255."""
    low, high = float(np.min(images)), float(np.max(images))
    if np.issubdtype(images.dtype, np.floating) and 0 < high <= 1:
        return f"Expected pixels of 0-255; received floats of {low:g} to {high:g}. Multiply by 255."
    if not (low >= 0 and high <= 255):
        return f"Expected pixels of 0-255; received {low:g} to {high:g}. Leave the images as they were decoded."
    return None


def checked_images(data):
    """Data whose pixels are 0-255, judged by the first element.

    Args:
        data: Arrays or tensors, which are looked at now; or a `tf.data.Dataset`, whose first batch of floats is looked
            at when it is read. Other data pass.

    Returns:
        The data.

    Raises:
        ValueError: If an array has pixels of another range.
    """
    if isinstance(data, np.ndarray) or tf.is_tensor(data):
        first = np.asarray(data[:LOOKED_AT])
        if first.size and first.dtype != np.uint8 and (message := range_error(first)):
            raise ValueError(message)
    if not isinstance(data, tf.data.Dataset):
        return data
    spec = data.element_spec
    images = spec[0] if isinstance(spec, tuple) else spec
    if not isinstance(images, tf.TensorSpec) or images.dtype not in (tf.float32, tf.float64):
        return data
    return data.enumerate().map(_look_at_the_first)


def _look_at_the_first(number: tf.Tensor, element):
    images = element[0] if isinstance(element, tuple) else element
    looked = tf.cond(number == 0, lambda: tf.numpy_function(_warn, [images], tf.bool), lambda: tf.constant(True))
    with tf.control_dependencies([looked]):
        return keras.tree.map_structure(tf.identity, element)


def _warn(images: np.ndarray) -> np.bool_:
    if images.size and (message := range_error(images)):
        logger.warning("%s", message)
    return np.bool_(True)
