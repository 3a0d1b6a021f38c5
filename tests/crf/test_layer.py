"""The CRF as a layer: its gradients, its files, and that training it helps."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.crf import CRFParameters, DenseCRF, DenseCRFLayer

PARAMETERS = CRFParameters(2, 6, 30, 1, 2)
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (2, 5, 6, 3), dtype=np.uint8)
LOGITS = RANDOM.normal(size=(2, 5, 6, 3)).astype(np.float32)
TOWARDS = RANDOM.normal(size=LOGITS.shape).astype(np.float32)


def test_starts_as_the_engine():
    refined = keras.ops.softmax(DenseCRFLayer(PARAMETERS, iterations=3)([IMAGES, LOGITS]))
    crf = DenseCRF(PARAMETERS, iterations=3, engine="tensorflow")
    for image, logits, marginals in zip(IMAGES, LOGITS, refined):
        # An image of a batch does not see the other.
        expected = crf.refine(image, tf.nn.softmax(logits).numpy())
        np.testing.assert_allclose(marginals, expected, atol=1e-4)


@pytest.mark.parametrize("normalization", ["symmetric", "after"])
def test_gradients_agree_with_finite_differences(normalization):
    layer = DenseCRFLayer(CRFParameters(2, 6, 30, 1, 2, normalization), iterations=2)
    layer.build([IMAGES.shape, LOGITS.shape])
    variables = [tf.Variable(LOGITS), *(weight.value for weight in layer.weights)]

    @tf.function
    def value():
        marginals = tf.nn.softmax(layer([IMAGES, tf.convert_to_tensor(variables[0])]))
        return tf.reduce_sum(marginals * TOWARDS)

    with tf.GradientTape() as tape:
        loss = value()
    for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
        start, step = variable.numpy(), 0.02
        assert np.abs(gradient).max() > 0.01
        for index in np.argwhere(np.ones(start.shape))[:: max(1, start.size // 4)]:
            sides = []
            for sign in (1, -1):
                moved = start.copy()
                moved[tuple(index)] += sign * step
                variable.assign(moved)
                sides.append(float(value()))
            variable.assign(start)
            assert (sides[0] - sides[1]) / (2 * step) == pytest.approx(
                float(gradient[tuple(index)]), rel=0.01, abs=2e-3
            )


def with_crf():
    images, logits = keras.Input((None, None, 3)), keras.Input((None, None, 3))
    return keras.Model([images, logits], DenseCRFLayer(PARAMETERS, iterations=1)([images, logits]))


def test_trains_and_is_kept_in_a_file(tmp_path):
    """Labels that follow the image's colours, which the logits know with noise only."""
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, (8, 3, 4)).repeat(4, 1).repeat(4, 2)
    images = (labels[..., None] * 100 + random.integers(0, 20, (*labels.shape, 3))).astype(np.float32)
    logits = (np.eye(3)[labels] + random.normal(size=(*labels.shape, 3)) * 1.5).astype(np.float32)
    model = with_crf()
    model.compile(keras.optimizers.Adam(0.2), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = model.evaluate([images[4:], logits[4:]], labels[4:], verbose=0)
    model.fit([images[:4], logits[:4]], labels[:4], batch_size=2, epochs=4, verbose=0)
    after = model.evaluate([images[4:], logits[4:]], labels[4:], verbose=0)
    assert after < 0.9 * before
    moved = {
        weight.name: np.abs(weight.numpy() - start.numpy()).max()
        for weight, start in zip(model.weights, with_crf().weights)
    }
    assert set(moved) == {"bilateral_weight", "spatial_weight", "compatibility"}
    assert min(moved.values()) > 0.1

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded([IMAGES, LOGITS]), model([IMAGES, LOGITS]))
    assert loaded.layers[-1].parameters == PARAMETERS


def test_float32_under_mixed_precision():
    layer = DenseCRFLayer(PARAMETERS, iterations=1)
    refined = layer([IMAGES, tf.cast(LOGITS, tf.float16)])
    assert refined.dtype == tf.float32
    np.testing.assert_allclose(refined, layer([IMAGES, LOGITS]), atol=0.01)


@pytest.mark.parametrize("settings", [{"iterations": 0}, {"parameters": "v7"}])
def test_impossible_settings(settings):
    with pytest.raises(ValueError, match=r"received"):
        DenseCRFLayer(**settings)


def test_impossible_input():
    with pytest.raises(ValueError, match=r"sizes of images and logits.*received"):
        DenseCRFLayer()([IMAGES, LOGITS[:, :4]])
    with pytest.raises(ValueError, match=r"The last axis of a DenseCRFLayer's logits must be .* received None\."):
        DenseCRFLayer()([keras.Input((None, None, 3)), keras.Input((None, None, None))])
    # As `DenseCRF` refuses them; where the size is known only later, by the colours alone.
    for narrow in ("1,1e-6,1e-6,1,1", "1,80,3,1,1e-9"):
        with pytest.raises(ValueError, match=r"too narrow for an image of 5x6 pixels\. Widen"):
            DenseCRFLayer(narrow)([IMAGES, LOGITS])
    narrow = DenseCRFLayer("1,80,1e-9,1,1")
    narrow.build([IMAGES.shape, LOGITS.shape])
    with pytest.raises(ValueError, match=r"too narrow"):
        tf.function(lambda *inputs: narrow(inputs), [tf.TensorSpec((None, None, None, 3))] * 2).get_concrete_function()
    with pytest.raises(ValueError, match=r"expects 2 input\(s\), but it received 1"):
        DenseCRFLayer()(LOGITS)
    with pytest.raises(ValueError, match=r"expected axis -1 of input shape to have value 3"):
        DenseCRFLayer()([IMAGES[..., :1], LOGITS])
    layer = DenseCRFLayer(PARAMETERS)
    layer.build([IMAGES.shape, LOGITS.shape])
    with pytest.raises(ValueError, match=r"expected axis -1 of input shape to have value 3, but received.*2\)"):
        layer([IMAGES, LOGITS[..., :2]])
