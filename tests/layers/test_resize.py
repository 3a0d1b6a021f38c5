"""The resize layer against align-corners interpolation written out in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.layers import ResizeLike


def aligned(features, height, width):
    """Corner samples lie on corner samples, all others at equal distances between them."""
    features = features.astype(np.float64)
    for axis, size in ((1, height), (2, width)):
        at = np.linspace(0, features.shape[axis] - 1, size) if size > 1 else np.zeros(1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, features.shape[axis] - 1)
        share = (at - low).reshape([-1 if other == axis else 1 for other in range(4)])
        features = features.take(low, axis) * (1 - share) + features.take(high, axis) * share
    return features


@pytest.mark.parametrize(
    "small, large", [((5, 5), (17, 17)), ((3, 7), (40, 9)), ((1, 1), (6, 4)), ((9, 4), (3, 2)), ((4, 6), (4, 6))]
)
def test_matches_numpy_with_known_and_unknown_sizes(small, large):
    features = np.random.default_rng(0).normal(size=(2, *small, 3)).astype(np.float32)
    reference = np.zeros((2, *large, 1), np.float32)
    expected = aligned(features, *large)
    layer = ResizeLike()
    np.testing.assert_allclose(layer([features, reference]), expected, atol=1e-5)
    unknown = tf.function(
        lambda *maps: layer(maps), [tf.TensorSpec((None, None, None, channels)) for channels in (3, 1)]
    )
    np.testing.assert_allclose(unknown(features, reference), expected, atol=1e-5)


def test_a_known_result():
    ramp = np.array([0.0, 8.0], np.float32).reshape(1, 1, 2, 1)
    assert ResizeLike()([ramp, np.zeros((1, 1, 5, 1))])[0, 0, :, 0].numpy().tolist() == [0, 2, 4, 6, 8]


def test_interpolates_in_float32_and_returns_the_compute_type():
    ramp = tf.constant([0.0, 255.0], tf.bfloat16)[None, None, :, None]
    resized = ResizeLike(dtype="mixed_bfloat16")([ramp, np.zeros((1, 1, 256, 1))])
    assert resized.dtype == tf.bfloat16
    np.testing.assert_array_equal(resized[0, 0, :, 0], np.arange(256))


@pytest.mark.parametrize("small, large", [((5, 5), (17, 17)), ((3, 7), (40, 9)), ((1, 1), (6, 4)), ((9, 4), (3, 2))])
def test_the_gradient_in_training_is_that_of_the_interpolation(small, large):
    draw = np.random.default_rng(0)
    weights, reference = draw.normal(size=(2, *large, 3)), np.zeros((2, *large, 1), np.float32)
    features = tf.constant(draw.normal(size=(2, *small, 3)), tf.float32)
    # Of a linear map: what a 1 at each place gives, one channel and image at a time.
    ones = np.eye(small[0] * small[1]).reshape(-1, *small, 1)
    expected = np.einsum("phwd,nhwc->npc", aligned(ones, *large), weights).reshape(features.shape)
    layer = ResizeLike()

    @tf.function
    def gradient(features):
        with tf.GradientTape() as tape:
            tape.watch(features)
            value = tf.reduce_sum(layer([features, reference], training=True) * weights.astype(np.float32))
        return tape.gradient(value, features)

    np.testing.assert_allclose(gradient(features), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(layer([features, reference], training=True), layer([features, reference]))
