"""A dense CRF behind any predictor."""

import numpy as np
import pytest

from deeplab_tf.crf import DenseCRF
from deeplab_tf.inference import Refined, Segmenter, open_predictor
from harness.tiny_model import photo, tiny_model

IMAGE = photo(48, 65, seed=2)
PARAMETERS = "3,20,10,3,3"


@pytest.fixture(scope="module")
def model():
    return tiny_model()


def test_what_comes_out_is_what_the_crf_makes_of_the_probabilities(model):
    plain = open_predictor(model)
    expected = DenseCRF(PARAMETERS, engine="tensorflow").refine(IMAGE, plain.probabilities(IMAGE))
    segmented = Segmenter(model, crf=DenseCRF(PARAMETERS, engine="tensorflow"))(IMAGE)
    np.testing.assert_allclose(segmented.probabilities, expected, atol=1e-6)
    np.testing.assert_array_equal(segmented.labels, expected.argmax(-1))
    assert (segmented.labels != plain.predict(IMAGE)).any()


def test_it_is_wrapped_again_and_wraps_scales(model):
    refined = open_predictor(model, scales=(0.5, 1.0), crf=PARAMETERS)
    assert isinstance(refined, Refined)
    mirrored = open_predictor(refined, flip=True).probabilities(IMAGE)
    np.testing.assert_allclose(mirrored.sum(-1), 1, atol=1e-4)
    assert refined.scores(IMAGE[None]).shape == (1, 48, 65, 4)


def test_an_unknown_name_says_what_there_is(model):
    with pytest.raises(ValueError, match=r"v2_resnet_101.*received 'v2_resnet_11'"):
        open_predictor(model, crf="v2_resnet_11")


def test_parameters_are_checked_before_a_model_is_read():
    with pytest.raises(ValueError, match="The dense CRF's parameters must be one of"):
        open_predictor("nowhere.keras", crf="v2_resnet")
