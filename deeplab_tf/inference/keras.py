"""A model of this package as a predictor."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from deeplab_tf.images.scaling import FROM_MODEL, Fitting, is_from_model, max_side_limit
from deeplab_tf.inference.network import InferenceNetwork, is_float32
from deeplab_tf.inference.predictor import Predictor
from deeplab_tf.models import SegmentationModel, check_rgb


class KerasPredictor(Predictor):
    """A model of this package; its network is traced once for images of any size.

    Args:
        model: The model, of RGB images.
        source: Its file, or its name.
        max_side: As for `open_predictor`.
        frozen: Whether the model will not change any more, which makes prediction faster. Else every prediction is
            that of its weights at that moment.

    Raises:
        ValueError: If the model takes other images than RGB, or `max_side` is not possible.

    Example:
        >>> images = np.zeros((2, 65, 97, 3), np.uint8)
        >>> KerasPredictor(load_model("model.keras"), "model.keras").scores(images).shape
        TensorShape([2, 65, 97, 21])
    """

    def __init__(self, model: SegmentationModel, source: str, max_side=FROM_MODEL, *, frozen: bool = False):
        check_rgb(model, "Segmenting")
        self.source, self.labels = source, model.labels
        self.limit = max_side_limit(max_side, model.image_size)
        self._fitting = Fitting(source, self.limit, model.crop_size if is_from_model(max_side) else None)
        # In float32, where frozen: the precision of the model stays what it is.
        self._network = InferenceNetwork(model, frozen=frozen and is_float32(model))
        self._logits = self._traced(self._network.logits)
        self._labels = self._traced(lambda images: self._network.labels(images, self.limit))

    def scores(self, images: np.ndarray | tf.Tensor) -> tf.Tensor:
        """Logits, float32 `[B, h, w, classes]`, of RGB images, uint8 `[B, H, W, 3]`."""
        return self._logits(self._fitting.shrink(images))

    def predict(self, image: np.ndarray) -> np.ndarray:
        """Labels, int32 `[H, W]`, of an RGB image, uint8 `[H, W, 3]`."""
        self._fitting(*image.shape[:2])
        return self._labels(image[None])[0].numpy()

    def unlimited(self) -> KerasPredictor:
        """The same network, traced once for both, for images at their own size."""
        twin = copy.copy(self)
        twin.limit, twin._fitting = None, Fitting(self.source, None)
        twin._labels = self._traced(self._network.labels)
        return twin

    def _traced(self, function: Callable) -> Callable:
        return tf.function(function, [tf.TensorSpec((None, None, None, 3), tf.uint8)], autograph=False)
