"""The few images with the lowest and highest scores, as pictures; the others are forgotten."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np
from PIL import Image

from deeplab_tf.labels import LabelSpec
from deeplab_tf.page import jpeg_bytes
from deeplab_tf.visualize import fitted, grid, overlay

HEIGHT = 180
WRONG, RIGHT = (220, 38, 38), 0.45


class Highest:
    """Keeps the pictures of the highest scores.

    Args:
        most: How many.
    """

    def __init__(self, most: int):
        self._most, self._heap, self._offered = most, [], 0

    def offer(self, score, draw: Callable[[], tuple[str, bytes]]) -> None:
        """Takes what `draw` gives, a caption and a JPEG, if the score is among the highest; of equals the first."""
        self._offered += 1
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, (score, -self._offered, draw()))
        elif (score, -self._offered) > self._heap[0][:2]:
            heapq.heapreplace(self._heap, (score, -self._offered, draw()))

    @property
    def pictures(self) -> list[tuple[str, bytes]]:
        """Caption and JPEG of each, the highest first."""
        return [drawn for _, _, drawn in sorted(self._heap, reverse=True)]


def side_by_side(
    image: np.ndarray, truth: np.ndarray, predictions: dict[str, np.ndarray], labels: LabelSpec, *, errors: bool
) -> bytes:
    """An image, its truth, each prediction by its title, and where the first one is wrong; as a JPEG.

    Args:
        image: uint8 `[H, W, 3]`.
        truth: Integer `[H, W]`.
        predictions: Integer `[H, W]` each.
        labels: The classes' colours.
        errors: Add the picture of the wrong pixels.
    """
    small = np.asarray(fitted(image, Image.Resampling.LANCZOS, height=HEIGHT))
    size = small.shape[1::-1]
    truth, *guesses = (_nearest(maps, size) for maps in (truth, *predictions.values()))
    row = [small, *(overlay(small, maps, labels, alpha=0.6, legend=False) for maps in (truth, *guesses))]
    titles = ["image", "truth", *predictions]
    if errors:
        row.append(_errors(small, truth, guesses[0], labels))
        titles.append("errors")
    return jpeg_bytes(grid([row], labels, titles, HEIGHT))


def _nearest(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(Image.fromarray(labels.astype(np.int32)).resize(size, Image.Resampling.NEAREST))


def _errors(image: np.ndarray, truth: np.ndarray, predicted: np.ndarray, labels: LabelSpec) -> np.ndarray:
    """The image in dark grey, wrong pixels red, ignored ones in the ignore label's colour."""
    picture = np.repeat((image.mean(-1, keepdims=True) * RIGHT).astype(np.uint8), 3, -1)
    ignored = truth == labels.ignore_label
    picture[ignored] = labels.palette[labels.ignore_label]
    picture[(truth != predicted) & ~ignored] = WRONG
    return picture
