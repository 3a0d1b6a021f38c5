import numpy as np
import pytest

from deeplab_tf.inference.canvas import Canvas
from harness.tiny_model import photo


def test_image_that_fits_is_padded_at_the_bottom_and_right():
    image = photo(20, 30)
    placed, size = Canvas(33, 40, (127.5, 0.4, 254.5)).place(image)
    assert size == (20, 30)
    np.testing.assert_array_equal(placed[:20, :30], image)
    padding = np.ones((33, 40), bool)
    padding[:20, :30] = False
    assert (placed[padding] == (128, 0, 255)).all()


@pytest.mark.parametrize(
    "shape, expected", [((66, 40), (33, 20)), ((40, 80), (20, 40)), ((99, 9999), (1, 40)), ((33, 40), (33, 40))]
)
def test_larger_image_is_shrunk_and_keeps_its_aspect(shape, expected):
    image = np.broadcast_to(np.array([10, 20, 30], np.uint8), (*shape, 3))
    placed, size = Canvas(33, 40, (0, 0, 0)).place(np.ascontiguousarray(image))
    assert size == expected
    assert (placed[: size[0], : size[1]] == (10, 20, 30)).all()
    assert not placed[size[0] :].any()
    assert not placed[:, size[1] :].any()


def test_limit_below_the_canvas():
    placed, size = Canvas(33, 40, (0, 0, 0), limit=(16, 16)).place(np.full((64, 32, 3), 7, np.uint8))
    assert size == (16, 8)
    assert placed.shape == (33, 40, 3)
    assert placed.sum() == 16 * 8 * 3 * 7
