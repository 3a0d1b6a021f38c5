"""TFLite's metadata, which MediaPipe's tasks read: what the input takes, and what the scores mean."""

from __future__ import annotations

from collections.abc import Sequence

import flatbuffers
import numpy as np

from deeplab_tf.weights.formats import tflite_runtime
from deeplab_tf.weights.formats.exported import INPUT_RANGE, LABELS_FILE
from deeplab_tf.weights.formats.tflite_input import METADATA

# Values in metadata_schema.fbs, and in image_segmenter_metadata_schema.fbs, of MediaPipe's tasks.
RGB, IMAGE_PROPERTIES, NORMALIZATION_OPTIONS, TENSOR_AXIS_LABELS = 1, 2, 1, 2
SEGMENTER, SOFTMAX, PARSER = "SEGMENTER_METADATA", 2, "1.0.0"


def with_metadata(model: bytes, name: str, outputs: str, softmax: bool) -> bytes:
    """A `.tflite` model with the metadata of an image segmenter.

    They say that the input takes pixels as they are, that `labels.txt` behind the model names the channels of the
    output, and whether a softmax makes probabilities of it.

    Args:
        model: The file's bytes, nothing appended.
        name: The model's name.
        outputs: The output's name.
        softmax: Whether the output needs one.
    """
    schema = tflite_runtime.schema()
    tables = schema.ModelT.InitFromPackedBuf(model, 0)
    buffer, row = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(_flatbuffer(_described(name, outputs, softmax), b"M001"), np.uint8)
    row.name, row.buffer = METADATA, len(tables.buffers)
    tables.buffers.append(buffer)
    tables.metadata = [*(tables.metadata or ()), row]
    builder = flatbuffers.Builder(len(model) + 1024)
    builder.Finish(tables.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def label_lines(names: Sequence[str]) -> str:
    r"""The content of `labels.txt`: a line for each class, whatever its name is.

    Example:
        >>> label_lines(["street sign", "two\nlines", " "])
        'street sign\ntwo lines\n2\n'
    """
    return "".join(f"{' '.join(name.split()) or index}\n" for index, name in enumerate(names))


def _described(name: str, outputs: str, softmax: bool) -> dict:
    """The tables by the numbers of their fields; a union has two, its kind and its table."""
    low, high = (np.float32([end]) for end in INPUT_RANGE)
    image = {
        0: "image",
        1: "RGB image, pixels of 0-255",
        3: {0: IMAGE_PROPERTIES, 1: {0: RGB}},
        4: [{0: NORMALIZATION_OPTIONS, 1: {0: np.float32([0]), 1: np.float32([1])}}],
        5: {0: high, 1: low},
    }
    scores = {
        0: outputs,
        1: "Score of each class, whose softmax is its probability" if softmax else "Probability of each class",
        6: [{0: LABELS_FILE, 2: TENSOR_AXIS_LABELS}],
    }
    segmenter = {0: SEGMENTER, 1: np.frombuffer(_flatbuffer({0: SOFTMAX * softmax, 1: PARSER}, b"V001"), np.uint8)}
    return {0: name, 3: [{2: [image], 3: [scores], 9: [segmenter]}], 7: PARSER}


def _flatbuffer(table: dict, identifier: bytes) -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(_written(builder, table), identifier)
    return bytes(builder.Output())


def _written(builder: flatbuffers.Builder, value) -> int:
    """Where a text, numbers, a list of tables, or a table with all in it, was written."""
    if isinstance(value, str):
        return builder.CreateString(value)
    if isinstance(value, np.ndarray):
        return builder.CreateNumpyVector(value)
    if isinstance(value, list):
        places = [_written(builder, item) for item in value]
        builder.StartVector(4, len(places), 4)
        for place in reversed(places):
            builder.PrependUOffsetTRelative(place)
        return builder.EndVector()
    places = {field: item if isinstance(item, int) else _written(builder, item) for field, item in value.items()}
    builder.StartObject(max(value) + 1)
    for field, place in places.items():
        if isinstance(value[field], int):
            builder.PrependInt8Slot(field, place, 0)
        else:
            builder.PrependUOffsetTRelativeSlot(field, place, 0)
    return builder.EndObject()
