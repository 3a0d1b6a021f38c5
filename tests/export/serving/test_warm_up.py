"""The warm-up requests, by TensorFlow Serving's own messages and by TensorFlow's C++ loader."""

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.export.serving.warm_up import prediction_log

logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2", reason="needs tensorflow-serving-api")


@pytest.fixture(scope="module")
def records(tiny_exports):
    file = tiny_exports.folder / "served/1/assets.extra/tf_serving_warmup_requests"
    return [record.numpy() for record in tf.data.TFRecordDataset(str(file))]


@pytest.mark.parametrize(
    "value",
    [np.arange(6, dtype=np.uint8).reshape(1, 2, 3), np.array([b"a" * 300, b"", b"c"], object), np.float32([1.5])],
)
def test_it_has_the_bytes_of_the_official_message(value):
    log = logs.PredictionLog()
    request = log.predict_log.request
    request.model_spec.name, request.model_spec.signature_name = "voc", "serving_default"
    request.inputs["image"].CopyFrom(tf.make_tensor_proto(value))
    assert prediction_log("voc", "serving_default", {"image": value}) == log.SerializeToString()


def test_every_record_runs_in_the_loader_of_a_server(records, tiny_exports):
    """A session, as the server has: no Python function of TensorFlow 2 takes part."""
    tried = {}
    folder = str(tiny_exports.folder / "served/1")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        signatures = tf.compat.v1.saved_model.load(session, ["serve"], folder).signature_def
        for record in records:
            log = logs.PredictionLog.FromString(record)
            assert log.SerializeToString() == record
            request = log.predict_log.request
            assert request.model_spec.name == "served"
            signature = signatures[request.model_spec.signature_name]
            feeds = {signature.inputs[name].name: tf.make_ndarray(value) for name, value in request.inputs.items()}
            tried[request.model_spec.signature_name] = session.run(
                {name: each.name for name, each in signature.outputs.items()}, feeds
            )
    assert {name: value.shape for name, value in tried["serving_default"].items()} == {"labels": (1, 65, 65)}
    assert tried["probabilities"]["probabilities"].shape == (1, 65, 65, 4)
    assert tried["image_bytes"]["error"].tolist() == [b"", b""]
    assert tried["image_bytes"]["height"].tolist() == [65, 65]
    # A black image is the same in every form.
    for labels in tried["image_bytes"]["labels_bytes"]:
        np.testing.assert_array_equal(tf.io.decode_png(labels)[..., 0], tried["serving_default"]["labels"][0])
