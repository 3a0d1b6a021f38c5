"""A predictor that sees each image at several scales, and mirrored, and averages what it sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow as tf

from deeplab_tf.checks import expect, is_number
from deeplab_tf.images.scaling import Fitting, limit_of, shrunk
from deeplab_tf.inference.predictor import Predictor, scores_of

# The release's suggestion, and what the papers' tables call MS.
PUBLISHED_SCALES = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)
# Scales beyond these are typing errors: larger ones fit no memory, and in smaller ones nothing can be seen.
SMALLEST, LARGEST = 1 / 16, 16


class MultiScale(Predictor):
    """The mean of another predictor's probabilities over scales and mirror images, as the papers evaluate.

    Each scale is made from the image itself, so that a scale above 1 of an image that is scaled down shows details
    that scale 1 lacks. Logits of all scales are brought to the size of scale 1 bilinearly; what is averaged are
    probabilities, as the release does (DeepLab v3, section 4.1).

    Args:
        inner: What predicts each scale. It must take images of any size as they are.
        scales: Factors of height and width, from 1/16 to 16.
        flip: Average with the prediction of the mirrored image, at each scale.
        max_side: Scale 1 of a larger image is its size scaled down to this side, or to fit this (height, width).

    Raises:
        ValueError: If there is no scale, or one is not a number from 1/16 to 16.

    Example:
        >>> predictor = MultiScale(open_predictor("model.keras"), (0.75, 1, 1.25), flip=True)
        >>> predictor.predict(np.zeros((65, 97, 3), np.uint8)).shape
        (65, 97)
    """

    def __init__(
        self,
        inner: Predictor,
        scales: Sequence[float] = (1.0,),
        *,
        flip: bool = False,
        max_side: int | tuple[int, int] | None = None,
    ):
        self.inner, self.source, self.labels = inner, inner.source, inner.labels
        self.scales = checked_scales(scales)
        self.flip = flip
        self._fitting = Fitting(self.source, limit_of(max_side))

    def scores(self, images: np.ndarray | tf.Tensor) -> tf.Tensor:
        """Logarithms of the mean probabilities, float32 `[B, h, w, classes]`, (h, w) being the size of scale 1."""
        height, width = self._fitting(*(int(side) for side in images.shape[1:3]))
        total = None
        for scale in self.scales:
            size = max(1, round(height * scale)), max(1, round(width * scale))
            seen = images if size == tuple(images.shape[1:3]) else shrunk(images, size)
            for mirrored in (False, True) if self.flip else (False,):
                scores = self.inner.scores(seen[:, :, ::-1] if mirrored else seen)
                probabilities = _probabilities(scores[:, :, ::-1] if mirrored else scores, tf.constant((height, width)))
                total = probabilities if total is None else total + probabilities
        return scores_of(total / (len(self.scales) * (1 + self.flip)))


@tf.function(
    input_signature=[tf.TensorSpec((None, None, None, None), tf.float32), tf.TensorSpec((2,), tf.int32)],
    autograph=False,
)
def _probabilities(scores: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    return tf.nn.softmax(tf.image.resize(scores, size))


def checked_scales(scales: Sequence[float]) -> tuple[float, ...]:
    """Scales as numbers.

    Raises:
        ValueError: If there is none, or one is not a number from 1/16 to 16.
    """
    given = list(scales) if isinstance(scales, Iterable) and not isinstance(scales, str) else []
    valid = bool(given) and all(is_number(scale, SMALLEST, LARGEST) for scale in given)
    text = isinstance(scales, str) and "," in scales
    remedy = f"Numbers and no text: ({scales})." if text else f"Try {PUBLISHED_SCALES}."
    expect(valid, "scales", scales, f"numbers from {SMALLEST} to {LARGEST}", remedy)
    return tuple(float(scale) for scale in given)
