"""The one rule for large images: scaled down to fit a size, antialiased; scores, not labels, are enlarged back.

Arrays, graphs, exports and the training pipeline all call these functions, so that they agree. The functions take
sizes as Python integers or as scalar tensors.
"""

from __future__ import annotations

import contextlib
import contextvars
import logging
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf

from deeplab_tf.checks import is_whole, sides
from deeplab_tf.images.enlarging import enlarged_labels, enlarged_probabilities

# "What the model says", for every argument `max_side`.
FROM_MODEL = "model"
# A model that does not say its size is asked about images of so many times its crop.
MANY_TIMES = 4
# Folders of photographs may have hundreds of sizes.
SIZES_LOGGED = 3

log = logging.getLogger(__name__)
_unlogged = contextvars.ContextVar("unlogged", default=False)


@contextlib.contextmanager
def sizes_unlogged() -> Iterator[None]:
    """For predictions that nobody asked for, such as those that compare an export with its model."""
    token = _unlogged.set(True)
    try:
        yield
    finally:
        _unlogged.reset(token)


def limit_of(size: int | Sequence[int] | None, name: str = "max_side") -> tuple[int, int] | None:
    """A size as (height, width).

    Args:
        size: A side, or (height, width), > 0; None for no limit.
        name: What to call it in the message.

    Raises:
        ValueError: If it is anything else.

    Example:
        >>> limit_of(513), limit_of([1025, 2049]), limit_of(None)
        ((513, 513), (1025, 2049), None)
    """
    return None if size is None else sides(name, size, remedy="Try 513, or None for no limit.")


def is_from_model(max_side) -> bool:
    """Whether `max_side` is `FROM_MODEL`; arrays are compared with no text."""
    return isinstance(max_side, str) and max_side == FROM_MODEL


def max_side_limit(max_side: int | Sequence[int] | str | None, image_size) -> tuple[int, int] | None:
    """What `max_side` means for a model of `image_size`: its own size where it is `FROM_MODEL`.

    Raises:
        ValueError: If `max_side` is neither a size nor None nor `FROM_MODEL`.

    Example:
        >>> max_side_limit("model", 513), max_side_limit(1025, 513), max_side_limit(None, 513)
        ((513, 513), (1025, 1025), None)
    """
    return limit_of(image_size, "image_size") if is_from_model(max_side) else limit_of(max_side)


