"""Recalibration keeps the function, measures the true statistics, and leaves a new head alone."""

import keras
import numpy as np
import pytest

from deeplab_tf import DeepLabV3, DeepLabV3Plus, recalibrate_batch_norm
from deeplab_tf.layers import BatchNorm
from deeplab_tf.models import copy_weights

rng = np.random.default_rng(1)
images = rng.integers(0, 256, (6, 65, 49, 3)).astype(np.float32)


def _norms(model):
    return {layer.name: layer for layer in model.layers if isinstance(layer, BatchNorm)}


@pytest.fixture
def folded():
    """A small network whose normalisation is folded, with random biases, as a released file gives it."""
    keras.utils.set_random_seed(0)
    model = DeepLabV3("mobilenet_v2", depth_multiplier=0.25, atrous_rates=(), classes=3)
    for layer in _norms(model).values():
        layer.load_folded(rng.normal(size=layer.gamma.shape).astype(np.float32))
    return model


def test_function_is_unchanged_and_statistics_are_those_of_the_images(folded):
    before = folded(images).numpy()
    names = recalibrate_batch_norm(folded, [images[:4], images[4:]])
    assert set(names) == set(_norms(folded))
    np.testing.assert_allclose(folded(images), before, rtol=1e-3, atol=1e-4)
    for name in ("MobilenetV2.Conv.BatchNorm", "MobilenetV2.expanded_conv_13.depthwise.BatchNorm", "aspp0.BatchNorm"):
        layer = folded.get_layer(name)
        values = keras.Model(folded.input, layer.input)(images).numpy().astype(np.float64)
        np.testing.assert_allclose(layer.moving_mean, values.mean((0, 1, 2)), rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(layer.moving_variance, values.var((0, 1, 2)), rtol=1e-3, atol=1e-4)


def test_small_filters_grow_to_the_norm_of_an_initialiser(folded):
    convolution = folded.get_layer("MobilenetV2.expanded_conv_1.expand")
    kernel = np.array(convolution.get_weights()[0])
    kernel[..., :3] *= 1e-3
    kernel[..., 3:6] *= 1e3
    convolution.set_weights([kernel])
    before = folded(images).numpy()
    recalibrate_batch_norm(folded, [images])
    after = convolution.get_weights()[0]
    norms = np.linalg.norm(after[0, 0, :, :3], axis=0)
    np.testing.assert_allclose(norms, 0.09 * np.sqrt(kernel.shape[2]), rtol=1e-5)
    np.testing.assert_array_equal(after[..., 3:6], kernel[..., 3:6])
    np.testing.assert_allclose(folded(images), before, rtol=1e-3, atol=1e-4)


def test_second_call_finds_nothing_to_do(folded):
    recalibrate_batch_norm(folded, [images])
    assert recalibrate_batch_norm(folded, [images]) == []


def test_training_mode_gives_the_inference_function_on_the_measured_images(folded):
    recalibrate_batch_norm(folded, [images])
    body = keras.Model(folded.input, folded.get_layer("concat_projection.relu").output)
    np.testing.assert_allclose(body(images, training=True), body(images, training=False), rtol=1e-2, atol=1e-2)


def test_new_head_keeps_its_fresh_normalisation(folded):
    model = DeepLabV3Plus("mobilenet_v2", depth_multiplier=0.25, atrous_rates=(), classes=3)
    copy_weights(folded, model)
    recalibrated = recalibrate_batch_norm(model, [images])
    decoder = {name: layer for name, layer in _norms(model).items() if name.startswith("decoder.")}
    assert len(decoder) == 5
    assert not set(decoder) & set(recalibrated)
    for layer in decoder.values():
        gamma, beta, mean, variance = layer.get_weights()
        assert (gamma == 1).all()
        assert (beta == 0).all()
        assert (mean == 0).all()
        assert (variance == 1).all()


def test_no_images_is_an_error(folded):
    with pytest.raises(ValueError, match="no images"):
        recalibrate_batch_norm(folded, [])
