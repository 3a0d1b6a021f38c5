"""The one rule between a model's weights and the variables of the original release's checkpoints.

A layer's name is the variables' scope with `.` for `/`, and each of its weights has one name there.
"""

from __future__ import annotations

import keras

WEIGHTS = {
    "kernel": "weights",
    "bias": "biases",
    "depthwise_kernel": "depthwise_weights",
    "pointwise_kernel": "pointwise_weights",
}
NORMALIZATION = ("gamma", "beta", "moving_mean", "moving_variance")
DEPTHWISE = WEIGHTS["depthwise_kernel"]
# Last parts of the names of all variables of a network; whatever follows behind one is an optimiser's.
LEAVES = frozenset((*WEIGHTS.values(), *NORMALIZATION))
KERNELS = (WEIGHTS["kernel"], DEPTHWISE)


def variable_name(layer: keras.layers.Layer, weight) -> str:
    """The checkpoint's name of one of a layer's weights.

    Example:
        >>> layer = model.get_layer("aspp1_depthwise")
        >>> variable_name(layer, layer.weights[0])
        'aspp1_depthwise/depthwise_weights'
    """
    # Keras calls the kernel of its depthwise layer just that.
    name = "depthwise_kernel" if isinstance(layer, keras.layers.DepthwiseConv2D) else weight.name
    return f"{layer.name.replace('.', '/')}/{WEIGHTS.get(name, name)}"


def model_variables(model: keras.Model) -> dict[str, dict]:
    """By layer name, the layer's weights by their names in a checkpoint.

    Example:
        >>> list(model_variables(model)["logits.semantic"])
        ['logits/semantic/weights', 'logits/semantic/biases']
    """
    return {
        layer.name: {variable_name(layer, weight): weight for weight in layer.weights}
        for layer in model.layers
        if layer.weights
    }
