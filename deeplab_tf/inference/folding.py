"""Batch normalisation folded into the convolutions before it: the same function in fewer operations."""

from __future__ import annotations

import keras
import tensorflow as tf

from deeplab_tf.checks import expect

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

    Raises:
        ValueError: If it is not a functional model, such as a `keras.Sequential`.

    Example:
        >>> folded = fold_batch_norm(DeepLabV3("mobilenet_v2"))
        >>> any(isinstance(layer, keras.layers.BatchNormalization) for layer in folded.layers)
        False
    """
    # Other models have no input, and neither have things that are no models.
    remedy = "Build it as keras.Model(inputs, outputs)."
    expect(hasattr(model, "input"), "model", type(model).__name__, "a functional Keras model", remedy)
    folding = Folding(model)
    for variable, value in zip(folding.network.weights, folding.weights(), strict=True):
        variable.assign(value)
    return folding.network


class Folding:
    """A copy of a network without foldable normalisation, and what its weights are for the present ones of the source.

    Args:
        model: As for `fold_batch_norm`.

    Attributes:
        network: The copy; its own weights are initial ones.

    Example:
        >>> folding = Folding(model)
        >>> values = dict(zip((variable.path for variable in folding.network.weights), folding.weights()))
    """

    def __init__(self, model: keras.Model):
        self._source = plain = keras.Model(model.input, model.output)
        self._norms = norms = _foldable(plain)
        folded_away = {norm.name for norm in norms.values()}

        def clone(layer):
            config = layer.get_config()
            config["dtype"] = "float32"
            if layer.name in norms:
                config["use_bias"] = True
            return type(layer).from_config(config)

        def call(layer, inputs, *args, **kwargs):
            return inputs if layer.name in folded_away else layer(inputs, *args, **kwargs)

        self.network = keras.models.clone_model(plain, clone_function=clone, call_function=call)

    def weights(self) -> list[tf.Tensor]:
        """The values of `network.weights`, float32, computed from the source; in a graph at each of its calls."""
        values = {}
        for layer in (layer for layer in self.network.layers if layer.weights):
            source = self._source.get_layer(layer.name)
            found = [tf.cast(tf.convert_to_tensor(weight), weight.dtype) for weight in source.weights]
            if layer.name in self._norms:
                found = _fold(source, found, self._norms[layer.name])
            values |= {variable.path: value for variable, value in zip(layer.weights, found, strict=True)}
        return [values[variable.path] for variable in self.network.weights]


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


def _fold(convolution: keras.layers.Layer, values: list, norm: keras.layers.BatchNormalization) -> list[tf.Tensor]:
    mean, variance = (tf.convert_to_tensor(value) for value in (norm.moving_mean, norm.moving_variance))
    gamma = tf.convert_to_tensor(norm.gamma) if norm.scale else tf.ones_like(mean)
    beta = tf.convert_to_tensor(norm.beta) if norm.center else tf.zeros_like(mean)
    kernel, *bias = values
    scale = gamma / tf.sqrt(variance + norm.epsilon)
    # A depthwise kernel is [h, w, channels, multiplier], and channel x multiplier is the order of its outputs.
    depthwise = isinstance(convolution, keras.layers.DepthwiseConv2D)
    by_output = tf.reshape(scale, kernel.shape[2:]) if depthwise else scale
    return [kernel * by_output, ((bias[0] if bias else 0.0) - mean) * scale + beta]
