"""Random colours and random blur of a crop, as a function of a seed; where there is no image they see nothing."""

from __future__ import annotations

import dataclasses
import math

import tensorflow as tf

_SIGMAS = 3


@dataclasses.dataclass(frozen=True)
class Appearance:
    """Changes of what an image looks like that leave every pixel in its place.

    Args:
        changes: Greatest changes of brightness, contrast, saturation and hue, as of `Augmentation.color_changes`.
        blur: Largest standard deviation of a Gaussian blur, in pixels of the crop; it is drawn from 0 on.

    Example:
        >>> look = Appearance(Augmentation(color_jitter=0.4).color_changes, blur=1.5)
        >>> crop = look(crop, inside, seed=(0, 1))
    """

    changes: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    blur: float = 0.0

    def __bool__(self) -> bool:
        """Whether anything is changed at all."""
        return any(self.changes) or self.blur > 0

    def __call__(self, image: tf.Tensor, inside: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Changes one crop.

        Args:
            image: float32 `[h, w, 3]`, 0-255.
            inside: Boolean `[h, w, 1]`, where the image is; what lies elsewhere influences nothing.
            seed: Two integers; the same ones give the same result.

        Returns:
            float32 `[h, w, 3]`, 0-255; anything outside.
        """
        draws = tf.random.stateless_uniform((5,), seed, minval=-1.0, alg="philox")
        if any(self.changes):
            image = jitter_colors(image, inside, *tf.unstack(draws[:4] * tf.constant(self.changes, tf.float32)))
        if self.blur:
            image = blur_image(image, inside, tf.abs(draws[4]) * self.blur, math.ceil(_SIGMAS * self.blur))
        return image


def jitter_colors(
    image: tf.Tensor, inside: tf.Tensor, brightness: float, contrast: float, saturation: float, hue: float
) -> tf.Tensor:
    """Changes the colours of an image, one property after the other.

    Args:
        image: float32 `[h, w, 3]`, 0-255.
        inside: Boolean `[h, w, 1]`, which pixels the mean grey value is taken of.
        brightness: The values are multiplied by 1 + this.
        contrast: The distances from the mean grey value are multiplied by 1 + this.
        saturation: The distances from each pixel's own grey value are multiplied by 1 + this.
        hue: Turn of the colour circle, in turns.

    Returns:
        float32 `[h, w, 3]`, 0-255.
    """
    image = image * (1 + brightness)
    weight = tf.cast(inside, tf.float32)
    mean = tf.reduce_sum(tf.image.rgb_to_grayscale(image) * weight) / tf.maximum(tf.reduce_sum(weight), 1)
    image = mean + (1 + contrast) * (image - mean)
    grey = tf.image.rgb_to_grayscale(image)
    image = tf.clip_by_value(grey + (1 + saturation) * (image - grey), 0, 255)
    return tf.clip_by_value(tf.image.adjust_hue(image / 255, hue) * 255, 0, 255)


def blur_image(image: tf.Tensor, inside: tf.Tensor, sigma: tf.Tensor, radius: int) -> tf.Tensor:
    """A Gaussian blur that mixes only pixels inside.

    Args:
        image: float32 `[h, w, 3]`.
        inside: Boolean `[h, w, 1]`.
        sigma: Standard deviation in pixels, 0 or above.
        radius: Pixels on either side that count.

    Returns:
        float32 `[h, w, 3]`; 0 outside, farther than `radius` from the inside.
    """
    offsets = tf.range(-radius, radius + 1, dtype=tf.float32)
    # At deviation 0 the kernel is its centre alone.
    kernel = tf.exp(-0.5 * (offsets / tf.maximum(sigma, 1e-3)) ** 2)
    weight = tf.cast(inside, tf.float32)
    mixed = tf.concat([image * weight, weight], axis=-1)[None]
    for shape in ((-1, 1, 1, 1), (1, -1, 1, 1)):
        filters = tf.tile(tf.reshape(kernel, shape), (1, 1, 4, 1))
        mixed = tf.nn.depthwise_conv2d(mixed, filters, strides=(1, 1, 1, 1), padding="SAME")
    return tf.math.divide_no_nan(mixed[0, ..., :3], mixed[0, ..., 3:])