def fitted_size(height, width, limit: tuple[int, int] | None):
    """The size at which an image fits a limit: its own if it fits, else the largest of its aspect that does.

    Args:
        height: Of the image, > 0.
        width: Of the image, > 0.
        limit: (height, width), or None for no limit.

    Returns:
        (height, width); halves are rounded up.

    Example:
        >>> fitted_size(2004, 3000, (513, 513)), fitted_size(375, 500, (513, 513))
        ((343, 513), (375, 500))
    """
    if limit is None:
        return height, width
    if is_whole(height):
        height, width = int(height), int(width)
        if height <= limit[0] and width <= limit[1]:
            return height, width
        if height * limit[1] > width * limit[0]:
            return limit[0], max(1, (2 * width * limit[0] + height) // (2 * height))
        return max(1, (2 * height * limit[1] + width) // (2 * width)), limit[1]
    rows, columns = tf.cast(height, tf.int64), tf.cast(width, tf.int64)
    high, wide = (tf.constant(side, tf.int64) for side in limit)
    upright = rows * wide > columns * high
    scaled_rows = tf.where(upright, high, tf.maximum((2 * rows * wide + columns) // (2 * columns), 1))
    scaled_columns = tf.where(upright, tf.maximum((2 * columns * high + rows) // (2 * rows), 1), wide)
    fits = (rows <= high) & (columns <= wide)
    return tuple(
        tf.cast(tf.where(fits, own, scaled), tf.int32)
        for own, scaled in ((rows, scaled_rows), (columns, scaled_columns))
    )


def shrunk(images: tf.Tensor, size) -> tf.Tensor:
    """Images at a smaller size, each pixel the mean of what it covers, rounded as files and 8-bit networks hold it.

    Args:
        images: uint8 `[B, H, W, 3]`.
        size: (height, width).

    Returns:
        uint8 `[B, height, width, 3]`; Pillow's bilinear resizing gives the same, to one grey level.
    """
    resized = tf.image.resize(images, tf.stack(size), antialias=True)
    return tf.cast(tf.clip_by_value(tf.round(resized), 0, 255), tf.uint8)


def nearest(labels: tf.Tensor, size) -> tf.Tensor:
    """Labels, integer `[H, W]`, at another (height, width), by the nearest pixel."""
    for axis, (have, wanted) in enumerate(zip(tf.unstack(tf.shape(labels)), size)):
        have, wanted = tf.cast(have, tf.int64), tf.cast(wanted, tf.int64)
        positions = (2 * tf.range(wanted) + 1) * have // (2 * wanted)
        labels = tf.gather(labels, positions, axis=axis)
    return labels


def fitted_pair(image: tf.Tensor, label: tf.Tensor, limit: tuple[int, int]) -> tuple[tf.Tensor, tf.Tensor]:
    """An image and its labels, scaled down to a limit where they exceed it: the image antialiased, labels nearest.

    Args:
        image: uint8 `[H, W, 3]`.
        label: integer `[H, W]`.
        limit: (height, width).
    """
    height, width = tf.unstack(tf.shape(image)[:2])
    size = fitted_size(height, width, limit)
    larger = (size[0] != height) | (size[1] != width)
    return tf.cond(larger, lambda: (shrunk(image[None], size)[0], nearest(label, size)), lambda: (image, label))


def seen_within(images: tf.Tensor, limit: tuple[int, int] | None) -> tuple[tf.Tensor, tf.Tensor | None]:
    """Images of any size as a network sees them within a limit.

    Args:
        images: uint8 `[B, H, W, 3]`; H and W may be unknown in a graph.
        limit: (height, width), or None.

    Returns:
        uint8 `[B, h, w, 3]`; and whether they had to be scaled, bool `[]`, None without a limit.
    """
    if limit is None:
        return images, None
    height, width = tf.unstack(tf.shape(images)[1:3])
    size = fitted_size(height, width, limit)
    larger = (size[0] != height) | (size[1] != width)
    return tf.cond(larger, lambda: shrunk(images, size), lambda: images), larger


def labels_of_size(scores: tf.Tensor, size, larger: tf.Tensor | None) -> tf.Tensor:
    """Labels, at the images' own size, of scores at the size at which they were seen.

    Args:
        scores: float32 `[B, h, w, C]`.
        size: (H, W) of the images.
        larger: Whether that is another one, as `seen_within` gives it.

    Returns:
        int32 `[B, H, W]`.
    """
    return _of_size(scores, size, larger, lambda scores: tf.argmax(scores, -1, output_type=tf.int32), enlarged_labels)


def probabilities_of_size(scores: tf.Tensor, size, larger: tf.Tensor | None) -> tf.Tensor:
    """As `labels_of_size`, but class probabilities, float32 `[B, H, W, C]`."""
    return _of_size(scores, size, larger, tf.nn.softmax, enlarged_probabilities)


def _of_size(scores: tf.Tensor, size, larger, at_own_size: Callable, enlarged: Callable) -> tf.Tensor:
    if larger is None:
        return at_own_size(scores)
    return tf.cond(larger, lambda: enlarged(scores, size), lambda: at_own_size(scores))


class Fitting:
    """The size at which a predictor sees an image; logged once for each of the first few sizes.

    Args:
        source: What predicts, for the log.
        limit: (height, width), or None.
        crop: (height, width) that the network was trained on, where known and there is no limit.

    Example:
        >>> Fitting("voc.keras", (513, 513))(3000, 4000)
        (385, 513)
    """

    def __init__(self, source: str, limit: tuple[int, int] | None, crop: Sequence[int] | None = None):
        self.limit = limit
        self._source, self._crop, self._said = source, crop, set()

    def __call__(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) to predict at."""
        size = fitted_size(height, width, self.limit)
        if (height, width) not in self._said and len(self._said) < SIZES_LOGGED and not _unlogged.get():
            if size != (height, width):
                self._said.add((height, width))
                log.info(
                    "%s: images of %dx%d are scaled to %dx%d for prediction; "
                    "max_side (--max-side) takes another size.%s",
                    self._source, height, width, *size,
                    " Further sizes are not logged." if len(self._said) == SIZES_LOGGED else "",
                )  # fmt: skip
            elif self.limit is None and self._crop and max(height, width) > MANY_TIMES * max(self._crop):
                self._said.add((height, width))
                log.info(
                    "%s does not say which image size it is made for; an image of %dx%d is many times its crop of "
                    "%dx%d. If its labels are poor, give max_side (--max-side).",
                    self._source, height, width, *self._crop,
                )  # fmt: skip
        return size

    def shrink(self, images: np.ndarray | tf.Tensor) -> np.ndarray | tf.Tensor:
        """Images, uint8 `[B, H, W, 3]`, at the size to predict at, uint8 `[B, h, w, 3]`."""
        own = tuple(images.shape[1:3])
        size = self(*own)
        return images if size == own else shrunk(images, size)
