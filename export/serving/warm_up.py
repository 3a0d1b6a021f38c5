"""Requests that TensorFlow Serving answers by itself before it takes others: the first answer of a graph is slow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from deeplab_tf.weights.formats.exported import (
    EXTRA_FOLDER,
    IMAGE_BYTES_SIGNATURE,
    LABELS_SIGNATURE,
    PROBABILITIES_SIGNATURE,
)

# The server looks for this name beside the graph.
WARM_UP_FILE = "tf_serving_warmup_requests"
# Padded to the network's canvas, it costs what any image costs.
_SIDE = 65


def write_warm_up(folder: Path, model: str) -> None:
    """Writes a request for each signature into a SavedModel's folder.

    Args:
        folder: The SavedModel.
        model: The name under which it is served.
    """
    image = np.zeros((1, _SIDE, _SIDE, 3), np.uint8)
    encoded = [tf.io.encode_jpeg(image[0]).numpy(), tf.io.encode_png(image[0]).numpy()]
    requests = {
        LABELS_SIGNATURE: {"image": image},
        PROBABILITIES_SIGNATURE: {"image": image},
        IMAGE_BYTES_SIGNATURE: {"image_bytes": np.array(encoded, object)},
    }
    (folder / EXTRA_FOLDER).mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(folder / EXTRA_FOLDER / WARM_UP_FILE)) as file:
        for signature, inputs in requests.items():
            file.write(prediction_log(model, signature, inputs))


def prediction_log(model: str, signature: str, inputs: Mapping[str, np.ndarray]) -> bytes:
    """A `tensorflow.serving.PredictionLog` of one request, serialised.

    In the wire format of protocol buffers, since the messages' classes are in no package that this one needs. The
    numbers of the fields are those of TensorFlow Serving's prediction_log.proto, predict.proto and model.proto.

    Args:
        model: `model_spec.name`.
        signature: `model_spec.signature_name`.
        inputs: Arrays by the names of the signature's arguments.

    Example:
        >>> prediction_log("voc", "image_bytes", {"image_bytes": np.array([b"x"])}).hex()[:8]
        '32310a2f'
    """
    spec = _field(1, model.encode()) + _field(3, signature.encode())
    entries = (
        _field(1, name.encode()) + _field(2, tf.make_tensor_proto(value).SerializeToString())
        for name, value in sorted(inputs.items())
    )
    request = _field(1, spec) + b"".join(_field(2, entry) for entry in entries)
    predict_log = _field(1, request)
    return _field(6, predict_log)


def _field(number: int, content: bytes) -> bytes:
    """A field of bytes: its number and kind (2), its length, its content."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    digits = []
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])
