import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.inference.predictors import open_artefact
from deeplab_tf.models import save_model
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
    artefact = open_artefact(model)
    labels, probabilities = artefact.predict(image), artefact.probabilities(image)
    assert (artefact.kind, artefact.labels, labels.dtype) == ("keras", model.labels, np.int32)
    assert len(np.unique(labels)) > 2
    assert (labels == logits.argmax(-1)).mean() > 0.999
    powers = np.exp(logits)
    np.testing.assert_allclose(probabilities, powers / powers.sum(-1, keepdims=True), atol=1e-4)
    assert probabilities.dtype == np.float32


def test_images_larger_than_the_canvas(model):
    assert open_artefact(model).predict(photo(70, 101)).shape == (70, 101)


def test_files_and_run_folders_predict_as_the_model(model, tmp_path):
    save_model(model, tmp_path / "model.keras")
    image = photo(65, 40)
    expected = open_artefact(model).predict(image)
    for path in (tmp_path, str(tmp_path / "model.keras")):
        artefact = open_artefact(path)
        assert artefact.source == str(path)
        np.testing.assert_array_equal(artefact.predict(image), expected)


def test_coarse_logits_are_brought_to_full_size(model):
    coarse = model.rebuild(upsample_logits=False)
    image = photo(65, 65)
    np.testing.assert_array_equal(open_artefact(coarse).predict(image), open_artefact(model).predict(image))


def test_open_artefact_is_passed_through(model):
    artefact = open_artefact(model)
    assert open_artefact(artefact) is artefact


def test_saved_model_from_elsewhere_is_refused(tmp_path):
    module = tf.Module()
    module.double = tf.function(lambda x: {"y": 2 * x}, [tf.TensorSpec((None,), tf.float32)], autograph=False)
    tf.saved_model.save(module, str(tmp_path / "foreign"), signatures=module.double)
    with pytest.raises(ValueError, match=r"foreign is a SavedModel without the signatures \['probabilities'\]"):
        open_artefact(tmp_path / "foreign")


def test_damaged_saved_model_is_refused(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"not a graph")
    with pytest.raises(ValueError, match="cannot be read as a SavedModel"):
        open_artefact(tmp_path)


def test_wrong_paths_and_objects(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no .*missing\.keras"):
        open_artefact(tmp_path / "missing.keras")
    (tmp_path / "frozen.pb").write_bytes(b"")
    with pytest.raises(ValueError, match=r"frozen\.pb is of no kind that predicts.*deeplab-tf import"):
        open_artefact(tmp_path / "frozen.pb")
    with pytest.raises(FileNotFoundError, match=r"or a run folder with a model.keras"):
        open_artefact(tmp_path)
    with pytest.raises(ValueError, match="received int"):
        open_artefact(5)
