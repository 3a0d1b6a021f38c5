"""Several predictors measured in one pass."""

import time

import numpy as np

from deeplab_tf.evaluation import evaluate_all
from deeplab_tf.inference import Predictor, Refined, Remembered
from deeplab_tf.labels import LabelSpec

LABELS = np.array([[0, 0, 1], [0, 1, 1]], np.uint8)
ITEMS = [(np.repeat(LABELS[..., None] * np.uint8(value), 3, -1), LABELS) for value in (100, 255)]


class Bright(Predictor):
    """Sees what is bright as class 1."""

    source, labels = "bright", LabelSpec(("dark", "bright"))

    def __init__(self, seconds=0.0, refuses=None):
        self.seconds, self.refuses = seconds, refuses

    def scores(self, images):
        time.sleep(self.seconds)
        if images.max() == self.refuses:
            raise ValueError("too bright")
        bright = (images[..., :1] > 50).astype(np.float32)
        return np.concatenate([1 - bright, bright], -1)


def test_an_image_that_one_cannot_predict_counts_for_none():
    results = evaluate_all([Bright(), Bright(refuses=255)], ITEMS, skip_bad=True)
    for result in results:
        assert result.skipped == ("too bright",)
        assert result.images == 1
        assert result.matrix.counts.sum() == LABELS.size


def test_the_time_of_what_is_remembered_is_part_of_its_wrapper_s():
    plain = Remembered(Bright(seconds=0.2))
    for result in evaluate_all([plain, Refined(plain, "3,20,10,3,3")], ITEMS):
        assert result.seconds >= 0.4
