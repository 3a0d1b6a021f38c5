import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.evaluation import evaluate
from deeplab_tf.export.preparation import model_to_export
from deeplab_tf.inference import Predictor, Segmenter, open_predictor
from deeplab_tf.inference import open as opening
from deeplab_tf.labels import label_spec
from deeplab_tf.models import save_model
from deeplab_tf.weights.sources import kind_of
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


def test_a_name_of_the_zoo_predicts_and_exports_as_its_model(model, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    name = "mobilenetv2_coco_voc_trainaug"
    kept = tmp_path / f"models/deeplab_tf/{name}.keras"
    kept.parent.mkdir(parents=True)
    save_model(model, kept)
    image = photo(65, 40)
    predictor = open_predictor(name)
    assert predictor.source == name
    np.testing.assert_array_equal(predictor.predict(image), open_predictor(model).predict(image))
    np.testing.assert_array_equal(model_to_export(name).get_weights()[0], model.get_weights()[0])
    with pytest.raises(ValueError, match="xception_65_imagenet is a start for training"):
        open_predictor("xception_65_imagenet")
    with pytest.raises(FileNotFoundError, match=f"Did you mean '{name}'"):
        open_predictor("MobileNetV2_coco_voc_train_aug")


def test_a_model_that_is_called_like_one_of_the_zoo_is_read(model, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.chdir(tmp_path)
    name = "mobilenetv2_coco_voc_trainaug"
    # Of results, not a model.
    Path(name).mkdir()
    assert kind_of(name).name == "zoo"
    save_model(model, f"{name}/model.keras")
    assert kind_of(name).name == "run_folder"
    image = photo(65, 40)
    np.testing.assert_array_equal(open_predictor(name).predict(image), open_predictor(model).predict(image))
    Path(name, "model.keras").rename("model.keras")
    for file, kind in ((f"{name}/saved_model.pb", "saved_model"), (f"{name}/model.ckpt.index", "checkpoint")):
        Path(file).touch()
        assert kind_of(name).name == kind
        Path(file).unlink()


def test_open_predictor_is_passed_through(model):
    predictor = open_predictor(model)
    assert open_predictor(predictor) is predictor


def test_wrong_paths_and_objects(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no .*missing\.keras"):
        open_predictor(tmp_path / "missing.keras")
    (tmp_path / "notes.txt").write_bytes(b"")
    with pytest.raises(ValueError, match=r"notes\.txt is of no kind that predicts; .*or a name of deeplab-tf zoo"):
        open_predictor(tmp_path / "notes.txt")
    (tmp_path / "empty.pb").touch()
    with pytest.raises(ValueError, match=r"empty\.pb holds no convolutions, so it is not a DeepLab"):
        open_predictor(tmp_path / "empty.pb")
    for missing in ("missing.pb", "model.ckpt-30000", "mobilenetv2_coco_voc"):
        with pytest.raises(FileNotFoundError, match=missing):
            open_predictor(tmp_path / missing)
    with pytest.raises(FileNotFoundError, match=r"or a run folder with a model.keras"):
        open_predictor(tmp_path)
    with pytest.raises(ValueError, match="received int"):
        open_predictor(5)


class Threshold(Predictor):
    """Class 1 where an image is brighter than a number in a file."""

    labels = label_spec(2)

    def __init__(self, path):
        self.source, self.least = str(path), json.loads(path.read_text())

    def scores(self, images):
        bright = tf.cast(tf.reduce_mean(tf.cast(images, tf.float32), -1) > self.least, tf.float32)
        return tf.stack([1 - bright, bright], -1)


def test_a_new_predictor_is_one_class_and_one_row(tmp_path, monkeypatch):
    row = opening.PathKind(
        "a .threshold file", lambda path: path.suffix == ".threshold", lambda path, **_: Threshold(path)
    )
    monkeypatch.setattr(opening, "PATH_KINDS", (*opening.PATH_KINDS, row))
    path = tmp_path / "mine.threshold"
    path.write_text("100")
    image = np.repeat(np.array([[90, 110], [100, 200]], np.uint8)[..., None], 3, axis=-1)
    bright = [[0, 1], [0, 1]]
    np.testing.assert_array_equal(open_predictor(path).predict(image), bright)
    np.testing.assert_array_equal(Segmenter(path)(image).labels, bright)
    assert evaluate(path, [(image, np.array(bright))]).miou == 1
    with pytest.raises(FileNotFoundError, match="There is no .*none.*a .threshold file"):
        open_predictor(tmp_path / "none")
