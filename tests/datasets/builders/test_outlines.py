import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets.builders.outlines import outlines, paint


def painted(labels, tolerance, smallest=0):
    """The label map that a painter makes of the outlines; -1 where there is none."""
    image = Image.new("I", labels.shape[::-1], -1)
    for outline in outlines(labels, tolerance, smallest):
        paint(image, outline.corners, outline.label)
    return np.asarray(image)


def blobs(height, width, seed=0, classes=4):
    """Overlapping discs of several classes."""
    generator = np.random.default_rng(seed)
    labels = np.zeros((height, width), int)
    y, x = np.indices(labels.shape)
    for _ in range(12):
        row, column, radius = generator.uniform((0, 0, 4), (height, width, 25))
        labels[np.hypot(y - row, x - column) < radius] = generator.integers(classes)
    return labels


def ring():
    """A frame of 1, in whose hole there is a 2, in whose hole there is a 3; beside it a 1 of its own."""
    labels = np.zeros((14, 20), int)
    labels[1:13, 1:13] = 1
    labels[3:11, 3:11] = 0
    labels[4:10, 4:10] = 2
    labels[6:8, 6:8] = 3
    labels[2:5, 15:19] = 1
    return labels


@pytest.mark.parametrize("height, width", [(1, 1), (1, 9), (7, 1), (5, 6), (33, 40)])
def test_without_tolerance_any_noise_comes_back(height, width):
    labels = np.random.default_rng(height * width).integers(0, 4, (height, width))
    np.testing.assert_array_equal(painted(labels, 0), labels)


def test_holes_islands_and_separate_objects():
    found = outlines(ring(), 1)
    # The largest first: the ground, the frame, its hole, and so on; the object beside the frame is one of its own.
    assert [outline.label for outline in found] == [0, 1, 0, 2, 1, 3]
    np.testing.assert_array_equal(painted(ring(), 0), ring())
    corners = found[1].corners
    assert (corners.min(), corners.max()) == (1, 12)


def test_a_square_has_the_corners_of_a_square():
    labels = np.zeros((50, 60), int)
    labels[10:30, 20:45] = 1
    (_, square) = outlines(labels, 1)
    # Each corner is cut by at most a pixel.
    assert len(square.corners) <= 8
    assert square.area == pytest.approx(20 * 25, abs=1)


@pytest.mark.parametrize("tolerance", [0.5, 1, 2, 4])
def test_no_pixel_is_farther_from_its_place_than_the_tolerance(tolerance):
    labels = blobs(90, 120)
    wrong = painted(labels, tolerance) != labels
    # Distance of every pixel to the next boundary, by brute force.
    edges = np.zeros(labels.shape, bool)
    edges[:-1] |= labels[:-1] != labels[1:]
    edges[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    boundary = np.argwhere(edges)
    assert wrong.mean() < 0.02 * max(1, tolerance)
    for pixel in np.argwhere(wrong):
        assert np.hypot(*(boundary - pixel).T).min() <= tolerance + 1.5


@pytest.mark.parametrize("tolerance", [1, 3])
def test_neighbours_keep_the_same_corners_of_their_common_boundary(tolerance):
    y, x = np.indices((120, 160))
    labels = 1 + (x > 80 + 30 * np.sin(y / 9) + 4 * np.sin(y * 1.7))
    gaps = (painted(labels, tolerance) == -1).sum()
    # Simplified each for itself, and not one below the other, they would leave hundreds of pixels open.
    assert gaps <= 4


def test_fewer_corners_with_more_tolerance():
    labels = blobs(90, 120)
    counts = [sum(len(outline.corners) for outline in outlines(labels, tolerance)) for tolerance in (0, 0.5, 1, 2)]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] < counts[0] / 3


def test_small_regions_join_what_is_around_them():
    labels = np.zeros((20, 20), int)
    labels[:, 10:] = 1
    labels[4:6, 4:6] = 2
    labels[12:14, 13:15] = 0
    labels[10, 19] = 3
    expected = np.where(np.arange(20) < 10, 0, 1) * np.ones((20, 1), int)
    np.testing.assert_array_equal(painted(labels, 0, smallest=10), expected)
    assert len(outlines(labels, 0, smallest=10)) == 2
    assert len(outlines(labels, 0)) == 5


def test_labels_of_16_bits():
    labels = np.full((6, 6), 60000, np.uint16)
    labels[2:4, 2:4] = 301
    np.testing.assert_array_equal(painted(labels, 1), labels)
