import keras
import numpy as np
import pytest

from deeplab_tf.export import fold_batch_norm
from deeplab_tf.layers import BatchNorm
from deeplab_tf.models import DeepLabV3Plus
from harness.tiny_model import photo, tiny_model


def norms(model):
    return [layer.name for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]


def randomize(model, seed=0):
    generator = np.random.default_rng(seed)
    for layer in model.layers:
        layer.set_weights([generator.uniform(0.3, 1.5, weight.shape) for weight in layer.get_weights()])
    return model


@pytest.mark.parametrize("settings", [{"output_stride": 8}, {"model_class": DeepLabV3Plus}])
def test_folded_network_computes_the_same(settings):
    model = tiny_model(**settings)
    folded = fold_batch_norm(model)
    assert norms(model)
    assert not norms(folded)
    images = np.stack([photo(65, 65, seed) for seed in range(2)]).astype(np.float32)
    expected = np.asarray(model(images, training=False))
    assert np.abs(expected).max() > 1
    np.testing.assert_allclose(np.asarray(folded(images)), expected, atol=1e-4 * np.abs(expected).max())


def test_worked_example():
    inputs = keras.Input((2, 2, 1))
    x = keras.layers.Conv2D(1, 1, name="conv")(inputs)
    model = keras.Model(inputs, BatchNorm(epsilon=0.5, name="norm")(x))
    model.get_layer("conv").set_weights([np.full((1, 1, 1, 1), 3.0), np.array([5.0])])
    # gamma, beta, mean, variance
    model.get_layer("norm").set_weights([np.array([4.0]), np.array([7.0]), np.array([2.0]), np.array([3.5])])
    kernel, bias = fold_batch_norm(model).get_layer("conv").get_weights()
    # 4 (3 x + 5 - 2) / sqrt(3.5 + 0.5) + 7 = 6 x + 13
    assert kernel.item() == pytest.approx(6)
    assert bias.item() == pytest.approx(13)


@pytest.mark.parametrize("options", [{"scale": False}, {"center": False}, {"scale": False, "center": False}])
@pytest.mark.parametrize("multiplier", [1, 3])
def test_depthwise_convolution_and_norm_without_scale_or_shift(options, multiplier):
    inputs = keras.Input((5, 6, 2))
    x = keras.layers.DepthwiseConv2D(3, depth_multiplier=multiplier, dilation_rate=2, padding="same")(inputs)
    model = randomize(keras.Model(inputs, BatchNorm(**options)(x)))
    folded = fold_batch_norm(model)
    assert not norms(folded)
    images = np.random.default_rng(1).normal(size=(1, 5, 6, 2)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(folded(images)), np.asarray(model(images, training=False)), atol=1e-4)


def test_what_cannot_be_folded_stays():
    inputs = keras.Input((6, 6, 2))
    before = BatchNorm(name="before")(inputs)
    active = keras.layers.Conv2D(3, 3, activation="relu", name="active")(before)
    shared = keras.layers.Conv2D(3, 1, name="shared")(BatchNorm(name="after_active")(active))
    both = keras.layers.Add()([shared, BatchNorm(name="beside")(shared)])
    output = keras.layers.Conv2D(2, 1, name="output")(both)
    model = randomize(keras.Model(inputs, [output, BatchNorm(name="after_output")(output)]))
    folded = fold_batch_norm(model)
    assert norms(folded) == norms(model) == ["before", "after_active", "beside", "after_output"]
    images = np.random.default_rng(1).normal(size=(2, 6, 6, 2)).astype(np.float32)
    for result, expected in zip(folded(images), model(images, training=False)):
        np.testing.assert_allclose(np.asarray(result), np.asarray(expected), rtol=1e-5)


def test_copy_is_float32_and_the_model_stays_untouched():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = tiny_model()
    finally:
        keras.config.set_dtype_policy("float32")
    before = [weight.copy() for weight in model.get_weights()]
    folded = fold_batch_norm(model)
    assert {layer.compute_dtype for layer in folded.layers} == {"float32"}
    for weight, old in zip(model.get_weights(), before):
        np.testing.assert_array_equal(weight, old)


def test_only_functional_models():
    sequential = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Conv2D(1, 1), BatchNorm()])
    with pytest.raises(
        ValueError, match=r"model must be a functional Keras model; received 'Sequential'\. Build it as"
    ):
        fold_batch_norm(sequential)
