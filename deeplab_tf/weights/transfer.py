"""Weights from a file or a model into the layers of the same names, and what became of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import keras

from deeplab_tf.checks import listing
from deeplab_tf.labels import released_labels
from deeplab_tf.layers import BatchNorm
from deeplab_tf.models import SegmentationModel, copy_weights
from deeplab_tf.models.class_rows import ClassRows
from deeplab_tf.weights.formats.released_file import Convolution, ReleasedFile


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
            text += f"; {len(self.unused)} of the file not used ({listing(self.unused)})"
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


def assign_folded(model: SegmentationModel, released: ReleasedFile) -> Transfer:
    """Sets each convolution, and the normalisation behind it to the folded bias, where name and shape fit, in place.

    Of a classifier for other classes than the file's, which are those that their number stands for, the classes of the
    same name are set.
    """
    names = fitting(model, released.kernels())
    theirs = {name: released.convolutions.get(name.replace(".", "/")) for name in model.classifiers}
    theirs = {name: (one.kernel, one.bias) for name, one in theirs.items() if one is not None}
    rows = class_rows(model, [kernel.shape for kernel, _ in theirs.values()])
    carried = []
    if rows is not None and not rows.same:
        names = [name for name in names if name not in theirs]
        carried = rows.carry(convolutions_of(model), theirs, model.classifiers)
    norms = {layer.name: layer for layer in model.layers if isinstance(layer, BatchNorm)}
    for name in names:
        convolution = released.convolutions[name.replace(".", "/")]
        _set(model.get_layer(name), norms.get(f"{name}.BatchNorm"), convolution)
    used = {name.replace(".", "/") for name in (*names, *carried)}
    names += carried if rows is not None and rows.complete else []
    return Transfer(
        loaded=names,
        fresh=[name for name in convolutions_of(model) if name not in names],
        unused=[scope for scope in released.convolutions if scope not in used],
    )


def class_rows(model: SegmentationModel, shapes: Sequence[tuple[int, ...]]) -> ClassRows | None:
    """How the classes of a released file, which names none, go into a model.

    Args:
        model: The model to fill.
        shapes: Those of the kernels that the file has for the model's classifiers.

    Returns:
        The rows; None if the file has no classifier.
    """
    counts = {shape[-1] for shape in shapes}
    return ClassRows(released_labels(counts.pop()), model.labels) if len(counts) == 1 and min(counts) > 1 else None


def _set(layer: keras.layers.Layer, norm: BatchNorm | None, convolution: Convolution) -> None:
    if norm is None:
        layer.set_weights([convolution.kernel, convolution.bias])
    else:
        layer.set_weights([convolution.kernel])
        norm.load_folded(convolution.bias)
