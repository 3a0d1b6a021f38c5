"""A predictor that sees a large image through overlapping windows, in memory that its height does not change."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from deeplab_tf.checks import number, sides
from deeplab_tf.images.enlarging import STRIP_VALUES
from deeplab_tf.inference.predictor import Predictor, scores_of

OVERLAP = 0.25
# Where the package chooses: the size of Cityscapes' images across, at which every released network was used.
WINDOW = 1025

log = logging.getLogger(__name__)


class SlidingWindow(Predictor):
    """Windows of one size over an image of any size; where they overlap, their probabilities are blended smoothly.

    Neighbouring windows overlap by at least the given fraction. A window's weight falls towards its edges as a raised
    cosine, so that none of them shows as a seam. Labels are made from the top down: of a tall image only the rows of
    one window are held.

    Args:
        inner: What predicts each window.
        window: One side, or (height, width), in pixels. An image that is smaller is predicted whole.
        overlap: Fraction of a window that the next one covers again, at least 0 and below 1.
        whole_up_to: Gives the number of pixels up to which an image is predicted whole all the same; windows are
            then logged, the first time.

    Raises:
        ValueError: If the window is not a size, or the overlap is out of its range.

    Example:
        >>> aerial_photo = np.zeros((130, 200, 3), np.uint8)
        >>> SlidingWindow(open_predictor("model.keras", max_side=None), 97).predict(aerial_photo).shape
        (130, 200)
    """

    def __init__(
        self,
        inner: Predictor,
        window: int | tuple[int, int] = WINDOW,
        *,
        overlap: float = OVERLAP,
        whole_up_to: Callable[[], int] | None = None,
    ):
        self.inner, self.source, self.labels = inner, inner.source, inner.labels
        self.window = sides("window", window, remedy=f"Try {WINDOW}.")
        self.overlap = number("overlap", overlap, least=0, below=1, remedy=f"Try {OVERLAP}.")
        self._whole_up_to, self._logged = whole_up_to, False

    def scores(self, images: np.ndarray | tf.Tensor) -> tf.Tensor:
        """Logarithms of the blended probabilities, float32 `[B, H, W, classes]`: images are seen at their own size."""
        if self._whole(images.shape[1:3]):
            return self.inner.scores(images)
        return tf.stack([scores_of(self.probabilities(np.asarray(image))) for image in images])

    def predict(self, image: np.ndarray) -> np.ndarray:
        """Labels, int32 `[H, W]`, of an RGB image, uint8 `[H, W, 3]`."""
        if self._whole(image.shape[:2]):
            return self.inner.predict(image)
        labels = np.empty(image.shape[:2], np.int32)
        rows = max(1, STRIP_VALUES // (image.shape[1] * self.labels.classes))
        for start, sums, _ in self._finished(image):
            # The weights are those of all classes alike. A copy of the whole band would double the memory.
            for top in range(0, len(sums), rows):
                strip = tf.argmax(sums[top : top + rows], -1, output_type=tf.int32)
                labels[start + top : start + top + len(strip)] = strip
        return labels

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """Class probabilities, float32 `[H, W, classes]`, of an RGB image, uint8 `[H, W, 3]`."""
        if self._whole(image.shape[:2]):
            return self.inner.probabilities(image)
        whole = np.empty((*image.shape[:2], self.labels.classes), np.float32)
        for start, sums, weights in self._finished(image):
            np.divide(sums, weights, out=whole[start : start + len(sums)])
        return whole

    def _whole(self, size: tuple[int, int]) -> bool:
        height, width = (int(side) for side in size)
        if height <= self.window[0] and width <= self.window[1]:
            return True
        if self._whole_up_to is None:
            return False
        fits = height * width <= max(self._whole_up_to(), self.window[0] * self.window[1])
        if not fits and not self._logged:
            self._logged = True
            log.info(
                "%s: an image of %dx%d is predicted in windows of %dx%d, since the whole of it would not fit into the "
                "memory that is free; window (--window) takes another size, max_side (--max-side) scales it down.",
                self.source, height, width, *self.window,
            )  # fmt: skip
        return fits

    def _finished(self, image: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """The first row of each band that no window further down touches, its weighted sums, and their weights."""
        (height, width), (tall, wide) = image.shape[:2], np.minimum(self.window, image.shape[:2]).tolist()
        tops, lefts = (starts(*sizes, self.overlap) for sizes in ((height, tall), (width, wide)))
        sums = np.zeros((tall, width, self.labels.classes), np.float32)
        weights = np.zeros((tall, width, 1), np.float32)
        weight = (_ramp(tall)[:, None] * _ramp(wide))[..., None]
        for top, following in zip(tops, [*tops[1:], height]):
            for left in lefts:
                seen = np.ascontiguousarray(image[top : top + tall, left : left + wide])
                sums[:, left : left + wide] += self.inner.probabilities(seen) * weight
                weights[:, left : left + wide] += weight
            done = following - top
            yield top, sums[:done], weights[:done]
            for rows in (sums, weights):
                # Copied forward within one array: source and target overlap, which NumPy allows for.
                rows[: tall - done] = rows[done:]
                rows[tall - done :] = 0


def starts(length: int, window: int, overlap: float) -> list[int]:
    """Where windows begin, evenly spread, so that the last one ends where the image does.

    Example:
        >>> starts(2049, 1025, 0.25)
        [0, 512, 1024]
        >>> starts(500, 500, 0.25)
        [0]
    """
    count = 1 + int(np.ceil((length - window) / max(1, int(window * (1 - overlap)))))
    return np.round(np.linspace(0, length - window, count)).astype(int).tolist()


def _ramp(length: int) -> np.ndarray:
    """A raised cosine that is above 0 at both ends."""
    return np.sin(np.pi * (np.arange(length, dtype=np.float32) + 0.5) / length) ** 2
