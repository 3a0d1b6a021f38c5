"""What every model of the family must do; a model's own test inherits it and gives its class and settings."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf import load_model, save_model
from deeplab_tf.export import export_saved_model, export_tflite
from deeplab_tf.inference import open_predictor
from deeplab_tf.layers import BatchNorm

CLASSES = 5
LOAD_AND_PREDICT = """
import sys, numpy, deeplab_tf
model_path, images_path, logits_path = sys.argv[1:]
numpy.save(logits_path, deeplab_tf.load_model(model_path)(numpy.load(images_path)))
"""


def random_images(*shape: int) -> np.ndarray:
    """Random RGB images, float32, 0-255."""
    return np.random.default_rng(3).integers(0, 256, (*shape, 3)).astype(np.float32)


class ModelHarness:
    """Inherit, and set the attributes.

    Attributes:
        model_class: The model's class.
        small: Constructor arguments of a small one, where the backbone does not matter.
        settings: Further constructor arguments.
        classifiers: Names of the layers that give the logits.
        reduced_layer: Name of a layer that mixed precision computes in half the bits.
        without_dropout: Constructor arguments that leave no randomness in training.
    """

    model_class = None
    small: dict = {"backbone": "mobilenet_v2", "depth_multiplier": 0.25, "classes": CLASSES}  # noqa: RUF012
    settings: dict = {}  # noqa: RUF012
    classifiers: tuple = ("logits.semantic",)
    reduced_layer: str = "aspp0"
    without_dropout: dict = {"dropout": 0.0}  # noqa: RUF012

    def make(self, **changes):
        """A model with random weights and random statistics, so that no layer is without effect."""
        keras.utils.set_random_seed(2)
        model = self.model_class(**{**self.small, **self.settings, **changes})
        draw = np.random.default_rng(1)
        for layer in model.layers:
            if isinstance(layer, BatchNorm):
                gamma, *_ = layer.get_weights()
                ranges = ((0.5, 1.5), (-0.5, 0.5), (-0.5, 0.5), (0.5, 2.0))
                layer.set_weights([draw.uniform(low, high, gamma.shape) for low, high in ranges])
        return model

    @pytest.fixture(scope="class")
    def model(self):
        return self.make()

    @pytest.mark.parametrize("size", [(65, 65), (97, 97), (129, 161), (333, 500), (64, 90)])
    def test_logits_have_the_size_of_the_image(self, model, size):
        logits = model(np.zeros((1, *size, 3), np.uint8))
        assert logits.shape == (1, *size, CLASSES)
        assert logits.dtype == tf.float32

    def test_a_graph_of_unknown_sizes_computes_the_same(self, model):
        graph = tf.function(model, input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)])
        for images in (random_images(2, 65, 81), random_images(1, 50, 33)):
            eager = model(images).numpy()
            np.testing.assert_allclose(graph(images), eager, atol=1e-4 * np.abs(eager).max())

    def test_a_batch_is_its_images(self, model):
        images = random_images(2, 49, 65)
        single = np.concatenate([model(images[:1]), model(images[1:])])
        np.testing.assert_allclose(model(images), single, atol=1e-4 * np.abs(single).max())

    def test_the_gradient_reaches_every_trainable_weight(self):
        model = self.make(**self.without_dropout)
        images = random_images(4, 65, 65)
        target = np.random.default_rng(0).normal(size=(4, 65, 65, CLASSES))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(images, training=True) - target) ** 2)
        gradients = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
        dead = [
            weight.path
            for weight, gradient in zip(model.trainable_weights, gradients)
            if gradient is None or not np.abs(gradient).max() > 0
        ]
        assert not dead

    def test_a_model_file_gives_the_same_logits_in_a_fresh_process(self, model, tmp_path):
        images = random_images(1, 49, 65)
        save_model(model, tmp_path / "saved.keras")
        np.save(tmp_path / "images.npy", images)
        paths = [str(tmp_path / name) for name in ("saved.keras", "images.npy", "logits.npy")]
        subprocess.run([sys.executable, "-c", LOAD_AND_PREDICT, *paths], check=True, capture_output=True)
        expected = model(images).numpy()
        np.testing.assert_allclose(np.load(paths[2]), expected, atol=1e-5 * np.abs(expected).max())

    def test_a_model_file_carries_settings_and_labels(self, tmp_path):
        labels = {"name": "trees", "names": ["ground", "oak", "fir"], "colors": [[1, 2, 3]] * 3, "ignore_label": 7}
        model = self.make(classes=None, labels=labels, output_stride=8, crop_size=(65, 97), image_size=(97, 129))
        save_model(model, tmp_path / "saved.keras")
        again = load_model(tmp_path / "saved.keras")
        assert json.dumps(again.get_config()) == json.dumps(model.get_config())
        assert (again.labels.to_dict(), again.output_stride, again.crop_size) == (labels, 8, [65, 97])
        assert again.image_size == (97, 129)
        assert not again.compiled

    def test_mixed_precision_gives_float32_logits(self):
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy("mixed_bfloat16")
        try:
            model = self.make()
        finally:
            keras.config.set_dtype_policy(before)
        assert model.get_layer(self.reduced_layer).compute_dtype == "bfloat16"
        logits = model(random_images(1, 33, 33))
        assert logits.dtype == tf.float32
        assert np.isfinite(logits).all()

    def test_other_output_stride_keeps_every_weight(self, model):
        finer = model.rebuild(output_stride=8)
        assert finer.reinitialized == []
        for weight, other in zip(model.get_weights(), finer.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, other)
        assert finer(random_images(1, 33, 33)).shape == (1, 33, 33, CLASSES)

    def test_other_classes_keep_all_but_the_classifier(self, model, logged):
        other = model.rebuild(classes=3)
        assert other.reinitialized == list(self.classifiers)
        assert ", ".join(self.classifiers) in logged.text
        assert other.labels.classes == 3
        for layer in model.layers:
            if layer.name not in self.classifiers:
                for weight, kept in zip(layer.get_weights(), other.get_layer(layer.name).get_weights(), strict=True):
                    np.testing.assert_array_equal(weight, kept)

    def test_frozen_statistics_stay_in_training_and_all_weights_train(self):
        model = self.make(frozen_batch_norm=True)
        assert len(model.trainable_weights) == len(self.make().trainable_weights)
        before = [weight.numpy() for weight in model.non_trainable_weights]
        model(random_images(2, 33, 33), training=True)
        for old, weight in zip(before, model.non_trainable_weights, strict=True):
            np.testing.assert_array_equal(old, weight)

    def test_exports_predict_the_same(self, model, tmp_path):
        image = random_images(65, 81).astype(np.uint8)
        expected = np.argmax(model(image[None]), -1)[0]
        export_saved_model(model, tmp_path / "exported", images=[image])
        export_tflite(model, tmp_path / "exported.tflite", size=(65, 81), images=[image])
        for predictor in (tmp_path / "exported", tmp_path / "exported.tflite"):
            assert np.mean(open_predictor(predictor).predict(image) == expected) >= 0.999
