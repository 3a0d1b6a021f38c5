"""A damaged model is refused before any runtime sees it."""

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.weights.formats import tflite_runtime
from deeplab_tf.weights.formats.tflite_structure import CONV_2D, read_structure


@pytest.fixture(scope="module")
def content() -> bytes:
    kernel = np.random.default_rng(0).normal(size=(3, 3, 3, 4)).astype(np.float32)
    module = tf.Module()
    module.run = tf.function(
        lambda x: tf.reshape(tf.nn.conv2d(x, kernel, 1, "SAME", name="stem"), (1, 81, 4)),
        [tf.TensorSpec((1, 9, 9, 3))],
        autograph=False,
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([module.run.get_concrete_function()], module)
    return converter.convert()


def changed(content, change) -> bytes:
    """The model after a change to its tables, packed again."""
    flatbuffers = pytest.importorskip("flatbuffers")
    model = tflite_runtime.schema().ModelT.InitFromPackedBuf(content, 0)
    change(model, model.subgraphs[0])
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_structure_is_what_the_runtime_sees(content):
    structure = read_structure(content)
    interpreter = tflite_runtime.interpreter(model_content=content)
    details = {row["index"]: row for row in interpreter.get_tensor_details()}
    for index, tensor in enumerate(structure.tensors):
        assert tensor.name == details[index]["name"]
        assert list(tensor.shape) == details[index]["shape"].tolist()
    assert structure.inputs == tuple(row["index"] for row in interpreter.get_input_details())
    convolution = next(operator for operator in structure.operators if operator.code == CONV_2D)
    kernel = structure.tensors[convolution.inputs[1]].values()
    np.testing.assert_array_equal(kernel, interpreter.get_tensor(convolution.inputs[1]))


def kernel_of(model, graph):
    operator = next(operator for operator in graph.operators if len(operator.inputs) == 3)
    tensor = graph.tensors[operator.inputs[1]]
    return operator, tensor, model.buffers[tensor.buffer]


def with_value(value):
    def change(model, graph):
        buffer = kernel_of(model, graph)[2]
        values = np.frombuffer(np.uint8(buffer.data).tobytes(), np.float32).copy()
        values[5] = value
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)

    return change


def with_operator(**fields):
    def change(model, graph):
        operator = kernel_of(model, graph)[0]
        for name, value in fields.items():
            setattr(operator.builtinOptions if "stride" in name or "dilation" in name else operator, name, value)

    return change


def with_tensor(**fields):
    def change(model, graph):
        for name, value in fields.items():
            setattr(kernel_of(model, graph)[1], name, value)

    return change


def cut_buffer(model, graph):
    buffer = kernel_of(model, graph)[2]
    buffer.data = buffer.data[:-4]


def without_graph(model, graph):
    model.subgraphs = []


def reversed_order(model, graph):
    graph.operators.reverse()


def custom_operation(model, graph):
    model.operatorCodes[0].customCode = b"Mine"


@pytest.mark.parametrize(
    "change, message",
    [
        (with_value(np.nan), "the weights .* are not finite"),
        (with_value(-np.inf), "the weights .* are not finite"),
        (with_operator(inputs=np.int32([0, 999, 1])), "names a tensor that is not there"),
        (with_operator(opcodeIndex=7), "names the kind of operation 7"),
        (with_operator(strideW=0), "strides, rates or sides"),
        (with_operator(dilationHFactor=-3), "strides, rates or sides"),
        (with_tensor(buffer=1000), "names the buffer 1000"),
        (with_tensor(shape=np.int32([4, 3, 3, -3])), "has the shape"),
        (with_tensor(shape=np.int32([2**16, 2**16, 3, 3])), "has the shape"),
        (with_tensor(shape=np.int32([4, 3, 3, 2])), "bytes, and its shape needs"),
        (with_tensor(type=13), "of a kind that is not run"),
        (cut_buffer, "bytes, and its shape needs"),
        (without_graph, "holds no graph"),
        (reversed_order, "before it is computed"),
        (custom_operation, "the custom operation 'Mine'"),
    ],
)
def test_impossible_tables_are_refused(content, change, message):
    with pytest.raises(ValueError, match=message):
        read_structure(changed(content, change))


def test_changed_and_cut_bytes_end_in_a_value_error_or_a_model(content):
    generator = np.random.default_rng(1)
    refused = 0
    for _ in range(400):
        damaged = bytearray(content)
        for place in generator.integers(0, len(damaged), 4):
            damaged[place] = generator.integers(256)
        if generator.random() < 0.2:
            del damaged[generator.integers(8, len(damaged)) :]
        try:
            read_structure(bytes(damaged))
        except ValueError:
            refused += 1
    assert refused > 100
