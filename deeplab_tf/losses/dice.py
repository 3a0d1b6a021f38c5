"""Dice loss (V-Net: Milletari et al. 2016, arXiv 1606.04797)."""

from __future__ import annotations

import keras
import tensorflow as tf

from deeplab_tf.losses.region_loss import RegionLoss


@keras.saving.register_keras_serializable("deeplab_tf")
class Dice(RegionLoss):
    """1 - Dice coefficient of probabilities and truth, the mean over the classes that are true somewhere.

    Of a class it is 1 - 2 sum(p g) / (sum(p ** 2) + sum(g ** 2)) over the pixels, where p is the probability of the
    class and g whether it is true (V-Net: Milletari et al. 2016, arXiv 1606.04797, section 3). Small classes count as
    much as large ones. From random weights take it beside the cross entropy (`CombinedLoss`).

    Args:
        ignore_label: The id that does not count.
        per_image: Compare regions within each image, and take the mean over the images that have labels; otherwise
            those of the batch, on several devices of each one's part.
        reduction: As for Keras's losses; `None` leaves the values of images, `[N]`, or that of the batch, `[1]`.
        name: The loss's.

    Weights of pixels weigh in the sums; with `per_image`, those of images weigh their values.

    Raises:
        ValueError: As for `CrossEntropy`.

    Example:
        >>> loss = Dice(255)
        >>> labels, logits = np.array([[[0, 1, 255]]]), np.array([[[[99.0, 0], [99, 0], [0, 99]]]])
        >>> round(float(loss(labels, logits)), 4)  # 1 - 2/3 and 1
        0.6667
    """

    def _of_groups(self, labels, probabilities, weights):
        truth = tf.one_hot(labels, probabilities.shape[-1]) * weights[..., None]
        common = tf.reduce_sum(probabilities * truth, 1)
        true = tf.reduce_sum(truth, 1)
        squares = tf.reduce_sum(tf.square(probabilities) * weights[..., None], 1)
        there = true > 0
        losses = tf.where(there, 1 - 2 * common / tf.where(there, squares + true, 1.0), 0.0)
        number = tf.math.count_nonzero(there, 1)
        return tf.math.divide_no_nan(tf.reduce_sum(losses, 1), tf.cast(number, tf.float32)), number > 0
