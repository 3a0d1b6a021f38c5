"""The place where `deeplab_tf.weights`, which stands above the models, says how weights are loaded and recalibrated."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from deeplab_tf.layers import BatchNorm

logger = logging.getLogger(__name__)
RECALIBRATION_BATCH, RECALIBRATION_BATCHES = 8, 25
_loaders: list[Callable] = []
_recalibrators: list[Callable] = []


def set_weights_loader(loader: Callable) -> None:
    """Makes `loader(model, weights)` the one that fills new models, in place.

    Args:
        loader: A function of a model and a source of weights.

    Example:
        >>> set_weights_loader(load_initial)
    """
    _loaders[:] = [loader]


def load_initial_weights(model, weights) -> None:
    """Fills a new model with what its constructor's `weights` names; None leaves it as it was drawn.

    Raises:
        ValueError: If the weights are unknown or do not fit.
    """
    if weights is None:
        return
    if not isinstance(weights, str | os.PathLike | keras.Model):
        raise ValueError(
            f'weights must be None, "imagenet", a name of the model zoo, a file or a model; received {weights!r}.'
        )
    _registered(_loaders)(model, weights)


def _registered(functions: list[Callable]) -> Callable:
    """The function that `deeplab_tf.weights` registers when it is imported, which nothing may have done yet."""
    if not functions:
        importlib.import_module("deeplab_tf.weights")
    return functions[0]


def set_recalibrator(recalibrate: Callable) -> None:
    """Makes `recalibrate(model, batches)` the one that measures the statistics that folded weights lack.

    Args:
        recalibrate: A function of a model and batches of images.

    Example:
        >>> set_recalibrator(recalibrate_batch_norm)
    """
    _recalibrators[:] = [recalibrate]


def recalibrate_folded(model: keras.Model, data) -> None:
    """Measures the statistics of folded normalisation on the first images that a model is to be fitted to, in place.

    Args:
        model: The model; nothing happens if it has none, or will train without batch statistics.
        data: What `fit` was given. Data that can be read once only are left alone, which is logged.
    """
    folded = [
        layer.name
        for layer in model.layers
        if isinstance(layer, BatchNorm)
        and layer.trainable
        and not layer.frozen_statistics
        and layer.carries_folded
    ]  # fmt: skip
    if not folded:
        return
    if isinstance(data, np.ndarray) or tf.is_tensor(data):
        starts = range(0, min(len(data), RECALIBRATION_BATCH * RECALIBRATION_BATCHES), RECALIBRATION_BATCH)
        batches = [data[start : start + RECALIBRATION_BATCH] for start in starts]
    elif isinstance(data, tf.data.Dataset):
        batches = data.take(RECALIBRATION_BATCHES)
    else:
        logger.warning(
            "The normalisation of %d layers was folded, and data of the type %s can be read only once: training will "
            "begin with another function. Call recalibrate_batch_norm(model, images) before fit.",
            len(folded),
            type(data).__name__,
        )
        return
    _registered(_recalibrators)(model, batches)
    logger.info("Folded normalisation: the statistics of %d layers were measured on the data to fit.", len(folded))
