import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf import DeepLabV3
from deeplab_tf.losses import CrossEntropy, HardPixels
from deeplab_tf.losses.hard_pixels import largest
from harness.loss_checks import value_and_gradient
from harness.reference_losses import IGNORE, batch, cross_entropy, differences, worst
from harness.tiny_model import photo

LABELS, LOGITS = batch(2)
WEIGHTS = (0.5, 1.0, 4.0)
# Of these 18 are labelled.
PIXELS = LABELS.size


@pytest.mark.parametrize("keep", [0.1, 0.4, 0.9, 1])
def test_it_is_the_mean_of_the_worst(keep):
    """All pixels are counted for how many to keep, those that have a loss for the mean."""
    loss = HardPixels(IGNORE, keep=keep, class_weights=WEIGHTS)
    value, gradient = value_and_gradient(loss, LABELS, LOGITS)

    def expected(*given):
        return worst(cross_entropy(*given, WEIGHTS), int(keep * PIXELS))

    assert value == pytest.approx(expected(LABELS, LOGITS), rel=1e-5)
    np.testing.assert_allclose(gradient, differences(expected, LABELS, LOGITS), atol=1e-6)


def test_the_ramp_is_the_release_s():
    optimizer = keras.optimizers.SGD()
    loss = tf.function(HardPixels(IGNORE, keep=0.2, ramp_steps=10).follow(optimizer))
    for step in (0, 1, 4, 9, 10, 11, 1000):
        optimizer.iterations.assign(step)
        ratio = min(1.0, step / 10)
        expected = worst(cross_entropy(LABELS, LOGITS), int((ratio * 0.2 + (1 - ratio)) * PIXELS))
        assert float(loss(LABELS, LOGITS)) == pytest.approx(expected, rel=1e-5)


def test_steps_are_batches_where_gradients_are_accumulated():
    inner = keras.optimizers.SGD(gradient_accumulation_steps=4)
    inner.variables[0].assign(8)
    loss = HardPixels(IGNORE, keep=0.2, ramp_steps=10).follow(keras.optimizers.LossScaleOptimizer(inner))
    expected = HardPixels(IGNORE, keep=1 - 0.8 * 0.8)(LABELS, LOGITS)
    assert float(loss(LABELS, LOGITS)) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("count", [1, 2, 5, 13, 50])
def test_the_largest(count):
    draw = np.random.default_rng(0)
    values = np.float32(10.0) ** draw.integers(-30, 30, 50).astype(np.float32) * draw.random(50, np.float32)
    expected = np.zeros(50)
    expected[np.argsort(-values)[:count]] = 1
    np.testing.assert_array_equal(largest(tf.constant(values), tf.constant(count)), expected)


def test_equal_values_share_what_is_left():
    found = largest(tf.constant([0.0, 2.0, 1.0, 2.0, 3.0, 2.0]), tf.constant(3))
    np.testing.assert_allclose(found, [0, 2 / 3, 0, 2 / 3, 1, 2 / 3])


def test_pixels_of_no_weight_are_not_the_worst():
    weights = np.where(LABELS == 2, 0.0, 1.0)
    without = np.where(LABELS == 2, IGNORE, LABELS)
    loss = HardPixels(IGNORE, keep=0.1)
    assert float(loss(LABELS, LOGITS, weights)) == pytest.approx(float(loss(without, LOGITS)), rel=1e-6)


def test_the_ramp_needs_a_step():
    with pytest.raises(ValueError, match=r"ramp_steps=10 .*Give loss.follow\(optimizer\)"):
        HardPixels(IGNORE, ramp_steps=10)(LABELS, LOGITS)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"keep": 25}, "keep must be a number above 0 and at most 1; received 25. It is a fraction"),
        ({"keep": 0}, "keep must be a number above 0"),
        ({"ramp_steps": -1}, "ramp_steps must be a whole number from 0 up; received -1"),
    ],
)
def test_settings_that_are_not_possible(settings, message):
    with pytest.raises(ValueError, match=message):
        HardPixels(**settings)


def test_fit_goes_on_from_a_file_with_the_same_bits(tmp_path):
    """The model has the loss follow the optimiser it is compiled with, from the file as well."""
    images = np.stack([photo(33, 33, number) for number in range(4)])
    masks = np.random.default_rng(0).integers(0, 4, (4, 33, 33))
    keras.utils.set_random_seed(0)
    # Of few layers.
    model = DeepLabV3(
        "vgg_16", classes=4, output_stride=8, depth_multiplier=1 / 32, atrous_rates=(), crop_size=(33, 33)
    )
    model.compile(keras.optimizers.SGD(0.01), HardPixels(keep=0.2, ramp_steps=6))
    model.fit(images, masks, batch_size=2, epochs=1, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    # In step 2 of 6 it keeps 0.73 of all.
    assert again.loss.keep == 0.2
    expected = HardPixels(keep=1 - 0.8 * 2 / 6)(masks, model(images)).numpy()
    assert again.evaluate(images, masks, batch_size=4, verbose=0) == pytest.approx(expected, rel=1e-5)
    for one in (model, again):
        one.fit(images, masks, batch_size=2, epochs=1, shuffle=False, verbose=0)
    for first, second in zip(model.weights, again.weights):
        np.testing.assert_array_equal(first, second)


def test_all_pixels_are_the_cross_entropy():
    assert float(HardPixels(IGNORE, keep=1)(LABELS, LOGITS)) == pytest.approx(
        float(CrossEntropy(IGNORE)(LABELS, LOGITS)), rel=1e-6
    )
