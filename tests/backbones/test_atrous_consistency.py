"""Atrous consistency of the backbones that have no harness of their own: deeper forms from the same builders."""

import keras
import numpy as np
import pytest

from deeplab_tf.backbones import BACKBONES, backbone
from deeplab_tf.layers import BatchNorm
from deeplab_tf.models import copy_weights
from harness.backbone_harness import network

# By the tests that inherit the harness, and by one of test_resnet.py.
ELSEWHERE = {
    "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small", "mobilenet_edgetpu", "xception_41", "resnet_18",
    "resnet_50_beta",
}  # fmt: skip
# One stride of the released network; a path instead of rates, so that weights differ between strides.
UNDEFINED = {"vgg_16", "hnasnet", "pnasnet"}
HERE = sorted(set(BACKBONES) - ELSEWHERE - UNDEFINED)
# Every unit, stride and rate, at a fraction of the channels.
NARROW = {"depth_multiplier": 1 / 8}


@pytest.mark.parametrize("name", HERE)
def test_finer_features_subsampled_are_the_coarser_ones(name):
    keras.utils.set_random_seed(4)
    coarse = network(backbone(name).build, 32, **NARROW)
    draw = np.random.default_rng(1)
    for layer in coarse.layers:
        if isinstance(layer, BatchNorm):
            # Residual branches that do not add up to large numbers, and statistics that have an effect.
            shape = layer.gamma.shape
            ranges = ((0.3, 0.7), (-0.2, 0.2), (-0.2, 0.2), (0.8, 1.5))
            layer.set_weights([draw.uniform(low, high, shape) for low, high in ranges])
    images = draw.uniform(0, 255, (1, 65, 97, 3)).astype(np.float32)
    expected = coarse(images)["last"].numpy()
    assert expected.shape[1:3] == (3, 4)
    assert expected.std() > 0
    for step in (2, 4):
        finer = network(backbone(name).build, 32 // step, **NARROW)
        assert copy_weights(coarse, finer) == []
        features = finer(images)["last"].numpy()[:, ::step, ::step]
        np.testing.assert_allclose(features, expected, atol=1e-4 * np.abs(expected).max())
