import numpy as np
import pytest
from PIL import Image, ImageFilter

from deeplab_tf import visualize
from deeplab_tf.labels import LabelSpec
from deeplab_tf.visualize import grid, overlay, shares

SPEC = LabelSpec(("nothing", "lake", "field"), colors=((0, 0, 0), (0, 0, 240), (100, 200, 0)), name="land")
WHITE = [255, 255, 255]


def halves(height=40, width=60):
    labels = np.ones((height, width), np.int32)
    labels[:, : width // 2] = 2
    return labels


def test_classes_are_tinted_and_black_ones_are_not():
    image = np.full((40, 60, 3), (80, 100, 60), np.uint8)
    labels = halves()
    labels[20:, 30:] = 0
    tinted = overlay(image, labels, SPEC, alpha=0.25, legend=False)
    assert tinted.shape == image.shape
    assert tinted.dtype == np.uint8
    # 0.75 x image + 0.25 x colour
    np.testing.assert_array_equal(tinted[5, 5], [85, 125, 45])
    np.testing.assert_array_equal(tinted[5, 50], [60, 75, 105])
    np.testing.assert_array_equal(tinted[35, 50], [80, 100, 60])


@pytest.mark.parametrize("scale, expected", [(1, 1), (20, 3)])
def test_contour_is_white_and_grows_with_the_image(scale, expected):
    labels = halves(40 * scale, 60 * scale)
    drawn = overlay(np.zeros((*labels.shape, 3), np.uint8), labels, SPEC, legend=False)
    white = (drawn == 255).all(-1)
    assert (white.sum(1) == expected).all()
    assert white[0, 30 * scale - 1]


def test_one_class_has_no_contour():
    image = np.zeros((10, 10, 3), np.uint8)
    assert not (overlay(image, np.zeros((10, 10), int), SPEC, legend=False) == 255).any()


@pytest.mark.parametrize("size", [(90, 120), (20, 30), (800, 1200)])
def test_legend_stands_beside_the_image_and_names_what_occurs(size):
    labels = halves(*size)
    image = np.full((*size, 3), 90, np.uint8)
    with_legend = overlay(image, labels, SPEC)
    without = overlay(image, labels, SPEC, legend=False)
    assert with_legend.shape[0] >= size[0]
    assert with_legend.shape[1] > size[1] + 60
    np.testing.assert_array_equal(with_legend[: size[0], : size[1]], without)
    panel = with_legend[:, size[1] :]
    found = {index: (panel == SPEC.colors[index]).all(-1).any() for index in (1, 2)}
    assert found == {1: True, 2: True}
    alone = overlay(image, np.full(size, 2), SPEC)[:, size[1] :]
    assert not (alone == SPEC.colors[1]).all(-1).any()


def test_legend_of_many_classes_makes_a_small_picture_higher():
    spec = LabelSpec(tuple(f"class {index}" for index in range(21)))
    labels = np.arange(21).repeat(30).reshape(21, 30)
    drawn = overlay(np.zeros((21, 30, 3), np.uint8), labels, spec)
    assert drawn.shape[0] > 21 * 11
    assert (drawn[21:, :30] == 255).all()


def test_shares_are_ordered_and_leave_other_ids_out():
    labels = np.array([[2, 2, 0, 255]])
    assert list(shares(labels, SPEC).items()) == [(2, 0.5), (0, 0.25)]


def test_wrong_arguments():
    image = np.zeros((4, 5, 3), np.uint8)
    with pytest.raises(ValueError, match=r"size \(4, 5\), its labels \(5, 4\)"):
        overlay(image, np.zeros((5, 4), int), SPEC)
    with pytest.raises(ValueError, match="alpha must be a number from 0 to 1; received 2"):
        overlay(image, np.zeros((4, 5), int), SPEC, alpha=2)
    with pytest.raises(ValueError, match=r"received rows of \[2\]"):
        grid([(image, image)], SPEC)
    with pytest.raises(ValueError, match=r"received rows of \[\]"):
        grid([], SPEC)


def test_grid_shows_label_maps_in_their_colours():
    image = np.full((20, 40, 3), (10, 150, 20), np.uint8)
    labels = halves(20, 40)
    picture = grid([(image, labels, labels)] * 2, SPEC, height=60)
    one = grid([(image, labels, labels)], SPEC, height=60)
    assert picture.shape[1] == one.shape[1]
    assert picture.shape[0] - one.shape[0] >= 60
    # Each row shows the image once and each half of the label map twice, at 60 x 120.
    for color, area in (((10, 150, 20), 60 * 120), (SPEC.colors[1], 2 * 60 * 60), (SPEC.colors[2], 2 * 60 * 60)):
        assert (picture == color).all(-1).sum() == 2 * area
    assert (picture == WHITE).all(-1).any()


@pytest.mark.parametrize("strip", [1, 100, 2**18])
def test_every_pixel_is_blended_by_the_formula(monkeypatch, strip):
    monkeypatch.setattr(visualize, "STRIP_PIXELS", strip)
    draw = np.random.default_rng(0)
    image = draw.integers(0, 256, (48, 31, 3), np.uint8)
    labels = np.array([0, 1, 2, 7, 255, 1])[:, None].repeat(8, axis=0).repeat(31, axis=1)
    colors = np.zeros((256, 3))
    colors[:3], colors[255] = SPEC.colors, (224, 224, 192)
    shown = colors[labels]
    expected = np.rint(np.where(shown.any(-1, keepdims=True), 0.7 * image + 0.3 * shown, image))
    drawn = overlay(image, labels, SPEC, alpha=0.3, legend=False)
    inside = (labels == np.roll(labels, -1, axis=0)).all(-1)
    inside[-1] = True
    assert set(labels[inside].ravel()) == {0, 1, 2, 7, 255}
    assert np.abs(drawn[inside] - expected[inside]).max() <= 1
    assert (drawn[~inside] == 255).all()


@pytest.mark.parametrize("shape", [(2000, 8), (1200, 1300)])
def test_contours_grow_evenly_to_all_sides(shape):
    labels = np.zeros(shape, int)
    labels[shape[0] // 2 :, shape[1] // 2 :] = 1
    labels[3, 2] = 2
    thin = np.zeros(shape, np.uint8)
    thin[:-1] |= labels[:-1] != labels[1:]
    thin[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    width = round(min(shape) / 300) // 2 * 2 + 1
    expected = np.asarray(Image.fromarray(thin).filter(ImageFilter.MaxFilter(width))) == 1
    drawn = overlay(np.zeros((*shape, 3), np.uint8), labels, LabelSpec(("a", "b", "c"), ((0, 0, 0),) * 3), legend=False)
    np.testing.assert_array_equal((drawn == 255).all(-1), expected)
