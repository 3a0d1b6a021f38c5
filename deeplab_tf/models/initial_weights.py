"""The place where `deeplab_tf.weights`, which stands above the models, says how a model's `weights=` is loaded."""

from __future__ import annotations

import os
from collections.abc import Callable

import keras

_loaders: list[Callable] = []


def set_weights_loader(loader: Callable) -> None:
    """Makes `loader(model, weights)` the one that fills new models, in place."""
    _loaders[:] = [loader]


def load_initial_weights(model, weights) -> None:
    """Fills a new model with what its constructor's `weights` names; None leaves it as it was drawn.

    Raises:
        ValueError: If the weights are unknown, do not fit, or nothing was registered to load them.
    """
    if weights is None:
        return
    if not isinstance(weights, str | os.PathLike | keras.Model):
        raise ValueError(
            f'weights must be None, "imagenet", a name of the model zoo, a file or a model; received {weights!r}.'
        )
    if not _loaders:
        raise ValueError(f"weights={weights!r} needs deeplab_tf.weights; import deeplab_tf first.")
    _loaders[0](model, weights)
