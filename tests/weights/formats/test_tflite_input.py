"""What a `.tflite` file's quantisation and metadata say of its input."""

import flatbuffers
import numpy as np
import pytest

from deeplab_tf.weights.formats.tflite_input import METADATA, feed_of
from deeplab_tf.weights.formats.tflite_structure import FLOAT32, INT8, UINT8, Structure, Tensor, read_structure

PIXELS = np.uint8([0, 51, 128, 255])


def structure(type, scale=(), zero=(), metadata=None):
    scale, zero = np.float32(scale), np.int64(zero)
    row = Tensor("image", (1, 9, 9, 3), type, memoryview(b""), scale, zero)
    return Structure([row], [], (0,), (0,), {METADATA: memoryview(metadata)} if metadata else {}, "")


def normalization(mean, deviation) -> bytes:
    """TFLite's metadata with this normalisation of the first input."""
    builder = flatbuffers.Builder()

    def table(size, **fields):
        builder.StartObject(size)
        for name, (kind, value) in fields.items():
            number = int(name[1:])
            if kind == "table":
                builder.PrependUOffsetTRelativeSlot(number, value, 0)
            else:
                builder.PrependUint8Slot(number, value, 0)
        return builder.EndObject()

    def vector(items):
        builder.StartVector(4, len(items), 4)
        for item in reversed(items):
            builder.PrependUOffsetTRelative(item)
        return builder.EndVector()

    mean, deviation = (builder.CreateNumpyVector(np.float32(values)) for values in (mean, deviation))
    options = table(2, _0=("table", mean), _1=("table", deviation))
    unit = table(2, _0=("byte", 1), _1=("table", options))
    row = table(7, _4=("table", vector([unit])))
    graph = table(9, _2=("table", vector([row])))
    builder.Finish(table(8, _3=("table", vector([graph]))), b"M001")
    return bytes(builder.Output())


@pytest.mark.parametrize(
    "scale, zero", [(1 / 128, 128), (1.0, 0), (1 / 255, 0), (2 / 255, 127)], ids=["-1..1", "0..255", "0..1", "odd"]
)
def test_bytes_that_span_a_usual_range_are_pixels(scale, zero):
    np.testing.assert_array_equal(feed_of(structure(UINT8, [scale], [zero]))(PIXELS), PIXELS)


def test_signed_bytes_are_pixels_less_128():
    for scale in (1 / 128, 1.0):
        feed = feed_of(structure(INT8, [scale], [0 if scale < 1 else -128]))
        np.testing.assert_allclose(feed(PIXELS), PIXELS.astype(int) - 128, atol=1)
        assert feed(PIXELS).dtype == np.int8


def test_plain_bytes_are_pixels():
    np.testing.assert_array_equal(feed_of(structure(UINT8))(PIXELS), PIXELS)


def test_other_quantisation_is_asked_for_and_followed():
    odd = structure(UINT8, [0.0187], [114])
    assert feed_of(odd) is None
    # 0.0187 * (q - 114) = x: 0 and 2.6 are 114 and 253.
    np.testing.assert_array_equal(feed_of(odd, (0, 2.6))(np.uint8([0, 255])), [114, 253])


def test_metadata_are_followed_by_channel():
    feed = feed_of(structure(FLOAT32, metadata=normalization([120, 110, 100], [60, 55, 50])))
    np.testing.assert_allclose(feed(np.uint8([[0, 0, 0], [240, 220, 200]])), [[-2, -2, -2], [2, 2, 2]], rtol=1e-5)
    assert feed(PIXELS[:3]).dtype == np.float32


@pytest.mark.parametrize("mean, deviation", [([0.0], [0.0]), ([1.0, 2.0], [1.0]), ([np.nan], [1.0])])
def test_senseless_metadata_are_refused(mean, deviation):
    with pytest.raises(ValueError, match="metadata ask for the mean"):
        feed_of(structure(FLOAT32, metadata=normalization(mean, deviation)))


def test_float_without_a_word_is_unknown():
    assert feed_of(structure(FLOAT32)) is None


@pytest.mark.shared
def test_released_files_say_it_themselves(shared):
    files = sorted((shared / "weights").glob("*.tflite"))
    assert len(files) == 5
    for file in files:
        feed = feed_of(read_structure(file.read_bytes()))
        expected = PIXELS / 127.5 - 1 if "float" in file.name else PIXELS
        np.testing.assert_allclose(feed(PIXELS), expected, atol=1e-6)
