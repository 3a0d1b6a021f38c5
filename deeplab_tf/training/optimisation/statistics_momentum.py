"""How fast the moving statistics of batch normalisation follow in a run of a given length."""

from __future__ import annotations

import keras

from deeplab_tf.layers import BatchNorm

MEMORIES_PER_RUN = 50
LEAST_MOMENTUM = 0.9


def fit_momentum(model: keras.Model, steps: int) -> float:
    """Lowers the momentum of all batch normalisation, in place, so that the statistics of a short run are its own.

    The release's 0.9997 remembers some 3300 steps: after a run of as many, a third of a moving statistic is
    still its initial value, and a prediction with it is useless. Here the memory is at most a 50th of the run;
    from 170 000 steps on nothing changes.

    Args:
        model: Any model.
        steps: Length of the run.

    Returns:
        The highest momentum left, 0.9 or above.

    Example:
        >>> fit_momentum(DeepLabV3("mobilenet_v2"), 3000)
        0.9833333333333334
    """
    highest = max(LEAST_MOMENTUM, 1 - MEMORIES_PER_RUN / steps)
    for layer in model.layers:
        if isinstance(layer, BatchNorm):
            layer.momentum = min(layer.momentum, highest)
            layer.warm_up = False
    return highest
