"""A small data set of drawn shapes, and the settings of a short run on it."""

from pathlib import Path

import pytest

from deeplab_tf.datasets import convert_folder, draw_shapes
from deeplab_tf.training import TrainConfig


@pytest.fixture(scope="session")
def shapes(tmp_path_factory) -> Path:
    """12 training and 4 validation images of 6 classes, 48 to 72 pixels a side."""
    folder = draw_shapes(tmp_path_factory.mktemp("shapes") / "drawn", 16, size=(48, 72))
    records = folder.parent / "records"
    names = folder / "class_names.txt"
    convert_folder(folder / "images", folder / "masks", records, class_names=names, val_share=0.25, shards=2)
    return records


@pytest.fixture(scope="session")
def light_network() -> dict:
    """The network of the fewest layers, with normalisation and dropout in its head, on crops of 33 pixels."""
    return {
        "backbone": "vgg_16",
        "depth_multiplier": 1 / 32,
        "output_stride": 8,
        "atrous_rates": (),
        "crop_size": 33,
        "batch_size": 4,
    }


@pytest.fixture
def settings(shapes, tmp_path) -> dict:
    """Of a run that takes seconds."""
    return {
        "data": str(shapes),
        "output": str(tmp_path / "run"),
        "backbone": "resnet_18",
        "depth_multiplier": 0.25,
        "atrous_rates": (),
        "crop_size": 33,
        "batch_size": 4,
        "steps": 2,
    }


@pytest.fixture
def light(settings, light_network) -> dict:
    """The same with the network of the fewest layers, for tests that are not about networks."""
    return {**settings, **light_network}


@pytest.fixture
def config(settings) -> TrainConfig:
    """The same as settings object."""
    return TrainConfig(**settings)
