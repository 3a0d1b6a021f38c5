"""Files in 8-bit integers and in half floats, and the images that set their ranges."""

import logging

import keras
import numpy as np
import pytest
from PIL import Image

from deeplab_tf.export import export_tflite, fold_batch_norm, quantization
from deeplab_tf.export.quantization import calibration_images, require_integers, warn_of_untrained
from deeplab_tf.inference import open_predictor
from deeplab_tf.inference.network import before_enlarging
from deeplab_tf.models import DeepLabV3
from deeplab_tf.weights.formats import tflite_runtime
from deeplab_tf.weights.formats.tflite_structure import read_structure
from harness.tiny_model import photo, tiny_model

# Random weights decide few pixels clearly.
LEAST = 0.8


@pytest.fixture(scope="module")
def model():
    return tiny_model(backbone="resnet_18", output_stride=32)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number in range(9):
        Image.fromarray(photo(65, 65, number)).save(folder / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def exported(model, photos, tmp_path_factory):
    file = tmp_path_factory.mktemp("int8") / "model.tflite"
    return file, export_tflite(model, file, precision="int8", calibration=photos, min_agreement=LEAST)


def test_all_is_integer(exported):
    file, report = exported
    interpreter = tflite_runtime.interpreter(file)
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    # A byte is a pixel, whose mean the network subtracts.
    assert (taken["dtype"], taken["shape"].tolist()) == (np.uint8, [1, 65, 65, 3])
    assert taken["quantization"] == (1.0, 0)
    assert (given["dtype"], given["shape"].tolist()) == (np.int32, [1, 65, 65])
    assert {detail["dtype"] for detail in interpreter.get_tensor_details()} <= {np.uint8, np.int8, np.int32}
    # Scales of each channel, not of each tensor.
    scales = [len(detail["quantization_parameters"]["scales"]) for detail in interpreter.get_tensor_details()]
    assert max(scales) > 100
    assert {"CONV_2D", "ADD", "RESIZE_BILINEAR", "ARG_MAX"} <= set(report.operations)
    assert report.input_quantization == taken["quantization"]
    assert report.output_quantization is None
    assert "CONV_2D" in str(report)
    assert "1 x (byte - 0)" in str(report)


def test_labels_are_nearly_those_of_the_model(model, exported):
    file, report = exported
    assert report.agreement > LEAST
    # It is compared on the photographs where no others are given.
    assert (report.images, report.synthetic) == (9, False)
    image = photo(65, 65, 20)
    labels = open_predictor(file).predict(image)
    assert len(np.unique(labels)) > 1
    assert (labels == open_predictor(model).predict(image)).mean() > LEAST


def test_scores_are_bytes_that_stand_for_those_of_the_model(model, photos, tmp_path):
    settings = {"precision": "int8", "calibration": photos, "min_agreement": LEAST}
    report = export_tflite(model, tmp_path / "m.tflite", outputs="low_logits", **settings)
    (given,) = tflite_runtime.interpreter(tmp_path / "m.tflite").get_output_details()
    assert (given["dtype"], given["shape"].tolist()) == (np.int8, [1, 3, 3, 4])
    assert report.output_quantization == given["quantization"]
    image = photo(65, 65, 20)[None]
    found, expected = (np.ravel(open_predictor(one).scores(image)) for one in (tmp_path / "m.tflite", model))
    assert np.corrcoef(found, expected)[0, 1] > 0.9
    assert found.std() == pytest.approx(expected.std(), rel=0.2)


def test_what_a_sum_is_made_of_has_its_own_range(model, photos, exported):
    structure = read_structure(exported[0].read_bytes())
    add = tflite_runtime.schema().BuiltinOperator.ADD
    parts = [index for operator in structure.operators if operator.code == add for index in operator.inputs]
    # The first sum subtracts the mean of the images.
    found = sorted(255 * quantization.quantization(structure, index)[0] for index in parts[2:])
    network = fold_batch_norm(before_enlarging(model))
    sums = [layer for layer in network.layers if isinstance(layer, keras.layers.Add)]
    network = keras.Model(network.input, [tensor for layer in sums for tensor in layer.input])
    images = np.stack([np.asarray(Image.open(path), np.float32) for path in sorted(photos.iterdir())])
    expected = sorted(max(0, np.max(values)) - min(0, np.min(values)) for values in network(images))
    np.testing.assert_allclose(found, expected, rtol=0.05)


def test_half_floats_take_two_bytes_a_weight(model, tmp_path):
    report = export_tflite(model, tmp_path / "m.tflite", precision="float16", images=[photo(65, 65)])
    assert 2 < report.bytes / model.count_params() < 2.3
    assert report.agreement > 0.99
    with pytest.raises(ValueError, match=r"half cannot run on 8-bit integers alone: \d+ of its tensors stay float"):
        require_integers(read_structure((tmp_path / "m.tflite").read_bytes()), "half")


@pytest.mark.parametrize(
    "options, message",
    [
        ({"precision": "int8"}, "int8 takes the range of every layer from images; received none.*--calibration photos"),
        ({"precision": "int8", "calibration": []}, "no image to calibrate on .*Give a folder or files"),
        ({"precision": "int8", "calibration": "empty"}, "empty holds no image"),
        ({"precision": "int8", "calibration": ["absent"]}, "no absent"),
        ({"precision": "int8", "calibration": "damaged"}, r"damaged/photo\.png cannot be read as an image"),
        ({"precision": "int8", "calibration": "black"}, "All 2 calibration images are blank"),
        ({"precision": "float16", "calibration": "black"}, "calibration is for precision='int8'.*received.*'float16'"),
        ({"precision": "int16"}, "precision must be one of .*'int8'.*received 'int16'"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(model, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    for name in ("empty", "damaged", "black"):
        (tmp_path / name).mkdir()
    (tmp_path / "damaged/photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for name in ("a.png", "b.png"):
        Image.new("RGB", (40, 30)).save(tmp_path / "black" / name)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        export_tflite(model, "out.tflite", **options)
    assert not list(tmp_path.glob("*.tflite"))


def test_few_and_blank_images_are_told(caplog):
    caplog.set_level(logging.WARNING, "deeplab_tf")
    images = [photo(20, 30, number) for number in range(4)]
    calibration_images([*images, np.zeros((20, 30, 3), np.uint8)])
    assert "1 of 5 calibration images are blank" in caplog.text
    assert "5 calibration images; with fewer than 8" in caplog.text
    caplog.clear()
    assert len(calibration_images(images * 2)) == 8
    assert not caplog.text


def test_images_are_spread_evenly():
    images = [np.full((2, 2, 3), (number, 0, 0), np.uint8) for number in range(1, 157)]
    chosen = [image[0, 0, 0] for image in calibration_images(images[:155])]
    np.testing.assert_array_equal(chosen[::31], [1, 155])
    assert len(chosen) == quantization.USED == 32
    assert set(np.diff(np.int32(chosen))) == {4, 5}


def test_untrained_network_is_told(model, caplog):
    caplog.set_level(logging.WARNING, "deeplab_tf")
    warn_of_untrained(model)
    assert not caplog.text
    fresh = DeepLabV3("resnet_18", atrous_rates=(), filters=8, name="fresh")
    warn_of_untrained(fresh)
    assert "fresh is untrained: all its biases and means are 0" in caplog.text
