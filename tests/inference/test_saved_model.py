import pytest
import tensorflow as tf

from deeplab_tf.inference import open_predictor


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
