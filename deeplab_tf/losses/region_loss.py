"""What the losses of whole regions share: a value for each image or for the batch, the mean over classes."""

from __future__ import annotations

import abc

import tensorflow as tf

from deeplab_tf.checks import expect
from deeplab_tf.losses.label_loss import IGNORE, MEAN, LabelLoss, pixel_weights


class RegionLoss(LabelLoss):
    """A loss of the pixels of each class together, the mean over the classes that are true somewhere.

    Args:
        ignore_label: The id that does not count.
        per_image: Compare regions within each image; otherwise those of the batch.
        reduction: As for Keras's losses.
        name: The loss's.
    """

    def __init__(
        self,
        ignore_label: int = IGNORE,
        *,
        per_image: bool = False,
        reduction: str | None = MEAN,
        name: str | None = None,
    ):
        super().__init__(ignore_label, reduction=reduction, name=name)
        expect(isinstance(per_image, bool), "per_image", per_image, "true or false", "Give one of the two.")
        self.per_image = per_image

    def _values(self, labels, logits, counted, images, pixels):
        images_there, height, width = tf.unstack(tf.shape(labels))
        shape = [images_there, height * width] if self.per_image else [1, images_there * height * width]
        weights = pixel_weights(None if self.per_image else images, pixels)
        weights = counted if weights is None else counted * weights
        values, there = self._of_groups(
            tf.reshape(labels, shape),
            tf.reshape(tf.nn.softmax(logits), [*shape, logits.shape[-1]]),
            tf.reshape(weights, shape),
        )
        there = tf.cast(there, tf.float32)
        if self.per_image and images is not None:
            return values * images, self._counts(there, images)
        return values, there

    @abc.abstractmethod
    def _of_groups(
        self, labels: tf.Tensor, probabilities: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The values of images or of the batch, `[G]`, and whether each has pixels that count.

        Args:
            labels: int32 `[G, P]`.
            probabilities: float32 `[G, P, classes]`.
            weights: What each pixel counts, 0 where ignored, float32 `[G, P]`.
        """

    def get_config(self) -> dict:
        return {**super().get_config(), "per_image": self.per_image}
