"""A trained model knows its images' size, from the data and not from the crop."""

import logging

import pytest

from deeplab_tf.datasets import evaluation_images, open_dataset
from deeplab_tf.models import load_model
from deeplab_tf.training import TrainConfig, train
from deeplab_tf.training.start import image_size, warn_of_small_crops


def test_the_size_is_that_of_the_training_images(shapes, settings):
    dataset = open_dataset(shapes)
    sizes = [example["label"].shape for example in evaluation_images(dataset, "train").as_numpy_iterator()]
    # Of twelve images 95 % are all.
    assert image_size(TrainConfig(**settings), dataset) == tuple(map(max, zip(*sizes))) > (48, 48)


def test_a_run_keeps_the_size(settings):
    result = train(TrainConfig(**settings, max_side=40))
    assert load_model(result.output).image_size == (40, 40)


def test_crops_far_below_the_images_are_told(shapes, settings, caplog):
    caplog.set_level(logging.INFO, "deeplab_tf")
    dataset = open_dataset(shapes)
    warn_of_small_crops(TrainConfig(**settings), dataset)
    assert not caplog.text
    warn_of_small_crops(TrainConfig(**{**settings, "crop_size": 9}), dataset)
    assert "a crop of 9x9 is " in caplog.text
    assert "--max-side 18" in caplog.text
    caplog.clear()
    warn_of_small_crops(TrainConfig(**{**settings, "crop_size": 9}, max_side=30), dataset)
    assert not caplog.text


def test_max_side_of_a_config():
    settings = TrainConfig(data="d", output="o", max_side=[360, 480])
    assert TrainConfig.from_dict(settings.to_dict()).max_side == (360, 480)
    with pytest.raises(ValueError, match="max_side must be a side or"):
        TrainConfig(data="d", output="o", max_side=0)
