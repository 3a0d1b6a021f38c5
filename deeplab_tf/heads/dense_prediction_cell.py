"""Dense prediction cell (arXiv 1809.04184): a searched head that takes the place of the ASPP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from deeplab_tf.checks import is_whole, one_of, plain, whole_numbers
from deeplab_tf.layers.convolution import conv_bn, separable_conv_bn
from deeplab_tf.layers.dropout import Dropout
from deeplab_tf.layers.normalization import Norm
from deeplab_tf.layers.resize import ResizeLike

SCOPE = "meta_architecture"
# The input that means the backbone's map.
BACKBONE = -1
REFERENCE_STRIDE = 16
CONV, PYRAMID_POOLING = "conv", "pyramid_pooling"
KEYS = {CONV: {"op", "input", "kernel", "rate"}, PYRAMID_POOLING: {"op", "input", "grid_size"}}

# Each branch's rate (height, width) at output stride 16, and the branch it reads.
CELLS: dict[str, tuple[dict, ...]] = {
    "cityscapes": tuple(
        {"op": CONV, "kernel": 3, "rate": rate, "input": source}
        for rate, source in (((1, 6), BACKBONE), ((18, 15), 0), ((6, 3), 1), ((1, 1), 0), ((6, 21), 0))
    ),
}


@keras.saving.register_keras_serializable(package="deeplab_tf")
class GridPool(keras.layers.Layer):
    """Averages a map of any size over a grid of equal parts, which overlap where the sizes do not divide.

    Args:
        grid_size: (rows, columns).
        **kwargs: As for `keras.layers.Layer`.

    Call arguments:
        features: float `[B, H, W, C]`, H and W known or not.

    Returns:
        `[B, rows, columns, C]`.

    Example:
        >>> GridPool((2, 2))(tf.zeros((1, 33, 65, 8))).shape
        TensorShape([1, 2, 2, 8])
    """

    def __init__(self, grid_size: Sequence[int], **kwargs):
        super().__init__(**kwargs)
        self.grid_size = tuple(grid_size)

    def call(self, features):
        size = tf.shape(features)[1:3]
        # In float32: the halves' precision loses large sums.
        averages = [_averages(size[axis], parts) for axis, parts in enumerate(self.grid_size)]
        pooled = tf.einsum("bhwc,rh,sw->brsc", tf.cast(features, tf.float32), *averages)
        return tf.cast(pooled, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.grid_size, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "grid_size": self.grid_size}


def dense_prediction_cell(
    x,
    cell: str | Sequence[Mapping],
    *,
    output_stride: int,
    norm: Norm,
    filters: int = 256,
    dropout: float = 0.1,
):
    """Branches that read the backbone's map or each other, concatenated and projected.

    Args:
        x: `[B, H, W, C]`, the backbone's last map.
        cell: `"cityscapes"`, the published one, or a list of branches: dictionaries with `op`, `input` (-1 for
            the backbone's map, or an earlier branch), and for `"conv"` `kernel` (1 or 3) and `rate` (height, width
            at output stride 16), for `"pyramid_pooling"` `grid_size` (rows, columns).
        output_stride: 8 or 16; rates are doubled at 8.
        norm: Settings of the normalisation.
        filters: Channels of every branch and of the projection.
        dropout: Fraction of the branches' values dropped in training.

    Returns:
        `[B, H, W, filters]`.

    Raises:
        ValueError: If the cell is unknown or impossible, or its rates do not fit the output stride.

    Example:
        >>> dense_prediction_cell(keras.Input((33, 33, 64)), "cityscapes", output_stride=16, norm=head_norm()).shape
        (None, 33, 33, 256)
    """
    factor = REFERENCE_STRIDE // output_stride
    if factor < 1:
        raise ValueError(
            f"A dense prediction cell needs an output_stride of at most {REFERENCE_STRIDE}, where its rates are whole; "
            f"received {output_stride}."
        )
    maps = []
    for index, branch in enumerate(check_cell(cell)):
        source = x if branch["input"] == BACKBONE else maps[branch["input"]]
        name = f"{SCOPE}.branch{index}"
        if branch["op"] == PYRAMID_POOLING:
            pooled = GridPool(branch["grid_size"], name=f"{name}.pool")(source)
            pooled = conv_bn(pooled, filters, 1, name=name, norm=norm)
            maps.append(ResizeLike(name=f"{name}.resize")([pooled, x]))
        elif branch["kernel"] == 1:
            maps.append(conv_bn(source, filters, 1, name=name, norm=norm))
        else:
            rate = tuple(side * factor for side in branch["rate"])
            maps.append(separable_conv_bn(source, filters, 3, name=name, norm=norm, rate=rate))
    x = keras.layers.Concatenate(name=f"{SCOPE}.concat")(maps) if len(maps) > 1 else maps[0]
    x = Dropout(dropout, name=f"{SCOPE}.dropout")(x)
    return conv_bn(x, filters, 1, name=f"{SCOPE}.concat_projection", norm=norm)


def check_cell(cell: str | Sequence[Mapping]) -> list[dict]:
    """The branches of a cell, JSON-ready.

    Args:
        cell: As for `dense_prediction_cell`.

    Raises:
        ValueError: If the cell is unknown, or a branch is impossible.

    Example:
        >>> check_cell("cityscapes")[0]
        {'op': 'conv', 'kernel': 3, 'rate': [1, 6], 'input': -1}
    """
    if isinstance(cell, str):
        cell = CELLS[one_of("dense_prediction_cell", cell, CELLS, remedy="Another is given as a list of branches.")]
    if not isinstance(cell, (list, tuple)) or not cell:
        raise ValueError(f"A dense prediction cell must be a name or a list of branches; received {cell!r}.")
    return [_check_branch(index, branch) for index, branch in enumerate(cell)]


def _check_branch(index: int, branch: Mapping) -> dict:
    if not isinstance(branch, Mapping) or branch.get("op") not in KEYS or not set(branch) <= KEYS[branch["op"]]:
        raise ValueError(
            f"Branch {index} of a dense prediction cell must be a dictionary of "
            f"{' or of '.join(f'{sorted(keys)} for {op!r}' for op, keys in KEYS.items())}; received {branch!r}."
        )
    branch = plain(dict(branch))
    if not is_whole(branch.get("input"), BACKBONE, index - 1):
        raise ValueError(
            f"Branch {index} reads {branch.get('input')!r}, which does not exist there; it may read -1 (the backbone's "
            f"map) or an earlier branch, up to {index - 1}."
        )
    conv = branch["op"] == CONV
    if conv and branch.get("kernel") not in (1, 3):
        raise ValueError(f"Branch {index} must have the kernel 1 or 3; received {branch.get('kernel')!r}.")
    key = "rate" if conv else "grid_size"
    pair = branch.get(key, (1, 1) if conv else None)
    pair = whole_numbers(f"The {key} of branch {index}", pair, length=2, remedy="It is (height, width).")
    return {**branch, key: list(pair)}


def _averages(side, parts: int):
    """`[parts, side]`: in each row the equal weights of the places that lie in that part."""
    part = tf.range(parts)
    begin, end = part * side // parts, -(-(part + 1) * side // parts)
    place = tf.range(side)[None]
    inside = tf.cast((place >= begin[:, None]) & (place < end[:, None]), tf.float32)
    return inside / tf.reduce_sum(inside, 1, keepdims=True)
