import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.images import read_image, read_mask
from deeplab_tf.inference import open_predictor
from harness.tiny_model import photo, tiny_model
from harness.written_tflite import write_tflite


def test_scores_without_a_side_file_are_logits_of_numbered_classes(tmp_path):
    path = write_tflite(tmp_path / "scores.tflite", lambda x: tf.cast(x, tf.float32) * [1.0, 2.0, 3.0])
    predictor = open_predictor(path)
    assert predictor.labels.names == ("class_0", "class_1", "class_2")
    image = np.array([[[9, 3, 1], [1, 5, 2]]], np.uint8)
    np.testing.assert_array_equal(predictor.predict(image), [[0, 1]])
    powers = np.exp(image * [1.0, 2.0, 3.0])
    np.testing.assert_allclose(predictor.probabilities(image), powers / powers.sum(-1, keepdims=True), rtol=1e-4)
    assert predictor.predict(np.zeros((20, 31, 3), np.uint8)).shape == (20, 31)


@pytest.mark.parametrize("classes, name", [(21, "pascal_voc"), (19, "cityscapes"), (20, "custom")])
def test_as_many_classes_as_the_release_has_get_its_names(tmp_path, classes, name):
    scores = write_tflite(tmp_path / "s.tflite", lambda x: tf.cast(x, tf.float32) @ tf.ones((3, classes)))
    assert open_predictor(scores).labels.name == name


@pytest.mark.parametrize(
    "function, low, high",
    [
        (lambda x: x / 127.5 - 1.0, 0, 255),
        (lambda x: x * (1 / 127.5) + [-1.0, -1.0, -1.0], 0, 255),
        (lambda x: x - [123.68, 116.779, 103.939], 0, 255),
        (lambda x: x / 255.0, 0, 255),
        (lambda x: 2.0 * (x - 0.5), 0, 1),
        (lambda x: (x - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225], 0, 1),
    ],
)
def test_first_operations_tell_what_a_float_input_takes(tmp_path, function, low, high):
    path = write_tflite(
        tmp_path / "float.tflite", lambda x: tf.nn.max_pool2d(function(x), 1, 1, "SAME"), dtype=tf.float32
    )
    pixels = np.float32([0, 51, 255])
    raw = open_predictor(path).run(np.full((9, 9, 3), pixels, np.uint8))
    np.testing.assert_allclose(raw[0, 0], function(pixels / 255 * (high - low) + low), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("function", [lambda x: x * 100.0, lambda x: tf.nn.relu(x), lambda x: x + x])
def test_float_input_of_unknown_range_is_asked_for(tmp_path, function):
    path = write_tflite(tmp_path / "float.tflite", function, dtype=tf.float32)
    with pytest.raises(
        ValueError, match=r"float\.tflite does not state which numbers.*input_range=\(0, 255\).*--input-range"
    ):
        open_predictor(path)
    raw = open_predictor(path, input_range=(-1, 1)).run(np.full((9, 9, 3), [0, 51, 255], np.uint8))
    np.testing.assert_allclose(raw[0, 0], function(np.float32([-1, -0.6, 1])), rtol=1e-5)


@pytest.mark.parametrize("given", [(1, 0), (0, float("nan")), (0,), "ab", 5])
def test_impossible_ranges_are_refused(tmp_path, given):
    path = write_tflite(tmp_path / "float.tflite", lambda x: x * 100.0, dtype=tf.float32)
    with pytest.raises(ValueError, match="input_range must be two numbers, the smaller first"):
        open_predictor(path, input_range=given)


def test_file_of_tensorflows_own_converter_predicts_as_the_model(tmp_path):
    model = tiny_model(output_stride=32)
    images = keras.Input((65, 65, 3), batch_size=1)
    network = keras.Model(images, model(images))
    (tmp_path / "plain.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(network).convert())
    image = photo(65, 65)
    expected = np.asarray(model(image[None].astype(np.float32)))[0].argmax(-1)
    assert (open_predictor(tmp_path / "plain.tflite").predict(image) == expected).mean() > 0.999


@pytest.mark.parametrize(
    "function, reason",
    [
        (lambda x: tf.reduce_mean(tf.cast(x, tf.float32), (1, 2)), r"its output has the shape \[1, 3\]"),
        (lambda x: tf.cast(x, tf.float32)[:, ::2], r"its output has the shape \[1, 5, 9, 3\]"),
        (lambda x: tf.cast(x, tf.float32)[..., 0], "its label map is float32, not integer"),
        (lambda x: (tf.cast(x, tf.float32), tf.cast(x, tf.int32)), "2 inputs or outputs"),
    ],
)
def test_other_networks_are_refused(tmp_path, function, reason):
    path = write_tflite(tmp_path / "other.tflite", function)
    with pytest.raises(ValueError, match=rf"other\.tflite is not a DeepLab: .*{reason}"):
        open_predictor(path)


def test_damaged_file_is_named(tmp_path):
    (tmp_path / "broken.tflite").write_bytes(b"TFL3" * 10)
    with pytest.raises(ValueError, match=r"broken\.tflite cannot be read as a TFLite model"):
        open_predictor(tmp_path / "broken.tflite")


@pytest.mark.shared
def test_classifier_is_refused(shared):
    with pytest.raises(ValueError, match=r"is not a DeepLab: its output has the shape \[1, 1001\]"):
        open_predictor(shared / "weights/mobilenet_v2_1.0_224_quant.tflite")


@pytest.mark.shared
def test_released_float_file_gives_its_golden_mask(shared):
    predictor = open_predictor(shared / "weights/deeplabv3_mnv2_dm05_float.tflite")
    labels = predictor.predict(read_image(shared / "images/dm05_golden_input.jpg"))
    golden = read_mask(shared / "images/dm05_golden_mask.png")
    ids = {0: "background", 130: "horse", 150: "person"}
    expected = np.vectorize(lambda grey: predictor.labels.names.index(ids[grey]))(golden)
    assert (labels == expected).mean() > 0.99


@pytest.mark.shared
def test_released_cityscapes_file_knows_its_classes_and_gives_labels_only(shared):
    predictor = open_predictor(shared / "weights/deeplab_mobilenet_edgetpu_slim_cityscapes_quant.tflite")
    assert predictor.labels.name == "cityscapes"
    with pytest.raises(ValueError, match=r"gives labels only. Export the model with outputs='probabilities'"):
        predictor.probabilities(np.zeros((9, 9, 3), np.uint8))
