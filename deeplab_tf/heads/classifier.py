"""The convolution that gives the logits."""

from __future__ import annotations

import keras

from deeplab_tf.layers.convolution import truncated_normal

CLASSIFIER = "logits.semantic"


def classifier(x, classes: int, *, kernel_size: int = 1, rate: int = 1, name: str = CLASSIFIER):
    """A convolution to the classes, in float32 under mixed precision too, as the loss needs it.

    Args:
        x: `[B, h, w, C]`.
        classes: Number of classes.
        kernel_size: Side of the kernel.
        rate: Atrous rate.
        name: The layer's name; begins with `CLASSIFIER`.

    Returns:
        Logits, float32 `[B, h, w, classes]`.

    Example:
        >>> classifier(keras.Input((33, 33, 256)), 21).shape
        (None, 33, 33, 21)
    """
    return keras.layers.Conv2D(
        classes,
        kernel_size,
        dilation_rate=rate,
        padding="same",
        kernel_initializer=truncated_normal(0.01),
        dtype="float32",
        name=name,
    )(x)
