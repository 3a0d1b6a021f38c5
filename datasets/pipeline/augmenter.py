"""Random scale, rotation, crop, colours and flip of an image with its labels, as a function of a seed."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from deeplab_tf import checks
from deeplab_tf.datasets.pipeline.appearance import Appearance
from deeplab_tf.datasets.pipeline.augmentation import Augmentation
from deeplab_tf.datasets.pipeline.sampling import sample_image, sample_label, sample_turned


@dataclasses.dataclass(frozen=True)
class Augmenter:
    """The released training augmentation: scale, pad at the bottom and right, crop, flip; and, where wanted, more.

    Args:
        augmentation: What is drawn.
        crop_size: Rows and columns of the result.
        pad_value: Grey value, or RGB triple, 0-255, of what lies beyond a small image.
        ignore_label: Label id of what lies beyond.

    Raises:
        ValueError: If a size or colour makes no sense.

    Example:
        >>> augment = Augmenter(Augmentation(rotate=10), crop_size=(257, 257))
        >>> image, label = augment(image, label, seed=(0, 1))
    """

    augmentation: Augmentation
    crop_size: tuple[int, int]
    pad_value: float | Sequence[float] = 127.5
    ignore_label: int = 255

    def __post_init__(self):
        crop = checks.whole_numbers("crop_size", self.crop_size, least=2, length=2, remedy="Try (257, 257).")
        object.__setattr__(self, "crop_size", crop)
        color = np.atleast_1d(np.asarray(self.pad_value, np.float32))
        if color.shape not in ((1,), (3,)) or color.min() < 0 or color.max() > 255:
            raise ValueError(
                f"pad_value must be a number or three in 0-255; received {self.pad_value}. Use 127.5 or the mean."
            )
        look = Appearance(self.augmentation.color_changes, self.augmentation.blur)
        object.__setattr__(self, "_appearance", look)
        object.__setattr__(self, "_grey", float(color[0]) if (color == color[0]).all() else None)

    @property
    def scales(self) -> np.ndarray | None:
        """The scales that are drawn from, float32, or None where any scale between the limits may be drawn."""
        least, most, step = self.augmentation.min_scale, self.augmentation.max_scale, self.augmentation.scale_step
        if step == 0 or least == most:
            return None if step == 0 else np.array([least], np.float32)
        # A whole number of steps may come out a little short in floating point.
        steps = int((most - least) / step + 1e-6)
        return np.linspace(least, most, steps + 1, dtype=np.float32)

    def __call__(self, image: tf.Tensor, label: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Augments one image.

        Args:
            image: uint8 `[H, W, 3]`.
            label: uint8 `[H, W]`.
            seed: Two integers; the same ones give the same result.

        Returns:
            The image, float32 `[h, w, 3]` in 0-255, and the labels, int32 `[h, w]`, at `crop_size`.
        """
        draws = tf.random.stateless_uniform((4,), seed, dtype=tf.float64, alg="philox")
        crop = tf.constant(self.crop_size, tf.int32)
        scaled = self._scaled_size(tf.shape(label), draws[0])
        slack = tf.maximum(scaled - crop, 0)
        start = tf.cast(draws[1:3] * tf.cast(slack + 1, tf.float64), tf.int32)
        size = tf.minimum(scaled, crop)
        rotate = self.augmentation.rotate
        if rotate:
            turn = tf.random.stateless_uniform((), _folded(seed, 1), -1.0, 1.0, alg="philox") * math.radians(rotate)
            image, label, inside = sample_turned(image, label, scaled, start, size, self.crop_size, turn)
            label = tf.where(inside, label[..., None], self.ignore_label)
            filled = False
        else:
            filled = self._grey is not None and not self._appearance
            image = self._fit(sample_image(image, scaled, start, size), size, self._grey if filled else 0.0)
            label = tf.cast(sample_label(label, scaled, start, size), tf.int32)[..., None]
            label = self._fit(label, size, self.ignore_label)
            inside = self._inside(size)
        if self._appearance:
            image = self._appearance(image, inside, _folded(seed, 2))
        if not filled:
            # Choosing pixel by pixel takes as long as decoding the image, and many crops are full.
            full = tf.reduce_all(inside) if rotate else tf.reduce_all(size == crop)
            color = tf.constant(self.pad_value, image.dtype)
            image = tf.cond(full, lambda: image, lambda: tf.where(inside, image, color))
        if self.augmentation.flip:
            mirror = draws[3] < 0.5
            image = tf.cond(mirror, lambda: image[:, ::-1], lambda: image)
            label = tf.cond(mirror, lambda: label[:, ::-1], lambda: label)
        return image, label[..., 0]

    def _scaled_size(self, size: tf.Tensor, draw: tf.Tensor) -> tf.Tensor:
        if self.scales is None:
            least, most = self.augmentation.min_scale, self.augmentation.max_scale
            scale = tf.cast(least + draw * (most - least), tf.float32)
        else:
            scale = tf.gather(self.scales, tf.cast(draw * len(self.scales), tf.int32))
        return tf.maximum(tf.cast(tf.cast(size, tf.float32) * scale, tf.int32), 1)

    def _inside(self, size: tf.Tensor) -> tf.Tensor:
        """Where the crop shows the image, boolean `[h, w, 1]`, if `size` of it fits in."""
        height, width = self.crop_size
        return (tf.range(height) < size[0])[:, None, None] & (tf.range(width) < size[1])[None, :, None]

    def _fit(self, window: tf.Tensor, size: tf.Tensor, fill: float) -> tf.Tensor:
        """Fills `window`, `[size[0], size[1], channels]`, up to the crop size at the bottom and right."""
        height, width = self.crop_size
        fitted = tf.pad(window, [[0, height - size[0]], [0, width - size[1]], [0, 0]], constant_values=fill)
        fitted.set_shape((height, width, window.shape[-1]))
        return fitted


def _folded(seed: tf.Tensor, number: int) -> tf.Tensor:
    """Another seed of the same example, so that what it draws leaves the draws of `seed` as they are."""
    return tf.random.experimental.stateless_fold_in(tf.convert_to_tensor(seed), number)
