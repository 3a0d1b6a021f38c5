"""The papers' weight decay: an L2 penalty in the loss, on convolution kernels only."""

from __future__ import annotations

import keras


def add_weight_decay(model: keras.Model, weight_decay: float) -> list[str]:
    """Makes the loss of `model`, in place, carry weight_decay / 2 times the squared norm of its kernels.

    Kernels of convolutions count, depthwise ones, biases and batch normalisation do not, as in the release. The
    `weight_decay` of Keras's optimisers is another thing: it shrinks the weights beside the gradient step.

    Args:
        model: Any model; trained through a model that shares its layers, the penalty counts as well.
        weight_decay: The factor, >= 0; 0 takes an earlier penalty off.

    Returns:
        Names of the layers that are penalised.

    Example:
        >>> add_weight_decay(DeepLabV3("mobilenet_v2"), 4e-5)[0]
        'MobilenetV2.Conv'
    """
    # A depthwise convolution is no Conv2D in Keras.
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    penalty = keras.regularizers.L2(weight_decay / 2) if weight_decay else None
    for layer in layers:
        layer.kernel.regularizer = penalty
    return [layer.name for layer in layers] if weight_decay else []
