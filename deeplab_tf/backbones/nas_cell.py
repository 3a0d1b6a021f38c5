"""The cell of a searched network and its operations, as the release builds them."""

from __future__ import annotations

import dataclasses

import keras

from deeplab_tf.backbones.genotype import INPUT_STATES, Genotype
from deeplab_tf.backbones.operation import Operation
from deeplab_tf.layers import DropPath, ImageScale, Norm, ResizeLike
from deeplab_tf.layers.convolution import conv_bn, normalize, padded


@dataclasses.dataclass(frozen=True)
class Cell:
    """What the operations of one cell share.

    Args:
        scope: The cell's scope.
        filters: Channels of every state.
        stride: Stride of the cell: of the operations on the states 0 and 1, or of their inputs.
        norm: Settings of the normalisation.
        drop_path: Fraction of the paths dropped in training, 0 to below 1.
        drop_path_steps: Training steps over which the fraction rises to that; None for no rise.
    """

    scope: str
    filters: int
    stride: int
    norm: Norm
    drop_path: float
    drop_path_steps: int | None


def initializer() -> keras.initializers.Initializer:
    """The release's for searched networks; a fresh one for each layer, as Keras wants."""
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def relu(x, name: str):
    """The activation before the layer called `name`."""
    return keras.layers.Activation("relu", name=f"{name}.relu")(x)


def conv(x, filters: int, kernel_size: int, name: str, norm_name: str, norm: Norm, stride: int = 1, rate: int = 1):
    """Convolution without bias, and batch normalisation, which in these networks has a scope of its own."""
    return conv_bn(
        x,
        filters,
        kernel_size,
        name=name,
        norm=norm,
        norm_name=norm_name,
        stride=stride,
        rate=rate,
        activation=None,
        initializer=initializer(),
        explicit_padding=True,
    )


def _separable(x, operation: Operation, cell: Cell, scope: str, stride: int):
    size = operation.kernel_size
    for index in range(1, operation.repeats + 1):
        name = f"{scope}.separable_{size}x{size}_{index}"
        x, padding = padded(relu(x, name), size, stride, name)
        # One layer for both halves: they share a scope in the checkpoints, without normalisation between them.
        x = keras.layers.SeparableConv2D(
            cell.filters,
            size,
            strides=stride,
            padding=padding,
            use_bias=False,
            depthwise_initializer=initializer(),
            pointwise_initializer=initializer(),
            name=name,
        )(x)
        x = normalize(x, cell.norm, None, name, f"{scope}.bn_sep_{size}x{size}_{index}")
        stride = 1
    return x


def _atrous(x, operation: Operation, cell: Cell, scope: str, stride: int):
    size = operation.kernel_size
    name = f"{scope}.atrous_{size}x{size}"
    x = relu(x, name)
    if stride > 1:
        x = ImageScale(0.5, name=f"{name}.resize")(x)
    rate = 2 if stride == 1 else 1
    return conv(x, cell.filters, size, name, f"{scope}.bn_atr_{size}x{size}", cell.norm, rate=rate)


def _pool(x, operation: Operation, cell: Cell, scope: str, stride: int):
    layer = {"avg_pool": keras.layers.AveragePooling2D, "max_pool": keras.layers.MaxPooling2D}[operation.kind]
    return layer(operation.kernel_size, strides=stride, padding="same", name=f"{scope}.{operation.kind}")(x)


def _identity(x, operation: Operation, cell: Cell, scope: str, stride: int):
    if stride == 1:
        return x
    return conv(relu(x, f"{scope}.1x1"), cell.filters, 1, f"{scope}.1x1", f"{scope}.bn_1", cell.norm, stride)


OPERATIONS = {"separable": _separable, "atrous": _atrous, "avg_pool": _pool, "max_pool": _pool, "none": _identity}


def _apply(x, text: str, cell: Cell, scope: str, stride: int):
    operation = Operation.parse(text)
    x = OPERATIONS[operation.kind](x, operation, cell, scope, stride)
    if cell.drop_path and operation.kind != "none":
        x = DropPath(cell.drop_path, cell.drop_path_steps, name=f"{scope}.drop_path")(x)
    return x


def _current(x, cell: Cell, kernel_size: int = 1, stride: int = 1):
    """State 0."""
    name = f"{cell.scope}.1x1"
    return conv(relu(x, name), cell.filters, kernel_size, name, f"{cell.scope}.beginning_bn", cell.norm, stride)


def _earlier(previous, like, cell: Cell, always: bool):
    """State 1, at the size of `like`; its convolution is left out where channels fit, unless it is `always` there."""
    previous = ResizeLike(name=f"{cell.scope}.prev_resize")([previous, like])
    if previous.shape[-1] == cell.filters and not always:
        return previous
    name = f"{cell.scope}.prev_1x1"
    return conv(relu(previous, name), cell.filters, 1, name, f"{cell.scope}.prev_bn", cell.norm)


def build_cell(x, previous, genes: Genotype, cell: Cell):
    """One cell.

    Args:
        x: `[B, h, w, C]`, the current map.
        previous: `[B, H, W, D]`, the output of two cells ago, of any size.
        genes: Which operations work on which states, and where the map is halved.
        cell: What they share.

    Returns:
        `[B, ceil(h / stride), ceil(w / stride), filters x output states]`, before an activation.
    """
    scope = cell.scope
    if genes.reduction == "inputs":
        x = _current(x, cell, 3 if cell.stride > 1 else 1, cell.stride)
        previous = _earlier(previous, x, cell, always=True)
        cell = dataclasses.replace(cell, stride=1)
    else:
        previous = _earlier(previous, x, cell, always=False)
        x = _current(x, cell)
    states = [x, previous]
    for index in range(genes.combinations):
        sides = []
        for side, name in enumerate(("left", "right"), start=2 * index):
            state, operation = genes.hidden_states[side], genes.operations[side]
            stride = cell.stride if state < INPUT_STATES else 1
            sides.append(_apply(states[state], operation, cell, f"{scope}.comb_iter_{index}.{name}", stride))
        states.append(keras.layers.Add(name=f"{scope}.comb_iter_{index}.combine")(sides))
    outputs = [states[state] for state in genes.output_states]
    return keras.layers.Concatenate(name=f"{scope}.cell_output")(outputs) if len(outputs) > 1 else outputs[0]
