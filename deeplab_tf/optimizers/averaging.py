"""The moving average of the weights, which is what is validated and kept for use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras
import numpy as np


@contextlib.contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Lets a model that trains with `use_ema` have its averaged weights within a `with` block.

    Afterwards it has its own again, to the bit: training goes on with them. (`keras.callbacks.SwapEMAWeights` exchanges
    them by sums, which rounds.) Batch statistics stay; they are averages by themselves. Without `use_ema`, before the
    first step, and where nothing is compiled, nothing changes.

    Args:
        model: The model that was compiled.

    Example:
        >>> with averaged_weights(model):
        ...     deeplab_tf.save_model(model, "averaged.keras")
    """
    optimizer = getattr(model, "optimizer", None)
    averages = getattr(inner_optimizer(optimizer), "use_ema", False)
    if optimizer is None or not averages or not optimizer.built or not batches_seen(optimizer):
        yield
        return
    variables = model.trainable_variables
    kept = [np.copy(keras.ops.convert_to_numpy(variable)) for variable in variables]
    optimizer.finalize_variable_values(variables)
    try:
        yield
    finally:
        for variable, value in zip(variables, kept):
            variable.assign(value)


def inner_optimizer(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """The optimiser that moves the weights, inside the one that scales the loss in 16 bits."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def batches_seen(optimizer: keras.optimizers.Optimizer) -> int:
    """The batches that an optimiser has had; where it accumulates gradients its `iterations` are fewer."""
    count = next(variable for variable in inner_optimizer(optimizer).variables if variable.name == "iteration")
    return int(keras.ops.convert_to_numpy(count))
