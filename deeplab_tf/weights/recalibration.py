"""Measures the batch statistics that a folded release lacks, and keeps its function (see `load_released`)."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.layers import BatchNorm
from deeplab_tf.progress import track

# Of slim's MobileNets, for kernels of the backbone.
INITIAL_STDDEV = 0.09


def recalibrate_batch_norm(model: keras.Model, images: Iterable) -> list[str]:
    """Gives folded normalisation layers the statistics of real data, in place.

    A folded layer has mean 0 and variance 1, which are not those of what flows through it, so training with
    batch statistics would change the function at the first step. Moving mean and variance are measured, gamma
    and beta rewritten so that the inference function stays the same. Layers of a new head are left alone: their
    normalisation is fresh, and a rewritten gamma would be tiny and hardly learn.

    Folding also shrank many kernels, and behind a normalisation a kernel's step counts relative to its norm: at a
    learning rate of 0.001 such a network loses what it knows within 40 steps. Filters below the norm that an
    initialiser would give them are scaled up to it, which the normalisation takes back.

    Args:
        model: A model loaded from a released file, perhaps rebuilt or with a new head.
        images: Batches of RGB images, uint8 or float `[B, H, W, 3]`, 0-255, as training will see them; a data
            set of (image, label) pairs serves too. A hundred images or more give stable statistics.

    Returns:
        Names of the layers that were recalibrated; empty if none carries folded normalisation.

    Raises:
        ValueError: If there are no images.

    Example:
        >>> recalibrate_batch_norm(model, batches.take(25))
        ['MobilenetV2.Conv.BatchNorm', ...]
    """
    layers = folded_layers(model)
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
    for batch in track(batches, _length(images), "recalibrate", "batch"):
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
    convolutions = {f"{layer.name}.BatchNorm": layer for layer in model.layers}
    for layer, mean, variance in zip(layers, np.split(means, widths), np.split(variances, widths), strict=True):
        factor = _enlarge(convolutions[layer.name])
        _rewrite(layer, factor, mean, variance)
    return [layer.name for layer in layers]


def folded_layers(model: keras.Model) -> list[BatchNorm]:
    """The normalisation layers of a model that lack the statistics of real data."""
    return [layer for layer in model.layers if isinstance(layer, BatchNorm) and layer.carries_folded]


def _enlarge(convolution: keras.layers.Layer) -> np.ndarray:
    """Scales filters up to the initialiser's norm where they are below it; the factor of each channel, >= 1."""
    (kernel,) = convolution.get_weights()
    channel = 2 if isinstance(convolution, keras.layers.DepthwiseConv2D) else 3
    others = tuple(axis for axis in range(4) if axis != channel)
    norm = np.sqrt(np.square(kernel, dtype=np.float64).sum(axis=others, keepdims=True))
    wanted = INITIAL_STDDEV * np.sqrt(kernel.size / kernel.shape[channel])
    # A filter of zeros has no direction to keep.
    factor = np.where(norm > 0, np.maximum(wanted / np.maximum(norm, 1e-12), 1.0), 1.0)
    convolution.set_weights([(kernel * factor).astype(np.float32)])
    return factor.reshape(-1)


def _rewrite(layer: BatchNorm, factor: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> None:
    """Sets the statistics of inputs that are `factor` times those measured, and keeps the layer's output."""
    gamma, beta, old_mean, old_variance = (np.float64(weight) for weight in layer.get_weights())
    slope = gamma / np.sqrt(old_variance + layer.epsilon)
    beta = beta + slope * (mean - old_mean)
    mean, variance = mean * factor, variance * factor**2
    gamma = slope / factor * np.sqrt(variance + layer.epsilon)
    layer.set_weights([weight.astype(np.float32) for weight in (gamma, beta, mean, variance)])


def _length(images) -> int | None:
    try:
        return len(images)
    except TypeError:
        return None
