"""What TensorBoard shows of validations: the IoU of every class, and pictures."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf.labels import LabelSpec
from deeplab_tf.training.callbacks import Validation, ValidationBoard
from deeplab_tf.training.callbacks.board import panel
from harness.board_events import events_of, steps_of

GREY, RED = (90, 90, 90), (200, 20, 20)


def test_each_class_and_some_images_of_every_validation_are_there_once(known, squares, tmp_path):
    predictor, images = squares
    named = [{"image": image, "label": label, "filename": name} for (image, label), name in zip(images, "ab")]
    validation = Validation(named, model=predictor, examples=1)
    known.fit(validation, ValidationBoard(tmp_path, validation), epochs=2)
    found = events_of(tmp_path)
    assert list(found) == ["iou/ground", "iou/square", "images/a"]
    values = [(one.step, tf.make_ndarray(one.tensor_proto).item()) for one in found["iou/square"]]
    assert values == [(4, pytest.approx(5 / 8)), (8, pytest.approx(5 / 8))]
    picture = Image.open(io.BytesIO(found["images/a"][0].tensor_proto.string_val[2]))
    assert picture.width > 3 * 240
    # As a run that was killed behind step 4 comes to step 8 again.
    board = ValidationBoard(tmp_path, validation)
    board.state.step = 8
    board.on_epoch_end(1)
    assert steps_of(tmp_path, "iou/square") == [4, 8]


def test_a_class_that_does_not_occur_has_no_value(known, squares, tmp_path):
    labels = LabelSpec(("ground", "square", "ring"))
    predictor, images = squares
    predictor.labels = labels
    predictor.scores = lambda images: np.broadcast_to(np.float32([0, 1, 0]), (*images.shape[:3], 3))
    validation = Validation(images, model=predictor)
    known.fit(validation, ValidationBoard(tmp_path, validation))
    assert list(events_of(tmp_path)) == ["iou/ground", "iou/square"]
    assert np.isnan(validation.evaluation.per_class["ring"]["iou"])


def test_the_panel_has_image_truth_and_prediction_in_the_colours_of_their_classes():
    labels = LabelSpec(("road", "car", "tree"), colors=(GREY, RED, (0, 255, 0)))
    image = np.full((60, 80, 3), (10, 20, 250), np.uint8)
    truth, prediction = np.zeros((60, 80), int), np.ones((60, 80), int)
    truth[:, 40:] = 255
    found = panel([image, truth, prediction], labels, height=60)
    middle = found[40]
    third = found.shape[1] // 3
    assert [tuple(middle[place]) for place in (third // 2, third + third // 4, 2 * third + third // 2)] == [
        (10, 20, 250), GREY, RED,
    ]  # fmt: skip
    # Below, the classes that occur and no other.
    legend = {tuple(pixel) for pixel in found[-22:].reshape(-1, 3)}
    assert {GREY, RED} <= legend
    assert (0, 255, 0) not in legend


def test_many_classes_take_several_rows():
    labels = LabelSpec(tuple(f"a class of number {number}" for number in range(12)))
    maps = np.arange(12).repeat(100).reshape(40, 30)
    few, many = (panel([np.zeros((40, 30, 3), np.uint8), one, one], labels) for one in (maps * 0, maps))
    assert many.shape[1] == few.shape[1]
    assert many.shape[0] > few.shape[0] + 60
