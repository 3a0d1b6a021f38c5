"""One predictor of each kind, shared by many threads from its first image on, gives the labels of one thread."""

import concurrent.futures
import threading

import numpy as np
import pytest

from deeplab_tf.inference import Segmenter
from harness.tiny_model import photo

THREADS, ROUNDS = 8, 6


@pytest.mark.parametrize("kind", ["keras", "saved", "labels.tflite", "probabilities.tflite"])
def test_threads_share_a_segmenter(tiny_exports, kind):
    images = [photo(65 - index, 60, seed=index) for index in range(THREADS)]
    alone, shared = (Segmenter(tiny_exports.source(kind)) for _ in range(2))
    expected = [alone(image).labels for image in images]
    assert (expected[0][:58] != expected[-1][:58]).any()
    together = threading.Barrier(THREADS)

    def work(index):
        together.wait()
        return [shared(images[index]).labels for _ in range(ROUNDS)]

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        for labels, found in zip(expected, pool.map(work, range(THREADS))):
            for again in found:
                np.testing.assert_array_equal(again, labels)
    if kind == "probabilities.tflite":
        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(lambda image: shared(image).probabilities, images))
        for image, probabilities in zip(images, found):
            np.testing.assert_allclose(probabilities, alone(image).probabilities, atol=1e-6)
