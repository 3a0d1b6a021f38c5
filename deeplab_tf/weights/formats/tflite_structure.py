"""A `.tflite` file's tables, read with every offset checked: a runtime may crash on a damaged one."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from deeplab_tf.weights.formats.flatbuffer import Damaged, Table, root_table

# Of TFLite's schema (tensorflow/compiler/mlir/lite/schema/schema.fbs): numbers never change their meaning there.
BITS = {
    0: 32, 1: 16, 2: 32, 3: 8, 4: 64, 6: 8, 7: 16, 8: 64, 9: 8, 10: 64, 11: 128, 12: 64, 15: 32, 16: 16, 17: 4, 18: 16,
    19: 2, 20: 4,
}  # fmt: skip
FLOAT32, UINT8, INT8 = 0, 3, 9
FLOATS = {FLOAT32: np.dtype("<f4"), 1: np.dtype("<f2"), 10: np.dtype("<f8")}
ADD, CONV_2D, DEPTHWISE_CONV_2D, MUL, SUB, DIV = 0, 3, 4, 18, 41, 42
AVERAGE_POOL_2D, MAX_POOL_2D, L2_POOL_2D = 1, 17, 12
CUSTOM = 32
# By operation, its option fields that count steps or sizes: (field, value when left out).
POSITIVE = {
    CONV_2D: ((1, 0), (2, 0), (4, 1), (5, 1)),
    DEPTHWISE_CONV_2D: ((1, 0), (2, 0), (5, 1), (6, 1)),
    **dict.fromkeys((AVERAGE_POOL_2D, MAX_POOL_2D, L2_POOL_2D), ((1, 0), (2, 0), (3, 0), (4, 0))),
}
# By kind of options, their only field that lies elsewhere, a vector of int32: of Reshape and Squeeze.
VECTORS = {17: 0, 30: 0}
# What no segmentation network needs: embeddings, If, While, CallOnce, variables, buckets.
STRANGE = frozenset((3, 92, 93, 103, 111, 115))
LARGEST_TENSOR = 2**31


@dataclasses.dataclass(frozen=True)
class Tensor:
    """A tensor's row.

    Args:
        name: Its name.
        shape: Its sides.
        type: Number of its type in the schema.
        data: The constant's bytes; empty for what is computed.
        scale: Of its quantisation; empty where it has none.
        zero_point: Of its quantisation.
    """

    name: str
    shape: tuple[int, ...]
    type: int
    data: memoryview
    scale: np.ndarray
    zero_point: np.ndarray

    def values(self) -> np.ndarray | None:
        """A constant of floats, in its shape; None for anything else."""
        if self.type not in FLOATS or not len(self.data):
            return None
        return np.frombuffer(self.data, FLOATS[self.type]).reshape(self.shape)


@dataclasses.dataclass(frozen=True)
class Operator:
    """An operation: the number of its kind in the schema, and the indices of its tensors."""

    code: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Structure:
    """What lies in a model.

    Args:
        tensors: Of the first graph.
        operators: Of the first graph, in the order in which they run.
        inputs: Indices of tensors.
        outputs: Indices of tensors.
        metadata: Bytes by name.
        description: A text, mostly of the converter.
    """

    tensors: list[Tensor]
    operators: list[Operator]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    metadata: dict[str, memoryview]
    description: str


def read_structure(content: bytes) -> Structure:
    """Reads and checks a model, without a TFLite runtime.

    Every table, vector and text lies inside the bytes, every index points at something, constants are as long as their
    shape says and finite, strides are positive, and no tensor is larger than 2 GiB.

    Args:
        content: The file; what is appended to the model does not disturb.

    Raises:
        ValueError: If it is damaged or not a TFLite model; the message says where.

    Example:
        >>> structure = read_structure(Path("model.tflite").read_bytes())
        >>> structure.tensors[structure.inputs[0]].shape
        (1, 513, 513, 3)
    """
    if content[4:8] != b"TFL3":
        raise Damaged("it lacks the mark TFL3 of a TFLite model")
    model = root_table(content)
    buffers = [_buffer(table) for table in model.tables(4)]
    codes = [_code(table) for table in model.tables(1)]
    graphs = [_graph(table, buffers, codes) for table in model.tables(2)]
    if not graphs:
        raise Damaged("it holds no graph")
    metadata = {}
    for table in model.tables(6):
        index = table.number(1, "<I", 0)
        metadata[table.text(0)] = _at(buffers, index, "buffer")
    for index in model.integers(5):
        _at(buffers, index, "buffer")
    for signature in model.tables(7):
        graph = _at(graphs, signature.number(4, "<I", 0), "graph")
        signature.text(2)
        for field in (0, 1):
            for entry in signature.tables(field):
                entry.text(0)
                _at(graph.tensors, entry.number(1, "<I", 0), "tensor")
    return dataclasses.replace(graphs[0], metadata=metadata, description=model.text(3))


def _buffer(table: Table) -> memoryview:
    start, size = table.number(1, "<Q", 0), table.number(2, "<Q", 0)
    if start > 1:
        if start + size > len(table.data.content):
            raise Damaged("a buffer lies outside the file")
        return table.data.content[start : start + size]
    return table.vector(0, 1)


def _code(table: Table) -> int:
    code = max(table.number(0, "<b", 0), table.number(3, "<i", 0))
    if table.text(1) or code == CUSTOM:
        raise Damaged(f"it needs the custom operation {table.text(1)!r}, which is not run")
    return code


def _graph(table: Table, buffers: list, codes: list) -> Structure:
    tensors = [_tensor(row, buffers) for row in table.tables(0)]
    operators = [_operator(row, codes, len(tensors)) for row in table.tables(3)]
    inputs, outputs = table.integers(1), table.integers(2)
    for index in (*inputs, *outputs):
        _at(tensors, index, "tensor")
    _check_order(tensors, operators, inputs, outputs)
    return Structure(tensors, operators, inputs, outputs, {}, "")


def _check_order(tensors: list[Tensor], operators: list[Operator], inputs: tuple, outputs: tuple) -> None:
    """Everything that is read was written before, exactly once."""
    known = {*inputs, *(index for index, tensor in enumerate(tensors) if len(tensor.data))}
    for operator in operators:
        if missing := {index for index in operator.inputs if index >= 0} - known:
            raise Damaged(f"an operation reads {tensors[min(missing)].name!r} before it is computed")
        if known.intersection(operator.outputs):
            raise Damaged("an operation writes a constant, an input or another operation's result")
        known.update(operator.outputs)
    if not known.issuperset(outputs):
        raise Damaged("an output is never computed")


def _tensor(table: Table, buffers: list) -> Tensor:
    name, shape, kind = table.text(3), table.integers(0), table.number(1, "<b", 0)
    if kind not in BITS or table.number(5, "<b", 0) or table.table(6) or table.has(9):
        raise Damaged(f"the tensor {name!r} is of a kind that is not run")
    if min(shape, default=1) < 0 or (size := math.prod(shape) * BITS[kind] // 8) > LARGEST_TENSOR:
        raise Damaged(f"the tensor {name!r} has the shape {list(shape)}")
    signature = table.integers(7)
    if signature and len(signature) != len(shape):
        raise Damaged(f"the tensor {name!r} has two shapes of different length")
    data = _at(buffers, table.number(2, "<I", 0), "buffer")
    if len(data) and len(data) != math.ceil(math.prod(shape) * BITS[kind] / 8):
        raise Damaged(f"the constant {name!r} has {len(data)} bytes, and its shape needs {size}")
    scale, zero = _quantization(table, name, shape)
    tensor = Tensor(name, shape, kind, data, scale, zero)
    values = tensor.values()
    if values is not None and not np.isfinite(values).all():
        raise Damaged(f"the weights {name!r} are not finite")
    return tensor


def _quantization(table: Table, name: str, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    found = table.table(4)
    if found is None:
        return np.empty(0, np.float32), np.empty(0, np.int64)
    scale, zero = found.array(2, "<f4"), found.array(3, "<i8")
    found.array(0, "<f4"), found.array(1, "<f4")
    if found.number(4, "<B", 0):
        raise Damaged(f"the tensor {name!r} is quantised in a way that is not run")
    if not len(scale):
        return scale, zero
    axis = found.number(6, "<i", 0)
    channels = shape[axis] if 0 <= axis < len(shape) else 1
    if not (np.isfinite(scale).all() and (scale >= 0).all() and len(zero) in (1, len(scale))):
        raise Damaged(f"the quantisation of {name!r} is not a scale and zero point")
    if len(scale) not in (1, channels):
        raise Damaged(f"the quantisation of {name!r} has {len(scale)} scales for {channels} channels")
    if np.abs(zero).max() > 2**16:
        raise Damaged(f"the quantisation of {name!r} has the zero point {int(zero[np.abs(zero).argmax()])}")
    return scale, zero


def _operator(table: Table, codes: list, tensors: int) -> Operator:
    code = _at(codes, table.number(0, "<I", 0), "kind of operation")
    inputs, outputs = table.integers(1), table.integers(2)
    # -1 stands for an input that is left out.
    if not all(-1 <= index < tensors for index in inputs) or not all(0 <= index < tensors for index in outputs):
        raise Damaged("an operation names a tensor that is not there")
    table.vector(5, 1), table.vector(7, 1)
    kind, options = table.number(3, "<B", 0), table.table(4)
    if kind in STRANGE or table.has(11) or table.has(12) or table.number(9, "<Q", 0) or len(table.integers(8)):
        raise Damaged(f"it needs an operation (number {code}) that is not run")
    if options is not None and kind in VECTORS:
        options.integers(VECTORS[kind])
    if code in POSITIVE and options is not None:
        values = [options.number(field, "<i", default) for field, default in POSITIVE[code]]
        if not all(0 < value < 2**16 for value in values):
            raise Damaged(f"an operation has the strides, rates or sides {values}")
    return Operator(code, inputs, outputs)


def _at(rows: list, index: int, what: str):
    if not 0 <= index < len(rows):
        raise Damaged(f"it names the {what} {index} of {len(rows)}")
    return rows[index]
