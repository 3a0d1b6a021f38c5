import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.datasets.pipeline.sampling import sample_image, sample_label

SCALES = (0.5, 0.6, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.3)


def naive(image, label, scaled, start, size):
    """Scales everything with the operations that the original release used, then crops."""
    whole = tf.compat.v1.image.resize_bilinear(image[None].astype(np.float32), scaled, align_corners=True)[0]
    ids = tf.compat.v1.image.resize_nearest_neighbor(label[None, ..., None], scaled, align_corners=True)[0, ..., 0]
    rows, columns = (slice(first, first + length) for first, length in zip(start, size))
    return whole.numpy()[rows, columns], ids.numpy()[rows, columns]


def halves(source, scaled, start, size):
    """Where a pixel lies exactly between two source pixels: there float32 and integers may round apart."""
    pixels = np.arange(start, start + size)
    return 2 * pixels * (source - 1) % (2 * max(scaled - 1, 1)) == max(scaled - 1, 1)


def test_window_is_that_of_the_scaled_image():
    rng = np.random.default_rng(0)
    for trial in range(60):
        source = rng.integers(2, 140, 2)
        image = rng.integers(0, 256, (*source, 3), dtype=np.uint8)
        label = rng.integers(0, 256, source, dtype=np.uint8)
        scaled = np.maximum((source * SCALES[trial % len(SCALES)]).astype(np.int32), 1)
        size = rng.integers(1, scaled, endpoint=True).astype(np.int32)
        # Every other window ends at the last row and column, where rounding could leave the image.
        start = (scaled - size if trial % 2 else rng.integers(0, scaled - size, endpoint=True)).astype(np.int32)
        pixels, ids = naive(image, label, scaled, start, size)
        np.testing.assert_allclose(sample_image(image, scaled, start, size), pixels, atol=0.05)
        sure_rows, sure_columns = (~halves(*axis) for axis in zip(source, scaled, start, size))
        sampled = sample_label(label, scaled, start, size).numpy()
        assert sampled.shape == ids.shape
        np.testing.assert_array_equal(sampled[sure_rows][:, sure_columns], ids[sure_rows][:, sure_columns])


def test_last_row_and_column_are_never_filled_in():
    for source in range(2, 700, 7):
        image = np.full((source, 3, 3), 200, np.uint8)
        for scale in SCALES:
            scaled = np.array([max(int(source * scale), 1), 5], np.int32)
            size = np.minimum(scaled, 4).astype(np.int32)
            window = sample_image(image, scaled, scaled - size, size).numpy()
            np.testing.assert_allclose(window, 200, atol=1e-3)


def test_halves_go_to_the_next_pixel():
    label = np.array([[10, 20]], np.uint8)
    sampled = sample_label(label, np.array([1, 3], np.int32), np.array([0, 0], np.int32), np.array([1, 3], np.int32))
    np.testing.assert_array_equal(sampled, [[10, 20, 20]])


@pytest.mark.parametrize("source", [(1, 1), (1, 5), (6, 1)])
def test_single_rows_and_columns(source):
    image = np.random.default_rng(1).integers(0, 256, (*source, 3), dtype=np.uint8)
    label = image[..., 0]
    for scaled in ((1, 1), (3, 4), (1, 9)):
        arguments = [np.array(value, np.int32) for value in (scaled, (0, 0), scaled)]
        pixels, ids = naive(image, label, *arguments)
        np.testing.assert_allclose(sample_image(image, *arguments), pixels, atol=0.01)
        np.testing.assert_array_equal(sample_label(label, *arguments), ids)
