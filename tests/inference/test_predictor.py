"""What follows from `scores`, and a predictor that wraps any other."""

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.evaluation import evaluate
from deeplab_tf.inference import Predictor, Segmenter, open_predictor
from deeplab_tf.labels import label_spec
from harness.tiny_model import photo

KINDS = ["keras", "saved", "logits.tflite", "probabilities.tflite"]
# Of the size of the canvas: a `.tflite` file pads with 128 where the model pads with 127.5.
IMAGE, LARGE = photo(65, 65, seed=5), photo(200, 130)


class Flipped(Predictor):
    """The mean of the scores of an image and of its mirror image."""

    def __init__(self, inner):
        self.inner, self.source, self.labels = inner, inner.source, inner.labels

    def scores(self, images):
        return (self.inner.scores(images) + self.inner.scores(images[:, :, ::-1])[:, :, ::-1]) / 2


class Ramp(Predictor):
    """Scores of four pixels for an image of any size; class 1 wins at the right."""

    source, labels = "ramp", label_spec(2)

    def scores(self, images):
        row = [[0.0, -3.0], [0.0, -1.0], [0.0, 1.0], [0.0, 3.0]]
        return tf.constant([[row]] * len(images))


@pytest.fixture(scope="module")
def sources(tiny_exports):
    """By kind, what `open_predictor` takes."""
    return {kind: tiny_exports.source(kind) for kind in (*KINDS, "labels.tflite")}


@pytest.fixture(scope="module")
def flipped_logits(sources):
    """The mean of the model's logits of `IMAGE` and of its mirror image, from the model alone."""
    both = np.stack([IMAGE, IMAGE[:, ::-1]]).astype(np.float32)
    own, mirrored = np.asarray(sources["keras"](both, training=False))
    return (own + mirrored[:, ::-1]) / 2


def test_labels_and_probabilities_follow_from_scores():
    ramp = Ramp()
    image = np.zeros((3, 8, 3), np.uint8)
    # Halfway between the centres of pixels 1 and 2 lie two of the eight, at scores of -0.5 and 0.5.
    np.testing.assert_array_equal(ramp.predict(image), [[0, 0, 0, 0, 1, 1, 1, 1]] * 3)
    expected = 1 / (1 + np.exp(-np.array([-3, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3])))
    np.testing.assert_allclose(ramp.probabilities(image)[:, :, 1], [expected] * 3, rtol=1e-5)
    np.testing.assert_array_equal(ramp.predict(image[:1, :4]), [[0, 0, 1, 1]])
    assert ramp.predict(image).dtype == np.int32
    assert ramp.probabilities(image).dtype == np.float32


@pytest.mark.parametrize("kind", KINDS)
def test_scores_of_a_batch_stay_at_the_size_that_the_network_sees(sources, kind):
    scores = open_predictor(sources[kind]).scores(np.stack([LARGE, LARGE[::-1]]))
    assert (scores.shape, scores.dtype) == ((2, 65, 42, 4), tf.float32)
    assert np.abs(scores[0] - scores[1]).max() > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrapper_of_any_kind_segments(sources, flipped_logits, kind):
    segmenter = Segmenter(Flipped(open_predictor(sources[kind])))
    result, expected = segmenter(IMAGE), tf.nn.softmax(flipped_logits).numpy()
    plain = Segmenter(sources[kind])(IMAGE)
    np.testing.assert_allclose(result.probabilities, expected, atol=2e-3)
    assert (result.labels == expected.argmax(-1)).mean() > 0.999 > (plain.labels == result.labels).mean()
    assert segmenter(LARGE).labels.shape == LARGE.shape[:2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrapper_of_any_kind_is_evaluated(sources, flipped_logits, kind):
    pairs = [(IMAGE, flipped_logits.argmax(-1))]
    flipped = Flipped(open_predictor(sources[kind]))
    assert evaluate(flipped, pairs).pixel_accuracy > 0.999
    assert evaluate(sources[kind], pairs).pixel_accuracy < 0.999


def test_wrappers_nest(sources):
    once = Flipped(open_predictor(sources["keras"]))
    # A flip of a flip is the flip.
    np.testing.assert_allclose(Flipped(once).probabilities(IMAGE), once.probabilities(IMAGE), atol=1e-4)


def test_a_file_of_labels_cannot_be_wrapped(sources):
    with pytest.raises(ValueError, match=r"labels\.tflite gives labels only. Export .* outputs='probabilities'"):
        Segmenter(Flipped(open_predictor(sources["labels.tflite"])))(LARGE)
