"""Reads the convolutions of a `.tflite` file, 8-bit or float."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np

from deeplab_tf.files.reading import reading, shown
from deeplab_tf.weights.formats import tflite_runtime
from deeplab_tf.weights.formats.released_file import Convolution, ReleasedFile, scope_of
from deeplab_tf.weights.formats.tflite_content import read_tflite_content
from deeplab_tf.weights.formats.tflite_input import network_range


def read_tflite(path: str | os.PathLike) -> ReleasedFile:
    """Reads every convolution of a TFLite model, 8-bit weights as the real numbers that they stand for.

    Args:
        path: A `.tflite` file.

    Returns:
        Its convolutions, in the order in which they run.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged or not a TFLite model; the message names it.
        ImportError: If no TFLite runtime is installed.
    """
    path = Path(path)
    file = read_tflite_content(path)
    if file.about:
        raise ValueError(
            f"{shown(path)} is an export of this package, whose weights are folded for running only. Run it with "
            "Segmenter or open_predictor (deeplab-tf segment, evaluate); read the .keras file or run folder that it "
            "was exported from with load_model."
        )
    schema = tflite_runtime.schema()
    with reading(path, "a TFLite model", "Download it again."):
        model = schema.ModelT.InitFromPackedBuf(file.content, 0)
        released = _read_graph(path, schema, model, model.subgraphs[0])
        return dataclasses.replace(released, input_range=network_range(file.structure))


def _read_graph(path: Path, schema, model, graph) -> ReleasedFile:
    operators = schema.BuiltinOperator
    convolutions, window = {}, None
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        kind, options = max(code.builtinCode, code.deprecatedBuiltinCode), operator.builtinOptions
        if kind == operators.AVERAGE_POOL_2D:
            window = int(options.filterHeight)
        if kind not in (operators.CONV_2D, operators.DEPTHWISE_CONV_2D):
            continue
        weight, bias = (graph.tensors[index] for index in operator.inputs[1:3])
        kernel = _values(path, model, weight)
        convolutions[scope_of(weight.name.decode())] = Convolution(
            # [out, kh, kw, in] and, depthwise, [1, kh, kw, channels]: the first axis goes last in both.
            np.ascontiguousarray(np.moveaxis(kernel, 0, -1)),
            _values(path, model, bias),
            stride=int(options.strideH),
            rate=int(options.dilationHFactor),
        )
    return ReleasedFile(path, convolutions, window)


_DTYPES = {"FLOAT32": np.float32, "FLOAT16": np.float16, "UINT8": np.uint8, "INT8": np.int8, "INT32": np.int32}


def _values(path: Path, model, tensor) -> np.ndarray:
    """A constant tensor as float32, its quantisation undone."""
    schema = tflite_runtime.schema()
    name = tensor.name.decode()
    kind = next((label for label, code in vars(schema.TensorType).items() if code == tensor.type), None)
    data = model.buffers[tensor.buffer].data
    if kind not in _DTYPES or data is None or not len(data):
        raise ValueError(f"{path}: the weights {name!r} are missing or of a type ({kind}) that is not read.")
    values = np.frombuffer(np.asarray(data, np.uint8).tobytes(), _DTYPES[kind]).reshape(tensor.shape)
    values = values.astype(np.float32)
    quantization = tensor.quantization
    if quantization is None or quantization.scale is None or not len(quantization.scale):
        return values
    shape = np.ones(values.ndim, int)
    shape[quantization.quantizedDimension] = len(quantization.scale)
    zero_point = np.reshape(np.asarray(quantization.zeroPoint, np.float32), shape)
    return (values - zero_point) * np.reshape(np.asarray(quantization.scale, np.float32), shape)
