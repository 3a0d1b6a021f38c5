import numpy as np
import pytest

from deeplab_tf.inference import open_predictor
from harness.tiny_model import photo, tiny_model


@pytest.fixture(scope="module")
def model():
    return tiny_model()


def numpy_logits(model, image):
    """Logits by the release's rule: padded with 127.5 at the bottom and right to the crop size, then cut."""
    height, width = image.shape[:2]
    canvas = np.full((1, 65, 65, 3), 127.5, np.float32)
    canvas[0, :height, :width] = image
    return np.asarray(model(canvas, training=False))[0, :height, :width]


def test_keras_model_follows_the_padding_rule(model):
    image = photo(50, 61)
    logits = numpy_logits(model, image)
    predictor = open_predictor(model)
    labels, probabilities = predictor.predict(image), predictor.probabilities(image)
    assert (predictor.labels, labels.dtype) == (model.labels, np.int32)
    assert len(np.unique(labels)) > 2
    assert (labels == logits.argmax(-1)).mean() > 0.999
    powers = np.exp(logits)
    np.testing.assert_allclose(probabilities, powers / powers.sum(-1, keepdims=True), atol=1e-4)
    assert probabilities.dtype == np.float32


def test_images_larger_than_the_canvas(model):
    assert open_predictor(model).predict(photo(70, 101)).shape == (70, 101)


def test_coarse_logits_are_brought_to_full_size(model):
    coarse = model.rebuild(upsample_logits=False)
    image = photo(65, 65)
    np.testing.assert_array_equal(open_predictor(coarse).predict(image), open_predictor(model).predict(image))
