"""Weighted drawing: how often, in which order, and from where on."""

import numpy as np
import pytest

from deeplab_tf.datasets.pipeline.sources import open_source
from deeplab_tf.datasets.pipeline.stream import example_stream
from deeplab_tf.datasets.records.record import parse

WEIGHTS = (0, 1, 0.5, 3, 1, 0.1, 1.4)


def names(dataset, count, start=0, **options):
    source = open_source(dataset, "train", None, default="train")
    options = {"seed": 1, "shuffle_buffer": 100, "image_weights": WEIGHTS} | options
    stream = example_stream(source, start=start, **options).take(count)
    return [(int(index), int(parse(record)["filename"].numpy())) for index, record in stream]


@pytest.fixture(scope="module")
def unbroken(tiny):
    return names(tiny, 7 * 60)


def test_images_come_as_often_as_their_weights_say(unbroken):
    drawn = np.array([number for _, number in unbroken]).reshape(60, 7)
    expected = 7 * np.array(WEIGHTS) / sum(WEIGHTS)
    for number, mean in enumerate(expected):
        copies = (drawn == number).sum(axis=1)
        assert set(copies) <= {int(np.floor(mean)), int(np.floor(mean)) + 1}
        # Four standard deviations of the mean of 60 draws of two neighbouring numbers.
        assert abs(copies.mean() - mean) <= 4 * np.sqrt(mean % 1 * (1 - mean % 1) / 60) + 1e-9


def test_epochs_differ_in_order(unbroken):
    drawn = np.array([number for _, number in unbroken]).reshape(60, 7)
    assert len({tuple(epoch) for epoch in drawn}) > 50


@pytest.mark.parametrize("start", [1, 6, 7, 20])
def test_a_later_start_continues_the_stream(tiny, unbroken, start):
    assert names(tiny, 9, start=start) == unbroken[start : start + 9]


def test_other_seed_other_order(tiny, unbroken):
    assert names(tiny, 21, seed=2) != unbroken[:21]


def test_equal_weights_give_every_image_once(tiny):
    assert sorted(number for _, number in names(tiny, 7, image_weights=[2.0] * 7)) == list(range(7))


@pytest.mark.parametrize("weights", [[1] * 6, [0] * 7, [1] * 6 + [-1], [1] * 6 + [np.nan], [[1] * 7], []])
def test_weights_that_do_not_fit_are_refused(tiny, weights):
    with pytest.raises(ValueError, match=r"image_weights must be 7 numbers from 0 up, one an image of split 'train'"):
        names(tiny, 1, image_weights=weights)
