"""Images larger than a model is made for: every predictor scales them alike, and the result is enlarged."""

import logging

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf import DeepLabV3, Segmenter
from deeplab_tf.evaluation import evaluate
from deeplab_tf.export import export_saved_model
from deeplab_tf.images.scaling import Fitting
from deeplab_tf.inference import open_predictor
from deeplab_tf.models import load_model
from harness.tiny_model import photo, tiny_model
from harness.whole_image import whole_image_logits

LARGE = photo(260, 195)
# Of the canvas's shape: a `.tflite` file pads with 128 where the model pads with 127.5.
SQUARE = photo(260, 260)


@pytest.fixture(scope="module")
def model(tiny_exports):
    return tiny_exports.model


@pytest.fixture(scope="module")
def files(tiny_exports):
    return tiny_exports.folder


def by_the_rule(model, image, size):
    """Labels and probabilities, from TensorFlow's resizing of the image to the size and of all scores."""
    small = tf.cast(tf.round(tf.image.resize(image[None], size, antialias=True)), tf.uint8)
    scores = tf.image.resize(whole_image_logits(model, small), image.shape[:2])[0]
    return scores.numpy().argmax(-1), tf.nn.softmax(scores).numpy()


@pytest.fixture(scope="module")
def expected(model):
    return by_the_rule(model, LARGE, (65, 49))


@pytest.fixture(scope="module")
def expected_square(model):
    return by_the_rule(model, SQUARE, (65, 65))


def test_exports_report_what_large_images_cost(tiny_exports):
    assert tiny_exports.agreement["saved"] > 0.999
    assert 0.9 < tiny_exports.agreement["labels.tflite"] < 1


@pytest.mark.parametrize("name", ["model.keras", "saved"])
def test_predictors_agree_with_the_rule(files, expected, name):
    check_agreement(open_predictor(files / name), LARGE, expected, 0.999)


def test_a_file_agrees_with_the_rule(files, expected_square):
    check_agreement(open_predictor(files / "probabilities.tflite"), SQUARE, expected_square, 0.99)


def check_agreement(predictor, image, expected, least):
    labels = predictor.predict(image)
    assert labels.dtype == np.int32
    assert len(np.unique(expected[0])) > 2
    assert (labels == expected[0]).mean() >= least
    probabilities = predictor.probabilities(image)
    assert np.abs(probabilities - expected[1]).mean() < 2e-3
    assert (probabilities.argmax(-1) == labels).mean() > 0.999


def test_a_file_of_labels_sees_the_same_image(files, expected_square):
    assert (open_predictor(files / "labels.tflite").predict(SQUARE) == expected_square[0]).mean() > 0.95


@pytest.mark.parametrize("name", ["model.keras", "saved"])
def test_max_side_decides_otherwise(model, files, name):
    own = open_predictor(files / name, max_side=None)
    scores = whole_image_logits(model, LARGE[None])[0].numpy()
    assert (own.predict(LARGE) == scores.argmax(-1)).mean() > 0.999
    np.testing.assert_allclose(own.probabilities(LARGE), tf.nn.softmax(scores), atol=1e-3)
    smaller = Segmenter(files / name, max_side=33)(LARGE)
    assert (smaller.labels != Segmenter(files / name)(LARGE).labels).any()
    assert (smaller.probabilities.argmax(-1) == smaller.labels).mean() > 0.999


def test_a_fixed_input_bounds_max_side(files):
    open_predictor(files / "labels.tflite", max_side=33).predict(LARGE)
    for max_side in (None, 66):
        with pytest.raises(ValueError, match=r"labels\.tflite takes images of 65x65 pixels.*Give 65 or less"):
            open_predictor(files / "labels.tflite", max_side=max_side)


def test_what_is_open_already_keeps_its_size(model):
    with pytest.raises(ValueError, match="is open already; received max_side=9"):
        open_predictor(open_predictor(model), max_side=9)


def test_scaling_is_logged_once_for_each_size(files, caplog):
    caplog.set_level(logging.INFO, "deeplab_tf")
    for name in ("model.keras", "saved", "labels.tflite"):
        predictor = open_predictor(files / name)
        for image in (LARGE, LARGE, LARGE[:65, :65]):
            predictor.predict(image)
    said = [record.getMessage() for record in caplog.records if "are scaled" in record.getMessage()]
    assert len(said) == 3
    assert all("260x195 are scaled to 65x49" in line and "--max-side" in line for line in said)


def test_the_first_sizes_are_logged(caplog):
    caplog.set_level(logging.INFO, "deeplab_tf")
    fitting = Fitting("voc", (65, 65))
    for side in [*range(20, 65), *range(100, 140), 100]:
        fitting(side, side)
    assert [message.split()[3] for message in caplog.messages] == ["100x100", "101x101", "102x102"]
    assert ["Further sizes" in message for message in caplog.messages] == [False, False, True]


def test_a_model_without_a_size_warns_of_many_times_its_crop(caplog):
    caplog.set_level(logging.INFO, "deeplab_tf")
    predictor = open_predictor(tiny_model(crop_size=33))
    assert predictor.predict(LARGE).shape == (260, 195)
    assert "260x195 is many times its crop of 33x33" in caplog.text
    caplog.clear()
    predictor.predict(LARGE[:132, :132])
    assert not caplog.text


def test_evaluation_follows_the_rule_at_the_labels_own_size(model, expected):
    pairs = [(LARGE, expected[0])]
    assert evaluate(model, pairs).pixel_accuracy > 0.999
    assert evaluate(model, pairs, max_side=33).pixel_accuracy < 0.999


def test_the_size_travels_with_the_model(model, files):
    assert load_model(files / "model.keras").rebuild(output_stride=8).image_size == (65, 65)


def test_an_untrained_model_can_be_exported(tmp_path):
    untrained = DeepLabV3("mobilenet_v2", depth_multiplier=0.25, atrous_rates=(), classes=4, crop_size=65)
    assert export_saved_model(untrained, tmp_path / "untrained").agreement > 0.999
