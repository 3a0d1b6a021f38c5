"""Measures the batch statistics that a folded release lacks, and keeps its function (see `load_released`)."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.layers import BatchNorm
from deeplab_tf.progress import track


def recalibrate_batch_norm(model: keras.Model, images: Iterable, progress: bool = True) -> list[str]:
    """Gives folded normalisation layers the statistics of real data, in place.

    A folded layer has mean 0 and variance 1, which are not those of what flows through it, so training with
    batch statistics would change the function at the first step. Moving mean and variance are measured, gamma
    and beta rewritten so that the inference function stays the same. Layers of a new head are left alone: their
    normalisation is fresh, and a rewritten gamma would be tiny and hardly learn.

    Args:
        model: A model loaded from a released file, perhaps rebuilt or with a new head.
        images: Batches of RGB images, uint8 or float `[B, H, W, 3]`, 0-255, as training will see them; a data
            set of (image, label) pairs serves too. A hundred images or more give stable statistics.
        progress: Report progress.

    Returns:
        Names of the layers that were recalibrated; empty if none carries folded normalisation.

    Raises:
        ValueError: If there are no images.

    Example:
        >>> recalibrate_batch_norm(model, batches.take(25))
        ['MobilenetV2.Conv.BatchNorm', ...]
    """
    layers = [layer for layer in model.layers if isinstance(layer, BatchNorm) and layer.carries_folded]
    if not layers:
        return []
    probe = keras.Model(model.input, [layer.input for layer in layers])

    @tf.function(reduce_retracing=True)
    def moments(batch):
        maps = probe(batch, training=False)
        maps = maps if isinstance(maps, (list, tuple)) else [maps]
        # A second moment about zero loses digits where the mean is large; the batch's own mean does not.
        return [tf.nn.moments(tf.cast(one, tf.float32), axes=[0, 1, 2]) for one in maps]

    count, means, squares = 0, 0.0, 0.0
    batches = ((batch[0] if isinstance(batch, (tuple, list)) else batch) for batch in images)
    for batch in track(batches, _length(images), "recalibrate", "batch") if progress else batches:
        weight = len(batch)
        pairs = [(np.float64(mean), np.float64(variance)) for mean, variance in moments(tf.convert_to_tensor(batch))]
        batch_means = np.concatenate([mean for mean, _ in pairs])
        batch_squares = np.concatenate([variance + mean**2 for mean, variance in pairs])
        count += weight
        means = means + (batch_means - means) * (weight / count)
        squares = squares + (batch_squares - squares) * (weight / count)
    if not count:
        raise ValueError("recalibrate_batch_norm received no images; give at least one batch.")

    widths = np.cumsum([layer.gamma.shape[0] for layer in layers])[:-1]
    variances = np.maximum(squares - means**2, 0.0)
    for layer, mean, variance in zip(layers, np.split(means, widths), np.split(variances, widths), strict=True):
        _rewrite(layer, mean, variance)
    return [layer.name for layer in layers]


def _rewrite(layer: BatchNorm, mean: np.ndarray, variance: np.ndarray) -> None:
    gamma, beta, old_mean, old_variance = (np.float64(weight) for weight in layer.get_weights())
    slope = gamma / np.sqrt(old_variance + layer.epsilon)
    new = slope * np.sqrt(variance + layer.epsilon), beta + slope * (mean - old_mean), mean, variance
    layer.set_weights([weight.astype(np.float32) for weight in new])


def _length(images) -> int | None:
    try:
        return len(images)
    except TypeError:
        return None
