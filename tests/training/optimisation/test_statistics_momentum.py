"""The moving statistics of a run are the run's own, however short it is."""

import numpy as np
import pytest

from deeplab_tf import DeepLabV3
from deeplab_tf.layers import BatchNorm
from deeplab_tf.training.optimisation.statistics_momentum import fit_momentum


def momenta(model):
    return {layer.name: layer.momentum for layer in model.layers if isinstance(layer, BatchNorm)}


@pytest.mark.parametrize("steps", [100, 1000, 3000, 30_000])
def test_little_of_the_initial_value_is_left_after_a_tenth_of_the_run(steps):
    model = DeepLabV3("mobilenet_v2", depth_multiplier=0.25, atrous_rates=())
    fit_momentum(model, steps)
    left = np.array(list(momenta(model).values())) ** (steps / 10 if steps > 500 else steps / 2)
    assert left.max() < 0.01


def test_long_runs_keep_the_released_momenta():
    model = DeepLabV3("mobilenet_v2", depth_multiplier=0.25, atrous_rates=())
    fit_momentum(model, 200_000)
    assert momenta(model)["MobilenetV2.Conv.BatchNorm"] == 0.997
    assert momenta(model)["aspp0.BatchNorm"] == 0.9997
