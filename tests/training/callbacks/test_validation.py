"""Validation publishes its metrics in the logs, where Keras's own callbacks find them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.interrupts import Interrupts
from deeplab_tf.training.callbacks import Validation
from deeplab_tf.training.callbacks.validation import ValidationStopped


def test_early_stopping_and_the_history_see_the_metrics(known, squares):
    predictor, images = squares
    validation = Validation(images, model=predictor)
    stopping = keras.callbacks.EarlyStopping("val_mean_iou", mode="max", patience=1)
    history = known.fit(validation, stopping, epochs=5)
    assert history["val_mean_iou"] == [pytest.approx(5 / 16)] * 2
    assert history["val_pixel_accuracy"] == [pytest.approx(5 / 8)] * 2
    assert validation.evaluation.per_class["square"]["iou"] == pytest.approx(5 / 8)


def test_further_metrics_are_published_and_examples_kept(known, squares):
    predictor, images = squares
    validation = Validation(images * 3, model=predictor, metrics=["boundary_iou"], examples=3)
    history = known.fit(validation)
    assert history["val_boundary_iou"] == [pytest.approx(validation.evaluation.totals["boundary_iou"])]
    assert [name for name, *_ in validation.seen] == ["image 1", "image 3", "image 5"]
    for _, image, truth, prediction in validation.seen:
        np.testing.assert_array_equal(image, images[0][0])
        np.testing.assert_array_equal(truth, images[0][1])
        np.testing.assert_array_equal(prediction, [[1, 1], [1, 1]])


def test_an_interrupt_ends_it_at_the_next_image(known, squares):
    predictor, images = squares
    interrupts, done = Interrupts(), []

    def taken():
        for image in images:
            yield image
            done.append(image)
            interrupts.pending = 15

    with pytest.raises(ValidationStopped) as caught:
        known.fit(Validation(taken(), model=predictor, interrupts=interrupts))
    assert (len(done), caught.value.exit_code) == (1, 143)


@pytest.mark.parametrize("images", [[], tf.data.Dataset.from_tensor_slices(np.zeros((0, 2)))])
def test_no_images_are_refused_at_once(images):
    with pytest.raises(ValueError, match=r"images must be images with labels; received .*check the split"):
        Validation(images)


def test_what_is_no_segmentation_model_is_refused(known, squares):
    with pytest.raises(ValueError, match="(?i)model"):
        known.fit(Validation(squares[1]))
