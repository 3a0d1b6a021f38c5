"""Whole images through the network that is arranged for prediction: the labels are those of the model itself."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.inference import KerasPredictor, open_predictor
from deeplab_tf.inference.network import InferenceNetwork
from deeplab_tf.models import LRASPP, DeepLabV2, DeepLabV3Plus
from harness.tiny_model import photo, tiny_model
from harness.whole_image import whole_image_logits

SMALL = {"classes": 4, "depth_multiplier": 0.25}
MODELS = {
    "v3": lambda: tiny_model(backbone="resnet_18"),
    "without enlarging": lambda: tiny_model(backbone="resnet_18", upsample_logits=False),
    "v3+ with a canvas": lambda: tiny_model(DeepLabV3Plus, backbone="resnet_18", crop_size=97),
    "several scales": lambda: DeepLabV2("vgg_16", multi_scale=True, **SMALL),
    "lr_aspp": lambda: LRASPP("mobilenet_v3_small", classes=4, crop_size=65),
}


def random_weights(model, seed=0):
    generator = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([generator.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    return model


def labels_of(model, image):
    full = model if model.settings["upsample_logits"] else model.rebuild(upsample_logits=True)
    return tf.argmax(whole_image_logits(full, image[None]), -1)[0].numpy()


@pytest.mark.parametrize("name", MODELS)
def test_labels_and_logits_are_the_models(name):
    model = random_weights(MODELS[name]())
    full = model if model.settings["upsample_logits"] else model.rebuild(upsample_logits=True)
    image = photo(60, 81)
    expected = whole_image_logits(full, image[None]).numpy()
    for frozen in (False, True):
        network = InferenceNetwork(model, frozen=frozen)
        logits = network.logits(tf.constant(image[None])).numpy()
        np.testing.assert_allclose(logits, expected, atol=1e-4 * np.abs(expected).max())
        labels = tf.function(network.labels)(tf.constant(image[None]))
        np.testing.assert_array_equal(labels, logits.argmax(-1))


def test_a_models_weights_are_those_of_the_moment_and_frozen_ones_stay():
    model = random_weights(tiny_model(backbone="resnet_18"))
    image = photo(65, 65)
    live, frozen = KerasPredictor(model, "model"), KerasPredictor(model, "model", frozen=True)
    before = live.predict(image)
    np.testing.assert_array_equal(before, labels_of(model, image))
    random_weights(model, 1)
    model.get_layer("logits.semantic").set_weights([np.zeros((1, 1, 16, 4)), np.eye(4)[2]])
    after = labels_of(model, image)
    assert (after == 2).all()
    assert (before != 2).any()
    np.testing.assert_array_equal(live.predict(image), after)
    np.testing.assert_array_equal(frozen.predict(image), before)


def test_precision_of_the_model_is_kept(tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = random_weights(tiny_model(backbone="resnet_18"))
    finally:
        keras.config.set_dtype_policy("float32")
    path = tmp_path / "model.keras"
    model.save(path)
    image = photo(65, 65)
    expected = whole_image_logits(model, image[None])
    assert np.abs(expected - whole_image_logits(model.rebuild(dtype="float32"), image[None])).max() > 1e-4
    for predictor in (open_predictor(model), open_predictor(path)):
        np.testing.assert_allclose(predictor.scores(image[None]), expected, atol=1e-5)
