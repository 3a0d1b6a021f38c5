"""Scaled images: sizes, corners, graphs of unknown sizes."""

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.layers import ImageScale


@pytest.mark.parametrize("size", [(65, 97), (64, 50), (1, 2)])
def test_image_scale_keeps_the_corners(size):
    images = np.random.default_rng(0).normal(size=(1, *size, 2)).astype(np.float32)
    scaled = ImageScale(0.75)(images).numpy()
    assert scaled.shape == (1, *(int((side - 1) * 0.75) + 1 for side in size), 2)
    np.testing.assert_allclose(scaled[0, 0, 0], images[0, 0, 0])
    graph = tf.function(ImageScale(0.75), input_signature=[tf.TensorSpec((1, None, None, 2), tf.float32)])
    np.testing.assert_allclose(graph(images), scaled, atol=1e-6)


def test_images_cannot_shrink_to_nothing():
    with pytest.raises(ValueError, match="scale must be a number above 0.*received 0"):
        ImageScale(0)
