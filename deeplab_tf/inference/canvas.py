"""Bringing an image of any size onto a network's fixed canvas."""

from __future__ import annotations

import dataclasses

import numpy as np

from deeplab_tf.images.scaling import fitted_size, shrunk


@dataclasses.dataclass(frozen=True)
class Canvas:
    """A fixed input size.

    An image that fits is laid at the top left and padded at the bottom and on the right; a larger one is first
    made smaller, keeping its aspect, by the rule of `deeplab_tf.images.scaling`.

    Args:
        height: Of the canvas, > 0.
        width: Of the canvas, > 0.
        pad_value: RGB value of the padding, 0-255; halves round up, to where 8-bit networks have their zero.
        limit: (height, width) within which images are placed, where it is less than the canvas.

    Example:
        >>> placed, size = Canvas(513, 513, (127.5, 127.5, 127.5)).place(np.zeros((375, 500, 3), np.uint8))
        >>> placed.shape, size, placed[400, 0, 0]
        ((513, 513, 3), (375, 500), np.uint8(128))
    """

    height: int
    width: int
    pad_value: tuple[float, ...]
    limit: tuple[int, int] | None = None

    def place(self, image: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
        """The image on the canvas.

        Args:
            image: RGB, uint8 `[H, W, 3]`.

        Returns:
            The canvas, uint8 `[height, width, 3]`, and the (height, width) that the image takes on it.
        """
        height, width = fitted_size(*image.shape[:2], self.limit or (self.height, self.width))
        if (height, width) != image.shape[:2]:
            image = shrunk(image[None], (height, width))[0].numpy()
        placed = np.empty((self.height, self.width, 3), np.uint8)
        placed[:] = np.floor(np.asarray(self.pad_value) + 0.5).astype(np.uint8)
        placed[:height, :width] = image
        return placed, (height, width)
