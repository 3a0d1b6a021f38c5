"""A predictor whose probabilities a dense CRF refines by the image."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from deeplab_tf.crf import CRFParameters, DenseCRF
from deeplab_tf.inference.predictor import Predictor, labels_of, scores_of


class Refined(Predictor):
    """Another predictor's probabilities, at the size of the image, refined by `deeplab_tf.crf.DenseCRF`.

    Args:
        inner: What predicts.
        crf: A dense CRF, or what it takes for its parameters: a published name such as `"v2_resnet_101"`, five numbers
            in a text, or `CRFParameters`.

    Raises:
        ValueError: If the name is unknown or a parameter is not above 0.

    Example:
        >>> image = np.zeros((65, 97, 3), np.uint8)
        >>> Refined(open_predictor("model.keras"), "v2_resnet_101").predict(image).shape
        (65, 97)
    """

    def __init__(self, inner: Predictor, crf: DenseCRF | CRFParameters | str):
        self.inner, self.source, self.labels = inner, inner.source, inner.labels
        self.crf = crf if isinstance(crf, DenseCRF) else DenseCRF(crf)

    def scores(self, images: np.ndarray | tf.Tensor) -> tf.Tensor:
        """Logarithms of the refined probabilities, float32 `[B, H, W, classes]`: the CRF sees images at their size."""
        return tf.stack([scores_of(self.probabilities(np.asarray(image))) for image in images])

    def predict(self, image: np.ndarray) -> np.ndarray:
        """Labels, int32 `[H, W]`, of an RGB image, uint8 `[H, W, 3]`."""
        return labels_of(self.probabilities(image))

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """Class probabilities, float32 `[H, W, classes]`, of an RGB image, uint8 `[H, W, 3]`.

        Raises:
            ValueError: If the predictor gives labels only, or `DenseCRF.refine` refuses the image.
        """
        return self.crf.refine(image, self.inner.probabilities(image))
