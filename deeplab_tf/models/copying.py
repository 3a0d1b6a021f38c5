"""Weights from one network into another, layer by layer, by name."""

from __future__ import annotations

import keras

from deeplab_tf.models.class_rows import ClassRows
from deeplab_tf.models.input_channels import copy_stem, differs_in_channels


def twins(source: keras.Model, target: keras.Model) -> list[tuple[keras.layers.Layer, keras.layers.Layer]]:
    """The target's layers with those of the source that bear the same name."""
    theirs = {layer.name: layer for layer in source.layers}
    return [(layer, theirs[layer.name]) for layer in target.layers if layer.name in theirs]


def copy_weights(source: keras.Model, target: keras.Model) -> list[str]:
    """Copies the weights of all layers that bear the same name and shapes, and of classifiers the classes by name.

    A stem for images of another number of channels is averaged over its own and rescaled, which is logged.

    Args:
        source: The model whose weights are read.
        target: The model whose weights are replaced.

    Returns:
        Names of the target's layers with weights that got none.

    Example:
        >>> copy_weights(model, model.rebuild(output_stride=8))
        []
    """
    source_layers = {layer.name: layer for layer in source.layers}
    left, stems, classifiers = [], [], _carry_classes(source, target)
    for layer in target.layers:
        wanted = [tuple(weight.shape) for weight in layer.weights]
        if not layer.trainable_weights and not layer.non_trainable_weights:
            continue
        twin = source_layers.get(layer.name)
        if layer.name in classifiers:
            left += [] if classifiers[layer.name] else [layer.name]
        elif twin is not None and [tuple(weight.shape) for weight in twin.weights] == wanted:
            layer.set_weights(twin.get_weights())
        elif twin is not None and differs_in_channels(source, target, twin, layer):
            stems.append(layer.name)
        elif wanted and not isinstance(layer, keras.layers.Dropout):
            left.append(layer.name)
    for name in stems:
        copy_stem(source, target, name)
    return left


def _carry_classes(source: keras.Model, target: keras.Model) -> dict[str, bool]:
    """By name of a classifier whose classes are others than the source's, whether all of them were carried over."""
    if not (hasattr(source, "classifiers") and hasattr(target, "classifiers")):
        return {}
    rows = ClassRows(source.labels, target.labels)
    if rows.same:
        return {}
    theirs = {name: source.get_layer(name).get_weights() for name in source.classifiers}
    filled = rows.carry({layer.name: layer for layer in target.layers}, theirs, target.classifiers)
    return {name: rows.complete and name in filled for name in target.classifiers}
