"""Heads on the families of backbones that the models' own tests leave out: what the shared harness asks, at less cost.

MobileNetV2, MobileNetV3, VGG-16 and HNASNet have the whole harness, in the tests of the models.
"""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf import AutoDeepLab, DeepLabV2, DeepLabV3, DeepLabV3Plus, load_model, save_model
from deeplab_tf.backbones.genotype import GENOTYPES

CLASSES = 3
# Its cell, once with a stride and once without.
SHORT_PNASNET = {**GENOTYPES["pnasnet_16"].to_dict(), "path": [1, 1], "taps": None}
NARROW = {"classes": CLASSES, "depth_multiplier": 1 / 8}
HEAD = {**NARROW, "filters": 8, "atrous_rates": (1,), "dropout": 0.0}
FAMILIES = {
    "resnet_18": lambda: DeepLabV3("resnet_18", **HEAD),
    "resnet_18_beta": lambda: DeepLabV3Plus("resnet_18_beta", decoder_filters=8, **HEAD),
    "resnet_18_v2": lambda: DeepLabV2("resnet_18_v2", atrous_rates=(2,), frozen_batch_norm=False, **NARROW),
    "xception_41": lambda: DeepLabV3Plus("xception_41", decoder_filters=8, **HEAD),
    "mobilenet_edgetpu_slim": lambda: DeepLabV3("mobilenet_edgetpu_slim", **HEAD),
    "pnasnet": lambda: AutoDeepLab(SHORT_PNASNET, **{**HEAD, "depth_multiplier": 1 / 4}),
}


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (*shape, 3)).astype(np.float32)


@pytest.fixture(scope="module", params=FAMILIES, autouse=True)
def make(request):
    """Makes the family's model."""
    keras.utils.set_random_seed(2)
    return FAMILIES[request.param]


@pytest.fixture(scope="module")
def model(make):
    return make()


def test_odd_sizes_and_a_saved_model_of_unknown_sizes(model, tmp_path):
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved")
    for size in ((65, 65), (50, 81)):
        expected = model(images(2, *size)).numpy()
        assert expected.shape == (2, *size, CLASSES)
        assert expected.dtype == np.float32
        np.testing.assert_allclose(loaded.serve(images(2, *size)), expected, atol=1e-4 * np.abs(expected).max())


def test_a_model_file_gives_the_same_logits(model, tmp_path):
    save_model(model, tmp_path / "saved.keras")
    again = load_model(tmp_path / "saved.keras")
    assert json.dumps(again.get_config()) == json.dumps(model.get_config())
    expected = model(images(1, 49, 65)).numpy()
    np.testing.assert_allclose(again(images(1, 49, 65)), expected, atol=1e-5 * np.abs(expected).max())


def test_the_gradient_reaches_every_trainable_weight(model):
    target = np.random.default_rng(0).normal(size=(2, 65, 65, CLASSES))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(images(2, 65, 65), training=True) - target) ** 2)
    gradients = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
    named = zip(model.trainable_weights, gradients, strict=True)
    assert not [weight.path for weight, found in named if found is None or not np.abs(found).max() > 0]


def test_mixed_precision_gives_finite_float32_logits(make):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = make()
    finally:
        keras.config.set_dtype_policy(before)
    assert model.layers[-1].compute_dtype == "float32"
    assert "bfloat16" in {layer.compute_dtype for layer in model.layers}
    logits = model(images(1, 33, 33))
    assert logits.dtype == tf.float32
    assert np.isfinite(logits).all()
