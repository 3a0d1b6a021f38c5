import numpy as np
import pytest

from deeplab_tf.inference import open_predictor
from deeplab_tf.models import save_model
from harness.tiny_model import photo, tiny_model


@pytest.fixture(scope="module")
def model():
    return tiny_model()


def test_files_and_run_folders_predict_as_the_model(model, tmp_path):
    save_model(model, tmp_path / "model.keras")
    image = photo(65, 40)
    expected = open_predictor(model).predict(image)
    for path in (tmp_path, str(tmp_path / "model.keras")):
        predictor = open_predictor(path)
        assert predictor.source == str(path)
        np.testing.assert_array_equal(predictor.predict(image), expected)


def test_open_predictor_is_passed_through(model):
    predictor = open_predictor(model)
    assert open_predictor(predictor) is predictor


def test_wrong_paths_and_objects(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no .*missing\.keras"):
        open_predictor(tmp_path / "missing.keras")
    (tmp_path / "frozen.pb").write_bytes(b"")
    with pytest.raises(ValueError, match=r"frozen\.pb is of no kind that predicts.*deeplab-tf import"):
        open_predictor(tmp_path / "frozen.pb")
    with pytest.raises(FileNotFoundError, match=r"or a run folder with a model.keras"):
        open_predictor(tmp_path)
    with pytest.raises(ValueError, match="received int"):
        open_predictor(5)
