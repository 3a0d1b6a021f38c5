"""Bringing an image of any size onto a network's fixed canvas, and the result back to the image's size."""

from __future__ import annotations

import dataclasses

import numpy as np
import tensorflow as tf
from PIL import Image


@dataclasses.dataclass(frozen=True)
class Canvas:
    """A fixed input size.

    An image that fits is laid at the top left and padded at the bottom and on the right; a larger one is first
    made smaller, keeping its aspect.

    Args:
        height: Of the canvas, > 0.
        width: Of the canvas, > 0.
        pad_value: RGB value of the padding, 0-255; halves round up, to where 8-bit networks have their zero.

    Example:
        >>> placed, size = Canvas(513, 513, (127.5, 127.5, 127.5)).place(np.zeros((375, 500, 3), np.uint8))
        >>> placed.shape, size, placed[400, 0, 0]
        ((513, 513, 3), (375, 500), np.uint8(128))
    """

    height: int
    width: int
    pad_value: tuple[float, float, float]

    def place(self, image: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
        """The image on the canvas.

        Args:
            image: RGB, uint8 `[H, W, 3]`.

        Returns:
            The canvas, uint8 `[height, width, 3]`, and the (height, width) that the image takes on it.
        """
        height, width = image.shape[:2]
        scale = min(self.height / height, self.width / width)
        if scale < 1:
            height, width = max(1, int(height * scale)), max(1, int(width * scale))
            image = np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))
        placed = np.empty((self.height, self.width, 3), np.uint8)
        placed[:] = np.floor(np.asarray(self.pad_value) + 0.5).astype(np.uint8)
        placed[:height, :width] = image
        return placed, (height, width)


def labels_to_size(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Labels, int32 `[h, w]`, at another (height, width), by the nearest pixel."""
    if labels.shape == size:
        return labels
    rows, columns = (
        np.minimum(((np.arange(wanted) + 0.5) * (have / wanted)).astype(int), have - 1)
        for have, wanted in zip(labels.shape, size)
    )
    return labels[rows[:, None], columns]


def scores_to_size(scores: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scores, float32 `[h, w, C]`, at another (height, width), bilinearly."""
    if scores.shape[:2] == size:
        return scores
    return tf.image.resize(scores, size).numpy()
