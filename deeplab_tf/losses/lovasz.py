"""Lovász softmax (Berman et al. 2018, arXiv 1705.08790)."""

from __future__ import annotations

import keras
import tensorflow as tf

from deeplab_tf.losses.region_loss import RegionLoss

# Steps in which errors, 0-1, are put into order.
STEPS = 1 << 15


@keras.saving.register_keras_serializable("deeplab_tf")
class LovaszSoftmax(RegionLoss):
    """The Lovász extension of 1 - IoU, the mean over the classes that are true somewhere.

    Of a class it is the sum of the errors of its pixels, each times what the pixel takes from the class's IoU when it
    is wrong beside all those of larger errors (Berman et al. 2018, arXiv 1705.08790, equations 8 and 9). It refines a
    network that segments already.

    Errors are put into order in 32 768 steps, and those within one count as equal: counting takes a fraction of the
    time of sorting. The loss differs from that of the exact order by less than 1 / 32 768.

    Args:
        ignore_label: The id that does not count.
        per_image: Compare regions within each image, and take the mean over the images that have labels; otherwise
            those of the batch, on several devices of each one's part.
        reduction: As for Keras's losses; `None` leaves the values of images, `[N]`, or that of the batch, `[1]`.
        name: The loss's.

    A pixel of the weight 2 counts as two pixels; with `per_image`, weights of images weigh their values.

    Raises:
        ValueError: As for `CrossEntropy`.

    Example:
        >>> loss = LovaszSoftmax(255)
        >>> labels, logits = np.array([[[0, 1, 255]]]), np.array([[[[99.0, 0], [99, 0], [0, 99]]]])
        >>> round(float(loss(labels, logits)), 4)  # 1 - 1/2 and 1
        0.75
    """

    def _of_groups(self, labels, probabilities, weights):
        groups, pixels, classes = tf.unstack(tf.shape(probabilities))
        ids = labels + classes * tf.range(groups)[:, None]
        true = tf.math.unsorted_segment_sum(weights, ids, groups * classes)
        # Of all pairs of group and class, those that occur.
        pairs = tf.cast(tf.where(true > 0)[:, 0], tf.int32)
        group, of_class = pairs // classes, pairs % classes
        by_class = tf.reshape(tf.transpose(probabilities, [0, 2, 1]), [groups * classes, pixels])
        is_class = tf.gather(labels, group) == of_class[:, None]
        chosen = tf.gather(by_class, pairs)
        errors = tf.where(is_class, 1 - chosen, chosen)
        shares = _shares(errors, is_class, tf.gather(weights, group), tf.gather(true, pairs))
        losses = tf.reduce_sum(errors * shares, 1)
        number = tf.math.unsorted_segment_sum(tf.ones_like(losses), group, groups)
        return tf.math.divide_no_nan(tf.math.unsorted_segment_sum(losses, group, groups), number), number > 0


def _shares(errors: tf.Tensor, is_class: tf.Tensor, weights: tf.Tensor, true: tf.Tensor) -> tf.Tensor:
    """What each pixel takes from the IoU of its row's class, float32 `[R, P]`; the gradient of the loss by the errors.

    With t pixels true and, among those of larger errors, f that are true and b that are not, the IoU falls from
    (t - f) / (t + b): by 1 / (t + b) at one that is true, by (t - f) / ((t + b) (t + b + 1)) at another one.

    Args:
        errors: 0-1, float32 `[R, P]`.
        is_class: Whether the pixel is of the row's class, `[R, P]`.
        weights: What it counts, float32 `[R, P]`.
        true: The weights of the class's pixels together, float32 `[R]`.
    """
    rows, kinds = tf.shape(errors)[0], 2 * STEPS
    # The largest errors come first.
    step = tf.clip_by_value(tf.cast((1 - tf.stop_gradient(errors)) * STEPS, tf.int32), 0, STEPS - 1)
    places = step + tf.where(is_class, 0, STEPS) + kinds * tf.range(rows)[:, None]
    amounts = tf.reshape(tf.math.unsorted_segment_sum(weights, places, rows * kinds), [rows, 2, STEPS])
    found, false = tf.unstack(tf.cumsum(amounts, axis=2), axis=1)
    union = true[:, None] + false
    before = union - amounts[:, 1]
    of_true = tf.math.divide_no_nan(1.0, before)
    of_false = tf.math.divide_no_nan(tf.maximum(true[:, None] - found, 0.0), before * union)
    table = tf.reshape(tf.stack([of_true, of_false], 1), [-1])
    return tf.stop_gradient(tf.gather(table, places) * weights)
