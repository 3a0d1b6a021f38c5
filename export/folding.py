"""Batch normalisation folded into the convolutions before it: the same function in fewer operations."""

from __future__ import annotations

import keras
import numpy as np

CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)


def fold_batch_norm(model: keras.Model) -> keras.Model:
    """An inference copy of a functional model, in float32, with its normalisation folded away.

    Every convolution whose only consumer is a batch normalisation becomes a convolution with a bias that does the
    work of both. Other layers, a normalisation behind something else among them, are copied as they are.

    Args:
        model: A functional model; it stays untouched. Each of its layers is called once.

    Returns:
        A model of the same inputs, outputs and layer names, without the folded normalisation layers. It computes
        what `model` computes with `training=False`.

    Example:
        >>> folded = fold_batch_norm(DeepLabV3("mobilenet_v2"))
        >>> any(isinstance(layer, keras.layers.BatchNormalization) for layer in folded.layers)
        False
    """
    plain = keras.Model(model.input, model.output)
    norms = _foldable(plain)
    folded_away = {norm.name for norm in norms.values()}

    def clone(layer):
        config = layer.get_config()
        config["dtype"] = "float32"
        if layer.name in norms:
            config["use_bias"] = True
        return type(layer).from_config(config)

    def call(layer, inputs, *args, **kwargs):
        return inputs if layer.name in folded_away else layer(inputs, *args, **kwargs)

    folded = keras.models.clone_model(plain, clone_function=clone, call_function=call)
    for layer in folded.layers:
        if layer.weights:
            source = plain.get_layer(layer.name)
            folds = layer.name in norms
            layer.set_weights(_fold(source, norms[layer.name]) if folds else source.get_weights())
    return folded


def _foldable(model: keras.Model) -> dict[str, keras.layers.BatchNormalization]:
    """By the name of a linear convolution, the normalisation that is the only one to read its output."""
    readers: dict[int, list] = {id(tensor): [None] for tensor in keras.tree.flatten(model.output)}
    for layer in model.layers:
        for tensor in keras.tree.flatten(layer.input):
            readers.setdefault(id(tensor), []).append(layer)
    pairs = {}
    for layer in model.layers:
        if not isinstance(layer, CONVOLUTIONS) or layer.activation is not keras.activations.linear:
            continue
        reading = readers.get(id(layer.output), [])
        if len(reading) == 1 and isinstance(reading[0], keras.layers.BatchNormalization):
            pairs[layer.name] = reading[0]
    return pairs


def _fold(convolution: keras.layers.Layer, norm: keras.layers.BatchNormalization) -> list[np.ndarray]:
    mean, variance = (np.asarray(value) for value in (norm.moving_mean, norm.moving_variance))
    gamma = np.asarray(norm.gamma) if norm.scale else np.ones_like(mean)
    beta = np.asarray(norm.beta) if norm.center else np.zeros_like(mean)
    kernel, *bias = convolution.get_weights()
    scale = gamma / np.sqrt(variance + norm.epsilon)
    # A depthwise kernel is [h, w, channels, multiplier], and channel x multiplier is the order of its outputs.
    depthwise = isinstance(convolution, keras.layers.DepthwiseConv2D)
    by_output = scale.reshape(kernel.shape[2:]) if depthwise else scale
    return [kernel * by_output, ((bias[0] if bias else 0) - mean) * scale + beta]
