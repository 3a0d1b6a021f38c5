"""A model of this package as a predictor."""

from __future__ import annotations

import copy

import numpy as np
import tensorflow as tf

from deeplab_tf.images.scaling import FROM_MODEL, Fitting, is_from_model, max_side_limit
from deeplab_tf.inference.predictor import Predictor
from deeplab_tf.inference.whole_image import whole_image_logits
from deeplab_tf.models import SegmentationModel, check_rgb


def full_resolution(model: SegmentationModel) -> SegmentationModel:
    """The model itself, or a copy whose logits have the size of the input where the model's do not."""
    return model if model.settings["upsample_logits"] else model.rebuild(upsample_logits=True)


class KerasPredictor(Predictor):
    """A model of this package; its network is traced once for images of any size.

    Args:
        model: The model, of RGB images.
        source: Its file, or its name.
        max_side: As for `open_predictor`.

    Raises:
        ValueError: If the model takes other images than RGB, or `max_side` is not possible.

    Example:
        >>> KerasPredictor(load_model("model.keras"), "model.keras").scores(np.zeros((2, 65, 97, 3), np.uint8)).shape
        TensorShape([2, 65, 97, 21])
    """

    def __init__(self, model: SegmentationModel, source: str, max_side=FROM_MODEL):
        check_rgb(model, "Segmenting")
        model = full_resolution(model)
        self.source, self.labels = source, model.labels
        self.limit = max_side_limit(max_side, model.image_size)
        self._fitting = Fitting(source, self.limit, model.crop_size if is_from_model(max_side) else None)
        self._logits = tf.function(
            lambda images: whole_image_logits(model, images),
            input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)],
            autograph=False,
        )

    def scores(self, images: np.ndarray | tf.Tensor) -> tf.Tensor:
        """Logits, float32 `[B, h, w, classes]`, of RGB images, uint8 `[B, H, W, 3]`."""
        return self._logits(self._fitting.shrink(images))

    def unlimited(self) -> KerasPredictor:
        """The same network, traced once for both, for images at their own size."""
        twin = copy.copy(self)
        twin.limit, twin._fitting = None, Fitting(self.source, None)
        return twin
