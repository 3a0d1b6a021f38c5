"""Hard pixel mining, as the original release has it."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.checks import number, whole
from deeplab_tf.losses.cross_entropy import CrossEntropy
from deeplab_tf.losses.label_loss import IGNORE, MEAN

# The bits of floats from 0 up are in the order of the floats. They are counted in two halves of so many values.
_HALF = 1 << 16


@keras.saving.register_keras_serializable("deeplab_tf")
class HardPixels(CrossEntropy):
    """Cross entropy of the pixels of the batch that are learnt worst.

    As in the original release (utils/train_utils.py): of all pixels of the batch, ignored ones among them, those of the
    largest weighted loss are kept; the mean is over those of them whose loss is not 0. `keep` falls from 1 in a
    straight line over the first `ramp_steps` steps. On several devices each keeps of its own part of the batch.

    The step is the optimiser's, in batches; every checkpoint of Keras keeps it, so that a resumed run goes on exactly.
    Models of this package make the loss follow the optimiser that they are compiled with. With any other model:
    `model.compile(optimizer, HardPixels(ramp_steps=1000).follow(optimizer))`.

    Args:
        ignore_label: The id that does not count.
        keep: Fraction of the pixels, above 0 and at most 1; the release's `top_k_percent_pixels`.
        ramp_steps: 0 or more; the release's `hard_example_mining_step`.
        class_weights: As for `CrossEntropy`.
        label_smoothing: As for `CrossEntropy`.
        reduction: As for Keras's losses; `None` leaves the values of pixels, `[N, H, W]`, 0 where not kept.
        name: The loss's.

    Raises:
        ValueError: As for `CrossEntropy`; from a call, if the step is needed and there is no optimiser to follow.

    Example:
        >>> loss = HardPixels(255, keep=0.25)
        >>> labels, logits = np.zeros((1, 1, 4), int), np.array([[[[1.0, 0], [9, 0], [0, 5], [0, 0]]]])
        >>> round(float(loss(labels, logits)), 4)
        5.0067
    """

    def __init__(
        self,
        ignore_label: int = IGNORE,
        *,
        keep: float = 0.25,
        ramp_steps: int = 0,
        class_weights: Sequence[float] | np.ndarray | None = None,
        label_smoothing: float = 0.0,
        reduction: str | None = MEAN,
        name: str | None = None,
    ):
        super().__init__(
            ignore_label,
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            reduction=reduction,
            name=name,
        )
        self.keep = number("keep", keep, above=0, most=1, remedy="It is a fraction: try 0.25.")
        self.ramp_steps = whole("ramp_steps", ramp_steps, least=0, remedy="Try 1000, or 0 for none.")
        self._optimizer = None

    def follow(self, optimizer: keras.optimizers.Optimizer) -> HardPixels:
        """Takes the step from an optimiser, in place.

        Args:
            optimizer: That of the training.

        Returns:
            The loss itself.
        """
        self._optimizer = optimizer
        return self

    def _values(self, labels, logits, counted, images, pixels):
        values, counted = super()._values(labels, logits, counted, images, pixels)
        flat = tf.reshape(tf.stop_gradient(values), [-1])
        count = tf.size(flat)
        share = self._share() * tf.cast(count, tf.float32)
        kept = tf.reshape(largest(flat, tf.clip_by_value(tf.cast(share, tf.int32), 1, count)), tf.shape(values))
        return values * kept, tf.where(values != 0, counted * kept, 0.0)

    def _share(self) -> tf.Tensor:
        if not self.ramp_steps:
            return tf.constant(self.keep, tf.float32)
        if self._optimizer is None:
            raise ValueError(
                f"HardPixels has ramp_steps={self.ramp_steps} and needs the step, but follows no optimizer; expected "
                "the one that the model is compiled with. Give loss.follow(optimizer)."
            )
        # In 16 bits there is another optimiser around that which counts.
        counting = getattr(self._optimizer, "inner_optimizer", self._optimizer)
        updates = tf.cast(tf.convert_to_tensor(counting.iterations), tf.float32)
        done = tf.minimum(1.0, updates * (counting.gradient_accumulation_steps or 1) / self.ramp_steps)
        return done * self.keep + (1 - done)

    def get_config(self) -> dict:
        return {**super().get_config(), "keep": self.keep, "ramp_steps": self.ramp_steps}


def largest(values: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Which values are the largest: 1 or 0 for each; those at the limit share what is left for them evenly.

    Counting finds the limit several times faster than sorting, and takes any `count` where the graph is compiled.

    Args:
        values: float32 `[P]`, 0 or above.
        count: How many, 1 to P.

    Returns:
        float32 `[P]`, of the sum `count`.
    """
    # Rounding may leave a loss of -0.
    bits = tf.bitcast(tf.abs(values), tf.int32)
    high, low = bits // _HALF, bits % _HALF
    first, left, _ = _limit(high, count)
    second, left, equal = _limit(tf.where(high == first, low, -1), left)
    limit = first * _HALF + second
    return tf.where(bits > limit, 1.0, tf.where(bits == limit, tf.cast(left / equal, tf.float32), 0.0))


def _limit(values: tf.Tensor, count: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The value at which `count` are reached from above, how many of it are needed, and how many there are."""
    counts = tf.math.unsorted_segment_sum(tf.ones_like(values), values, _HALF)
    reached = tf.cumsum(counts, reverse=True)
    limit = tf.math.count_nonzero(reached >= count, dtype=tf.int32) - 1
    return limit, count - (reached[limit] - counts[limit]), counts[limit]
