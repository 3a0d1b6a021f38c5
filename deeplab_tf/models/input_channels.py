"""Images of other than three channels: which shapes a model takes, and what its stem's weights become."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import keras
import numpy as np

from deeplab_tf.checks import expect, is_whole, plain

logger = logging.getLogger(__name__)


def check_input_shape(input_shape: Sequence[int | None]) -> tuple[int | None, int | None, int]:
    """The shape of one image, `(H, W, C)`.

    Raises:
        ValueError: If it is none.
    """
    shape = tuple(input_shape) if isinstance(input_shape, Sequence) else ()
    valid = len(shape) == 3 and all(side is None or is_whole(side, 1) for side in shape) and shape[-1] is not None
    remedy = "Take (None, None, 3) for RGB images of any size."
    expect(valid, "input_shape", input_shape, "(H, W, channels), H and W whole or None", remedy)
    return plain(shape)


def check_rgb(model: keras.Model, what: str) -> None:
    """Refuses models of other images where only RGB images can be read.

    Args:
        model: A model of this package.
        what: What is about to be done with it, as the message's subject.

    Raises:
        ValueError: If the model's images do not have three channels.

    Example:
        >>> check_rgb(DeepLabV3("mobilenet_v2"), "Segmentation")
    """
    channels = model.input_shape[-1]
    if channels != 3:
        raise ValueError(
            f"{what} reads RGB images; the model {model.name!r} takes images of {channels} channels. Call the model "
            "itself on arrays [B, H, W, C], or rebuild it: model.rebuild(input_shape=(None, None, 3))."
        )


def differs_in_channels(source: keras.Model, target: keras.Model, twin, layer) -> bool:
    """Whether two convolutions read their model's images and differ in these images' channels only."""
    if not (isinstance(layer, keras.layers.Conv2D) and isinstance(twin, keras.layers.Conv2D)):
        return False
    theirs, ours = tuple(twin.kernel.shape), tuple(layer.kernel.shape)
    wanted = (*theirs[:2], stem_channels(target), theirs[3])
    return theirs[2] == stem_channels(source) != ours[2] and ours == wanted and twin.use_bias == layer.use_bias


def stem_channels(model: keras.Model) -> int:
    """The channels that a model's first convolutions see: those of its images; of grey ones perhaps three."""
    return _normalization(model).output.shape[-1]


def copy_stem(source: keras.Model, target: keras.Model, name: str) -> None:
    """Copies a convolution that reads images into one that reads images with another number of channels, and logs it.

    The kernel is averaged over its input channels, repeated and rescaled: a grey image, however often its channel is
    repeated, gives the same map as in the source. Where the source subtracts a mean of its own from every channel and
    the target one from all, the difference goes into what comes next: the bias, or the normalisation's mean. That is
    exact inside; where taps of the kernel lie outside the image, it is not. Between RGB and grey nothing differs: a
    grey image becomes RGB before a mean is subtracted.

    Args:
        source: The model to copy from.
        target: The model to fill; its normalisation behind the stem has been copied already.
        name: The layer's name in both.
    """
    kernel, *bias = source.get_layer(name).get_weights()
    old, new = kernel.shape[2], stem_channels(target)
    adapted = np.repeat(kernel.mean(axis=2, keepdims=True), new, axis=2) * (old / new)
    shift = kernel.sum(axis=(0, 1)).T @ (_offsets(source) - _offsets(target).mean())
    target.get_layer(name).set_weights([adapted, *(values + shift for values in bias)])
    if not bias and np.any(shift):
        norm = target.get_layer(f"{name}.BatchNorm")
        gamma, beta, mean, variance = norm.get_weights()
        norm.set_weights([gamma, beta, mean - shift, variance])
    logger.info(f"{name}: kernel averaged over {old} input channels, repeated for {new} and rescaled.")


def _offsets(model: keras.Model) -> np.ndarray:
    """What the network adds to each channel of its images."""
    return np.broadcast_to(np.float32(_normalization(model).offset), stem_channels(model))


def _normalization(model: keras.Model) -> keras.layers.Rescaling:
    (layer,) = (layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling))
    return layer
