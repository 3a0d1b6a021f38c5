"""Colours against Pillow and colorsys, blur against its formula, both blind to what lies outside."""

import colorsys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageEnhance

from deeplab_tf.datasets.pipeline.appearance import Appearance, blur_image, jitter_colors

rng = np.random.default_rng(3)
# Of middling colours, so that no factor below drives a value out of 0-255, where Pillow cuts off in between.
IMAGE = rng.integers(60, 170, (12, 17, 3)).astype(np.float32)
ALL = np.ones((12, 17, 1), bool)
HALF = (0.5, 0.5, 0.5, 0.125)
PART = ALL.copy()
PART[8:], PART[:, 11:] = False, False


@pytest.mark.parametrize(
    "position, enhancer", [(0, ImageEnhance.Brightness), (1, ImageEnhance.Contrast), (2, ImageEnhance.Color)]
)
@pytest.mark.parametrize("change", [-0.4, 0.3])
def test_colours_change_as_pillow_changes_them(position, enhancer, change):
    changes = [0.0] * 4
    changes[position] = change
    expected = np.asarray(enhancer(Image.fromarray(IMAGE.astype(np.uint8))).enhance(1 + change), np.float32)
    # Pillow cuts off what follows the point, and the mean of the grey values too.
    np.testing.assert_allclose(jitter_colors(IMAGE, ALL, *changes), expected, atol=1.5)


def test_hue_turns_as_colorsys_turns_it():
    found = jitter_colors(IMAGE, ALL, 0.0, 0.0, 0.0, 0.3).numpy()
    for row, column in ((0, 0), (5, 9), (11, 16)):
        hue, saturation, value = colorsys.rgb_to_hsv(*IMAGE[row, column] / 255)
        expected = np.array(colorsys.hsv_to_rgb((hue + 0.3) % 1, saturation, value)) * 255
        np.testing.assert_allclose(found[row, column], expected, atol=0.01)


def test_blur_of_a_point_is_the_gaussian():
    point = np.zeros((15, 15, 3), np.float32)
    point[7, 7] = 1
    kernel = np.exp(-0.5 * (np.arange(-3, 4) / 1.2) ** 2)
    found = blur_image(point, np.ones((15, 15, 1), bool), 1.2, 3)
    np.testing.assert_allclose(found[4:11, 4:11, 0], np.outer(kernel, kernel) / kernel.sum() ** 2, rtol=1e-5)
    np.testing.assert_allclose(tf.reduce_sum(found, (0, 1)), 1, rtol=1e-5)


def test_no_deviation_no_blur():
    np.testing.assert_array_equal(blur_image(IMAGE, ALL, 0.0, 4), IMAGE)


@pytest.mark.parametrize("options", [{"changes": HALF}, {"blur": 1.5}, {"changes": HALF, "blur": 1.0}])
def test_what_lies_outside_does_not_matter(options):
    look = Appearance(**options)
    other = np.where(PART, IMAGE, 255).astype(np.float32)
    one, two = (look(image, PART, (3, 4)).numpy()[PART[..., 0]] for image in (IMAGE, other))
    np.testing.assert_array_equal(one, two)
    alone = look(IMAGE[:8, :11], ALL[:8, :11], (3, 4))
    np.testing.assert_allclose(alone.numpy().reshape(-1, 3), one, atol=1e-3)
    assert one.min() >= 0
    assert one.max() <= 255
    assert np.abs(one - IMAGE[PART[..., 0]]).max() > 3


def test_seed_decides():
    look = Appearance((0.4, 0.4, 0.4, 0.1), blur=1)
    same, again, other = (look(IMAGE, ALL, seed).numpy() for seed in ((1, 2), (1, 2), (1, 3)))
    np.testing.assert_array_equal(same, again)
    assert np.abs(same - other).max() > 3


def test_draws_fill_their_ranges():
    flat = np.full((2, 2, 3), 100, np.float32)
    look = tf.function(Appearance((0.5, 0, 0, 0)))
    means = np.array([look(flat, np.ones((2, 2, 1), bool), tf.constant([0, i])).numpy().mean() for i in range(200)])
    assert 50 <= means.min() < 55
    assert 145 < means.max() <= 150
    assert 95 < means.mean() < 105


def test_nothing_is_off():
    assert not Appearance()
    assert Appearance(blur=0.1)
    assert Appearance((0, 0, 0, 0.1))
