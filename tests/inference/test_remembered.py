"""One network behind several predictors runs once for each image."""

import numpy as np
import pytest

from deeplab_tf.inference import Refined, Remembered, open_predictor
from deeplab_tf.inference.keras import KerasPredictor
from harness.tiny_model import photo, tiny_model

IMAGE, OTHER = photo(48, 65, seed=2), photo(40, 33, seed=3)


@pytest.fixture(scope="module")
def model():
    return tiny_model()


def test_the_network_runs_once_and_says_the_same(model, monkeypatch):
    alone = open_predictor(model, flip=True)
    refined_alone = Refined(alone, "3,20,10,3,3")
    expected = [(alone.predict(image), refined_alone.predict(image)) for image in (IMAGE, OTHER)]
    runs = []
    scores = KerasPredictor.scores
    monkeypatch.setattr(KerasPredictor, "scores", lambda self, images: runs.append(1) or scores(self, images))
    plain = Remembered(open_predictor(model, flip=True))
    refined = Refined(plain, "3,20,10,3,3")
    for image, (labels, refined_labels) in zip((IMAGE, OTHER), expected):
        np.testing.assert_array_equal(refined.predict(image), refined_labels)
        np.testing.assert_array_equal(plain.predict(image), labels)
        assert (labels != refined_labels).any()
    assert len(runs) == 4
    # An equal image is another one: what is remembered is the object.
    plain.predict(OTHER.copy())
    assert len(runs) == 6
    np.testing.assert_array_equal(plain.scores(IMAGE[None]), alone.scores(IMAGE[None]))
