"""Prediction of whole images: the canvas, and that padding is what the network sees as nothing."""

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf import DeepLabV3
from deeplab_tf.inference.network import InferenceNetwork
from deeplab_tf.inference.whole_image import canvas_size


@pytest.mark.parametrize(
    "height, width, output_stride, crop_size, expected",
    [
        (375, 500, 16, (513, 513), (513, 513)),
        (375, 500, 16, None, (385, 513)),
        (375, 500, 8, None, (377, 505)),
        (513, 514, 16, (513, 513), (513, 529)),
        (1, 2, 16, None, (1, 17)),
        (1024, 2048, 16, (769, 769), (1025, 2049)),
    ],
)
def test_canvas(height, width, output_stride, crop_size, expected):
    assert canvas_size(height, width, output_stride, crop_size) == expected
    tensors = canvas_size(tf.constant(height), tf.constant(width), output_stride, crop_size)
    assert tuple(int(side) for side in tensors) == expected


def test_small_images_are_padded_with_grey_at_the_bottom_and_on_the_right():
    model = DeepLabV3("mobilenet_v2", classes=3, atrous_rates=(), depth_multiplier=0.25, filters=8, crop_size=(65, 81))
    image = np.random.default_rng(0).integers(0, 256, (1, 40, 50, 3)).astype(np.uint8)
    canvas = np.full((1, 65, 81, 3), 127.5, np.float32)
    canvas[:, :40, :50] = image
    expected = model(canvas).numpy()[:, :40, :50]
    network = InferenceNetwork(model)
    np.testing.assert_allclose(network.logits(tf.constant(image)), expected, atol=1e-5)
    traced = tf.function(network.logits).get_concrete_function(tf.TensorSpec((None, None, None, 3), tf.uint8))
    np.testing.assert_allclose(traced(tf.constant(image)), expected, atol=1e-5)
