"""The settings of a short run on drawn shapes."""

import pytest

from deeplab_tf.training import TrainConfig


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
