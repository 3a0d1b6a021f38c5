"""The papers' weight decay: an L2 penalty in the loss, on convolution kernels only."""

from __future__ import annotations

import keras
import tensorflow as tf


class HalfSquares(keras.regularizers.Regularizer):
    """Half the squared norm times a factor.

    Keras's L2 writes down every square; their sum alone, and a gradient of one product, pass over the weights a third
    as often.

    Args:
        factor: Above 0.

    Example:
        >>> float(HalfSquares(0.5)(tf.constant([3.0, 1.0])))
        2.5
    """

    def __init__(self, factor: float):
        self.factor = factor

    def __call__(self, x) -> tf.Tensor:
        return self.factor * tf.nn.l2_loss(tf.convert_to_tensor(x))

    def get_config(self) -> dict:
        return {"factor": self.factor}


def add_weight_decay(model: keras.Model, weight_decay: float) -> list[str]:
    """Makes the loss of `model`, in place, carry weight_decay / 2 times the squared norm of its kernels.

    Kernels of convolutions count, both of a separable one among them; those of depthwise convolutions, biases and
    batch normalisation do not. So the release has it, which builds separable convolutions as one only in searched
    networks. The `weight_decay` of Keras's optimisers is another thing: it shrinks weights beside the gradient.

    Args:
        model: Any model; trained through a model that shares its layers, the penalty counts as well.
        weight_decay: The factor, >= 0; 0 takes an earlier penalty off.

    Returns:
        Names of the layers that are penalised.

    Example:
        >>> add_weight_decay(DeepLabV3("mobilenet_v2"), 4e-5)[0]
        'MobilenetV2.Conv'
    """
    kernels = {layer.name: found for layer in model.layers if (found := _kernels(layer))}
    penalty = HalfSquares(weight_decay) if weight_decay else None
    for found in kernels.values():
        for kernel in found:
            kernel.regularizer = penalty
    return list(kernels) if weight_decay else []


def _kernels(layer: keras.layers.Layer) -> list[keras.Variable]:
    if isinstance(layer, keras.layers.SeparableConv2D):
        return [layer.depthwise_kernel, layer.pointwise_kernel]
    # A depthwise convolution is not a Conv2D in Keras.
    return [layer.kernel] if isinstance(layer, keras.layers.Conv2D) else []
