"""Windows: where they begin, how they are blended, when they are chosen."""

import logging

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.inference import Predictor, SlidingWindow, open_predictor
from deeplab_tf.inference.memory import free_memory
from deeplab_tf.inference.sliding_window import starts
from deeplab_tf.labels import label_spec
from harness.tiny_model import photo, tiny_model


class Pointwise(Predictor):
    """Scores of each pixel by its own colour, so that windows must give what the whole image gives."""

    source, labels = "pointwise", label_spec(3)

    def __init__(self):
        self.seen = []

    def scores(self, images):
        self.seen.append(tuple(images.shape[1:3]))
        return tf.cast(images, tf.float32) / 40


class Biased(Pointwise):
    """Of each window, class 0 has the logit that the window's number says."""

    def scores(self, images):
        super().scores(images)
        scores = np.zeros((*images.shape[:3], 3), np.float32)
        scores[..., 0] = len(self.seen)
        return tf.constant(scores)


@pytest.fixture(scope="module")
def model():
    return tiny_model()


NOISE = np.random.default_rng(0).integers(0, 256, (83, 130, 3), np.uint8)


@pytest.mark.parametrize("length", [64, 65, 100, 127, 2049])
@pytest.mark.parametrize("overlap", [0, 0.25, 0.5, 0.99])
def test_windows_cover_the_image_and_overlap_enough(length, overlap):
    begin = starts(length, 64, overlap)
    assert (begin[0], begin[-1]) == (0, length - 64)
    steps = np.diff(begin)
    assert steps.size == 0 or steps.max() <= max(1, 64 * (1 - overlap)) + 0.5


@pytest.mark.parametrize("window", [32, 64, (83, 40), (20, 200), (83, 1)])
@pytest.mark.parametrize("overlap", [0, 0.25])
def test_what_needs_no_surroundings_is_the_same_in_windows(window, overlap):
    whole = Pointwise()
    windows = SlidingWindow(whole, window, overlap=overlap)
    np.testing.assert_allclose(windows.probabilities(NOISE), whole.probabilities(NOISE), atol=1e-5)
    np.testing.assert_array_equal(windows.predict(NOISE), whole.predict(NOISE))
    np.testing.assert_allclose(tf.nn.softmax(windows.scores(NOISE[None]))[0], whole.probabilities(NOISE), atol=1e-5)


def test_no_seam_where_neighbours_disagree():
    found = SlidingWindow(Biased(), (83, 70), overlap=0.25).probabilities(NOISE[:, :122])[0, :, 0]
    first, last = (np.exp(n) / (np.exp(n) + 2) for n in (1, 2))
    np.testing.assert_allclose(found[[0, -1]], [first, last], atol=1e-4)
    assert np.all(np.diff(found) >= -1e-6)
    # Eighteen pixels are shared: a straight line between would rise by an eighteenth of the difference at each.
    assert np.diff(found).max() < 0.12 * (last - first)


def test_an_image_smaller_than_the_window_is_predicted_whole():
    inner = Pointwise()
    SlidingWindow(inner, 200).predict(NOISE)
    assert inner.seen == [(83, 130)]


def test_windows_only_where_the_whole_does_not_fit(caplog):
    inner = Pointwise()
    with caplog.at_level(logging.INFO, "deeplab_tf"):
        SlidingWindow(inner, 64, whole_up_to=lambda: 83 * 130).predict(NOISE)
        assert (inner.seen, caplog.text) == ([(83, 130)], "")
        tight = SlidingWindow(inner, 64, whole_up_to=lambda: 83 * 130 - 1)
        tight.predict(NOISE)
        tight.predict(NOISE)
    assert set(inner.seen[1:]) == {(64, 64)}
    assert caplog.text.count("an image of 83x130 is predicted in windows of 64x64, since the whole of it would") == 1


def test_a_model_without_a_size_goes_over_to_windows_by_itself(model, tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 2000 kB\nMemAvailable: 1000 kB\n")
    assert free_memory(meminfo, tmp_path / "none") == 1_024_000
    (tmp_path / "memory.max").write_text("500000\n")
    (tmp_path / "memory.current").write_text("200000\n")
    assert free_memory(meminfo, tmp_path) == 300_000
    assert isinstance(open_predictor(model), SlidingWindow)


def test_windows_at_several_scales(model):
    image = photo(129, 200, seed=3)
    both = open_predictor(model, window=97, scales=(0.5, 1.0), flip=True)
    expected = SlidingWindow(open_predictor(model, scales=(0.5, 1.0), flip=True), 97)
    np.testing.assert_allclose(both.probabilities(image), expected.probabilities(image), atol=1e-6)
    limited = open_predictor(model, window=97, max_side=100)
    assert limited.scores(image[None]).shape == (1, 65, 100, 4)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000)])
def test_images_of_one_row(model, size):
    labels = open_predictor(model, window=513, scales=(0.5, 1.0)).predict(np.zeros((*size, 3), np.uint8))
    assert labels.shape == size


@pytest.mark.parametrize("window", [0, -3, 2.5, (0, 5), "large", True])
def test_windows_that_make_no_sense(window):
    with pytest.raises(ValueError, match="window must be a side or"):
        SlidingWindow(Pointwise(), window)


@pytest.mark.parametrize("overlap", [1, -0.1, 1.5, float("nan"), "half", True])
def test_overlaps_that_make_no_sense(overlap):
    with pytest.raises(ValueError, match="overlap must be a number from 0 to below 1; received"):
        SlidingWindow(Pointwise(), 64, overlap=overlap)


def test_an_overlap_without_windows_is_refused(model):
    for opening in ({"max_side": 65}, {"max_side": 65, "flip": True}):
        with pytest.raises(ValueError, match=r"overlap is that of windows.*received overlap=0\.5\. Give window"):
            open_predictor(model, overlap=0.5, **opening)
    with pytest.raises(ValueError, match="overlap is that of windows"):
        open_predictor(Pointwise(), overlap=0.5)
    # Where windows may be chosen by themselves it is theirs.
    assert open_predictor(model, overlap=0.5).overlap == 0.5


def test_a_window_of_one_cell_is_refused(model):
    with pytest.raises(ValueError, match=r"window must be larger than the output stride; received 32\. Take the crop"):
        open_predictor(model, window=32)
