import numpy as np
import pytest
from tiny_model import photo

from deeplab_tf.canvas import Canvas, labels_to_size, scores_to_size


def test_image_that_fits_is_padded_at_the_bottom_and_right():
    image = photo(20, 30)
    placed, size = Canvas(33, 40, (127.5, 0.4, 254.5)).place(image)
    assert size == (20, 30)
    np.testing.assert_array_equal(placed[:20, :30], image)
    padding = np.ones((33, 40), bool)
    padding[:20, :30] = False
    assert (placed[padding] == (128, 0, 255)).all()


@pytest.mark.parametrize(
    ("shape", "expected"), [((66, 40), (33, 20)), ((40, 80), (20, 40)), ((99, 9999), (1, 40)), ((33, 40), (33, 40))]
)
def test_larger_image_is_shrunk_and_keeps_its_aspect(shape, expected):
    image = np.broadcast_to(np.array([10, 20, 30], np.uint8), (*shape, 3))
    placed, size = Canvas(33, 40, (0, 0, 0)).place(np.ascontiguousarray(image))
    assert size == expected
    assert (placed[: size[0], : size[1]] == (10, 20, 30)).all()
    assert not placed[size[0] :].any() and not placed[:, size[1] :].any()


def test_labels_come_back_by_the_nearest_pixel():
    labels = np.array([[1, 2], [3, 4]], np.int32)
    np.testing.assert_array_equal(labels_to_size(labels, (4, 6)), np.kron(labels, np.ones((2, 3), np.int32)))
    np.testing.assert_array_equal(labels_to_size(np.arange(9).reshape(3, 3), (1, 1)), [[4]])


def test_scores_come_back_bilinearly():
    ramp = np.arange(5, dtype=np.float32)[None, :, None] * np.ones((3, 1, 2), np.float32)
    wide = scores_to_size(ramp, (3, 10))
    # Half-pixel centres: output pixel k lies at (k + 0.5) / 2 - 0.5 of the input, clamped to its range.
    expected = np.clip((np.arange(10) + 0.5) / 2 - 0.5, 0, 4)
    np.testing.assert_allclose(wide[1, :, 0], expected, atol=1e-6)
