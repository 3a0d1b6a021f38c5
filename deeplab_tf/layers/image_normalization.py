"""Pixel values as a network wants them, whatever the number of channels."""

from __future__ import annotations

from collections.abc import Sequence

import keras


def channel_values(rgb: Sequence[float], channels: int) -> tuple[float, ...]:
    """Values for the channels of an image: those of RGB, or their mean for every channel where there are not three.

    Args:
        rgb: The value of each colour.
        channels: Number of channels of the image.

    Returns:
        One value for each channel.

    Example:
        >>> channel_values((122.0, 116.0, 104.0), 1)
        (114.0,)
    """
    return tuple(rgb) if channels == len(rgb) else (sum(rgb) / len(rgb),) * channels


@keras.saving.register_keras_serializable(package="deeplab_tf")
class ImageNormalization(keras.layers.Rescaling):
    """`keras.layers.Rescaling` that carries the settings of its network, so that they are copied with the layers.

    Args:
        *args: As for `keras.layers.Rescaling`.
        network: The settings as JSON; empty until the network is complete.
        **kwargs: As for `keras.layers.Rescaling`.

    Call arguments:
        inputs: `[B, H, W, C]`, 0-255.

    Returns:
        inputs x scale + offset, in the layer's compute dtype.

    Example:
        >>> float(ImageNormalization(1 / 127.5, -1.0)(tf.fill((1, 2, 2, 3), 255.0))[0, 0, 0, 0])
        1.0
    """

    def __init__(self, *args, network: str = "", **kwargs):
        super().__init__(*args, **kwargs)
        self.network = network

    def get_config(self):
        return {**super().get_config(), "network": self.network}


def normalize_images(images, scope: str, mean: Sequence[float] | None = None):
    """Images of 0-255 scaled to -1..1, or with a mean subtracted, as the release's core/feature_extractor.py has it.

    Args:
        images: `[B, H, W, C]`, 0-255.
        scope: First part of the layer's name.
        mean: RGB value (0-255) to subtract; None scales instead. Grey images become RGB first: zeros around the maps
            stand for each channel's own mean, which one channel cannot have.

    Returns:
        float32 `[B, H, W, C]`, or `[B, H, W, 3]` of grey images with a mean; under mixed precision too: 0-255 after an
        interpolation does not fit the halves' precision.

    Example:
        >>> normalize_images(keras.Input((33, 33, 3)), "net").shape
        (None, 33, 33, 3)
    """
    if mean is not None and images.shape[-1] == 1:
        images = keras.layers.Concatenate(dtype="float32", name=f"{scope}.grey_to_rgb")([images] * len(mean))
    settings = {"scale": 1 / 127.5, "offset": -1.0}
    if mean is not None:
        settings = {"scale": 1.0, "offset": [-value for value in channel_values(mean, images.shape[-1])]}
    return ImageNormalization(**settings, dtype="float32", name=f"{scope}.normalize")(images)
