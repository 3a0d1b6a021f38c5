"""The rule for large images: what fits, how images shrink, how scores grow."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf.images import enlarging, scaling
from deeplab_tf.images.enlarging import (
    enlarged_labels,
    enlarged_probabilities,
    label_map_at,
    labels_at,
    probabilities_at,
)
from deeplab_tf.images.scaling import fitted_size, limit_of, max_side_limit, shrunk
from harness.tiny_model import photo


@pytest.mark.parametrize(
    "size, limit, expected",
    [
        ((4000, 3000), (513, 513), (513, 385)),
        ((3000, 4000), (513, 513), (385, 513)),
        ((375, 500), (513, 513), (375, 500)),
        ((513, 513), (513, 513), (513, 513)),
        ((4000, 3000), (1025, 2049), (1025, 769)),
        ((1024, 4096), (1025, 2049), (512, 2049)),
        ((9, 9000), (513, 513), (1, 513)),
        ((4000, 3000), None, (4000, 3000)),
    ],
)
def test_fitted_size_in_python_and_in_a_graph(size, limit, expected):
    assert fitted_size(*size, limit) == expected
    tensors = fitted_size(*map(tf.constant, size), limit)
    assert tuple(int(side) for side in tensors) == expected


def test_what_max_side_may_be():
    assert max_side_limit("model", [360, 480]) == (360, 480)
    assert max_side_limit("model", None) is None
    assert max_side_limit(None, 513) is None
    assert max_side_limit(1025, 513) == (1025, 1025)
    for wrong in (0, -3, "big", 1.5, True, (3, 4, 5)):
        with pytest.raises(ValueError, match="max_side must be a side or"):
            limit_of(wrong)


def test_shrinks_as_pillow_does():
    image = photo(160, 240)
    expected = np.asarray(Image.fromarray(image).resize((65, 43), Image.Resampling.BILINEAR), int)
    assert np.abs(shrunk(image[None], (43, 65))[0].numpy() - expected).max() <= 1


@pytest.mark.parametrize("seed, coarse", [(0, 1), (1, 8)])
def test_labels_are_those_of_the_enlarged_scores(monkeypatch, seed, coarse):
    monkeypatch.setattr(enlarging, "STRIP_VALUES", 3 * 97 * 5)
    scores = np.random.default_rng(seed).normal(size=(2, 24 // coarse, 16 // coarse, 5)).astype(np.float32)
    scores = scores.repeat(coarse, 1).repeat(coarse, 2)
    wide = tf.image.resize(scores, (131, 97)).numpy()
    top = np.sort(wide, -1)
    clear = top[..., -1] - top[..., -2] > 1e-5
    assert clear.mean() > 0.9
    labels = tf.function(enlarged_labels)(scores, (131, 97)).numpy()
    np.testing.assert_array_equal(labels[clear], wide.argmax(-1)[clear])
    expected = np.exp(wide) / np.exp(wide).sum(-1, keepdims=True)
    np.testing.assert_allclose(enlarged_probabilities(tf.constant(scores), (131, 97)), expected, atol=1e-5)
    np.testing.assert_allclose(probabilities_at(scores[1], (131, 97)), expected[1], atol=1e-5)
    np.testing.assert_array_equal(labels_at(scores[1], (131, 97)), labels[1])


def test_nearest_of_a_multiple():
    labels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    large = np.kron(labels, np.ones((5, 7), np.uint8))
    np.testing.assert_array_equal(scaling.nearest(large, (2, 3)), labels)
    np.testing.assert_array_equal(scaling.nearest(labels, (10, 21)), large)


def test_a_label_map_is_enlarged_with_smooth_outlines():
    def half_plane(side):
        centres = (np.arange(side) + 0.5) / side
        return np.where(np.add.outer(centres, -0.37 * centres) < 0.3, 3, 200)

    labels, exact = half_plane(40), half_plane(400)
    large, by_nearest = label_map_at(labels, (400, 400)), np.repeat(np.repeat(labels, 10, 0), 10, 1)
    assert set(np.unique(large)) == {3, 200}
    assert (large != exact).mean() < 0.8 * (by_nearest != exact).mean()
    assert (label_map_at(labels, (40, 40)) == labels).all()
