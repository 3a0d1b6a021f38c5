"""Window pooling against TensorFlow's average pooling, where that is defined."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.heads import WindowPooling, lr_aspp
from deeplab_tf.layers import head_norm


def values(*size):
    return np.random.default_rng(0).normal(size=(2, *size, 3)).astype(np.float32)


@pytest.mark.parametrize(
    "size, window, cells",
    # The released evaluation size, its training size, sides smaller than the window.
    [
        ((33, 65), (25, 25), (3, 9)),
        ((25, 25), (25, 25), (1, 1)),
        ((7, 9), (7, 9), (1, 1)),
        ((7, 40), (7, 25), (1, 4)),
        ((30, 5), (25, 5), (2, 1)),
    ],
)
def test_window_pooling_is_average_pooling_with_the_window_cut_to_the_map(size, window, cells):
    images = values(*size)
    layer = WindowPooling((25, 25), (4, 5))
    expected = tf.nn.avg_pool2d(images, window, (4, 5), "VALID")
    assert expected.shape[1:3] == cells
    np.testing.assert_allclose(layer(images), expected, atol=1e-5)
    graph = tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 3))])
    np.testing.assert_allclose(graph(images), expected, atol=1e-5)
    assert layer.compute_output_shape((2, *size, 3)) == (2, *cells, 3)


@pytest.mark.parametrize("output_stride, window, strides", [(32, 25, (4, 5)), (16, 49, (8, 10)), (8, 97, (16, 20))])
def test_the_window_follows_the_output_stride(output_stride, window, strides):
    x, tap = keras.Input((None, None, 8)), keras.Input((None, None, 4))
    logits = lr_aspp(x, tap, 3, output_stride=output_stride, norm=head_norm(), filters=2)
    pooling = keras.Model([x, tap], logits).get_layer("image_pooling.mean")
    assert (pooling.window, pooling.strides) == ((window, window), strides)
    assert logits.shape == (None, None, None, 3)
