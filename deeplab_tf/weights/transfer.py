"""Weights from a file or a model into the layers that bear the same names, and what became of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import keras

from deeplab_tf.layers import BatchNorm
from deeplab_tf.models import copy_weights
from deeplab_tf.weights.released_file import Convolution, ReleasedFile

SHOWN = 4


@dataclasses.dataclass(frozen=True)
class Transfer:
    """Which layers got weights from a file, and which did not.

    Args:
        loaded: Names of the layers that were loaded.
        fresh: Names of the layers with weights that the file does not have, or has in another shape.
        unused: Scopes of the file that the model has no layer for.
        ignored: Number of values in the file that are not the network's, by what they are, such as `Momentum`.
    """

    loaded: list[str]
    fresh: list[str]
    unused: list[str]
    ignored: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        text = f"{len(self.loaded)} layers loaded, {len(self.fresh)} new ({', '.join(self.fresh) or 'none'})"
        if self.unused:
            more = ", ..." if len(self.unused) > SHOWN else ""
            text += f"; {len(self.unused)} of the file not used ({', '.join(self.unused[:SHOWN])}{more})"
        return text + (f"; ignored {counted(self.ignored)}" if self.ignored else "")


def counted(kinds: Mapping[str, int]) -> str:
    """The numbers of things by kind, for a sentence.

    Example:
        >>> counted({"Momentum": 164, "global_step": 1})
        '164 Momentum, 1 global_step'
    """
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items())


def convolutions_of(model: keras.Model) -> dict[str, keras.layers.Layer]:
    """The convolutions of a model, depthwise ones too, by name."""
    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
    return {layer.name: layer for layer in model.layers if isinstance(layer, kinds)}


def fitting(model: keras.Model, kernels: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Names of the convolutions for which a file has a kernel of the same scope and shape.

    Args:
        model: The model to fill.
        kernels: The shapes of the file's kernels by scope.
    """
    layers = convolutions_of(model).items()
    return [name for name, layer in layers if kernels.get(name.replace(".", "/")) == tuple(layer.kernel.shape)]


def assign_layers(model: keras.Model, source: keras.Model) -> Transfer:
    """Copies the weights of all layers of the same name and shape, in place."""
    fresh = copy_weights(source, model)
    names = {layer.name for layer in model.layers}
    loaded = [layer.name for layer in model.layers if layer.weights and layer.name not in fresh]
    return Transfer(loaded, fresh, [layer.name for layer in source.layers if layer.weights and layer.name not in names])


def assign_folded(model: keras.Model, released: ReleasedFile) -> Transfer:
    """Sets each convolution, and the normalisation behind it to the folded bias, where name and shape fit, in place."""
    names = fitting(model, released.kernels())
    norms = {layer.name: layer for layer in model.layers if isinstance(layer, BatchNorm)}
    for name in names:
        convolution = released.convolutions[name.replace(".", "/")]
        _set(model.get_layer(name), norms.get(f"{name}.BatchNorm"), convolution)
    used = {name.replace(".", "/") for name in names}
    return Transfer(
        loaded=names,
        fresh=[name for name in convolutions_of(model) if name not in names],
        unused=[scope for scope in released.convolutions if scope not in used],
    )


def _set(layer: keras.layers.Layer, norm: BatchNorm | None, convolution: Convolution) -> None:
    if norm is None:
        layer.set_weights([convolution.kernel, convolution.bias])
    else:
        layer.set_weights([convolution.kernel])
        norm.load_folded(convolution.bias)
