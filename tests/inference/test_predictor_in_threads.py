"""One predictor of each kind, shared by many threads from its first image on, gives the labels of one thread."""

import concurrent.futures
import threading

import numpy as np
import pytest

from deeplab_tf.export import export_saved_model, export_tflite
from deeplab_tf.inference import Segmenter
from harness.tiny_model import photo, tiny_model

THREADS, ROUNDS = 8, 6


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """By kind, what a Segmenter takes."""
    folder, model = tmp_path_factory.mktemp("threads"), tiny_model()
    export_saved_model(model, folder / "saved")
    export_tflite(model, folder / "labels.tflite", size=65)
    export_tflite(model, folder / "scores.tflite", size=65, outputs="probabilities")
    return {"keras": model, **{name: folder / name for name in ("saved", "labels.tflite", "scores.tflite")}}


@pytest.mark.parametrize("kind", ["keras", "saved", "labels.tflite", "scores.tflite"])
def test_threads_share_a_segmenter(sources, kind):
    images = [photo(65 - index, 60, seed=index) for index in range(THREADS)]
    alone, shared = Segmenter(sources[kind]), Segmenter(sources[kind])
    expected = [alone(image).labels for image in images]
    together = threading.Barrier(THREADS)

    def work(index):
        together.wait()
        return [shared(images[index]).labels for _ in range(ROUNDS)]

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        for labels, found in zip(expected, pool.map(work, range(THREADS))):
            for again in found:
                np.testing.assert_array_equal(again, labels)
    if kind == "scores.tflite":
        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(lambda image: shared(image).probabilities, images))
        for image, probabilities in zip(images, found):
            np.testing.assert_allclose(probabilities, alone(image).probabilities, atol=1e-6)
