import shutil

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.inference import open_predictor
from harness.tiny_model import photo


def test_saved_model_from_elsewhere_is_refused(tmp_path):
    module = tf.Module()
    module.double = tf.function(lambda x: {"y": 2 * x}, [tf.TensorSpec((None,), tf.float32)], autograph=False)
    tf.saved_model.save(module, str(tmp_path / "foreign"), signatures=module.double)
    with pytest.raises(ValueError, match=r"foreign is a SavedModel without the signatures \['probabilities'\]"):
        open_predictor(tmp_path / "foreign")


def test_damaged_saved_model_is_refused(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"not a graph")
    with pytest.raises(ValueError, match="cannot be read as a SavedModel"):
        open_predictor(tmp_path)


def test_the_newest_of_several_versions_is_opened(tiny_exports, tmp_path):
    for number in (2, 9):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "saved_model.pb").write_bytes(b"damaged")
    shutil.copytree(tiny_exports.folder / "saved", tmp_path / "10")
    (tmp_path / "11").mkdir()
    predictor = open_predictor(tmp_path)
    assert predictor.source == str(tmp_path / "10")
    expected = open_predictor(tiny_exports.folder / "saved").predict(photo(30, 40))
    np.testing.assert_array_equal(predictor.predict(photo(30, 40)), expected)
