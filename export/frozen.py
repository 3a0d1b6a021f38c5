"""A model as a pure function of images, its weights folded and turned into constants."""

from __future__ import annotations

import tensorflow as tf

from deeplab_tf.export.folding import fold_batch_norm
from deeplab_tf.models import SegmentationModel


class FrozenNetwork:
    """What is exported of a model; it serves wherever prediction needs a model.

    Constants let TensorFlow lay out and fuse the weights once, when a file is loaded, and not at every call.

    Args:
        model: The model; it stays untouched.

    Example:
        >>> logits = FrozenNetwork(model)(tf.zeros((1, 513, 513, 3)))
    """

    def __init__(self, model: SegmentationModel):
        self.output_stride = model.output_stride
        self.crop_size = model.crop_size
        self.pad_value = model.pad_value
        self._folded = fold_batch_norm(model)
        self._trainable = [variable.numpy() for variable in self._folded.trainable_variables]
        self._other = [variable.numpy() for variable in self._folded.non_trainable_variables]

    def __call__(self, images, training: bool = False):
        """Logits, float32 `[B, H, W, classes]`, of RGB images, float `[B, H, W, 3]`, 0-255."""
        constants = ([tf.constant(value) for value in values] for values in (self._trainable, self._other))
        logits, _ = self._folded.stateless_call(*constants, images, training=training)
        return logits
