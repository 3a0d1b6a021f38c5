"""The graph that is converted: sizes of every kind, scores at the network's own stride, hard-swish in steps."""

import numpy as np
import tensorflow as tf

from deeplab_tf.export import export_tflite
from deeplab_tf.export.tflite_network import TFLiteNetwork
from deeplab_tf.inference import open_predictor
from harness.tiny_model import photo, tiny_model


def test_low_scores_are_enlarged_as_the_network_does(tmp_path):
    model = tiny_model(backbone="resnet_18", crop_size=None)
    options = {"size": (64, 80), "outputs": "low_logits", "images": [photo(64, 50)]}
    report = export_tflite(model, tmp_path / "m.tflite", **options)
    assert (report.agreement, report.scores) == (1.0, "low_logits")
    assert report.max_abs_difference < 1e-3
    predictor, whole = open_predictor(tmp_path / "m.tflite"), open_predictor(model)
    image = photo(64, 80, 5)
    # The network sees 65x81 inside the file, as in the model's own predictor.
    assert predictor.run(image).shape == (5, 6, 4)
    np.testing.assert_allclose(predictor.probabilities(image), whole.probabilities(image), atol=1e-3)
    assert (predictor.predict(image) == whole.predict(image)).mean() > 0.999
    for image in (photo(64, 80, 6), photo(100, 130)):
        np.testing.assert_array_equal(predictor.predict(image), predictor.probabilities(image).argmax(-1))


def test_bytes_of_an_8_bit_input_are_the_pixels():
    network = TFLiteNetwork(tiny_model(), (65, 65), "labels", integer=True)
    fed = network.feed(np.full((65, 65, 3), (0, 128, 255), np.uint8))
    # Released 8-bit networks have the scale 1 / 128 and their zero at 128 too.
    np.testing.assert_allclose(fed[0, 0, 0], [-128 / 127.5, 0, 127 / 127.5])
    assert network.run.input_signature == (tf.TensorSpec((1, 65, 65, 3), tf.float32, name="image"),)


def test_hard_swish_is_in_steps_in_the_file_alone(tmp_path):
    model = tiny_model(backbone="mobilenet_v3_small", crop_size=33)
    report = export_tflite(model, tmp_path / "m.tflite", images=[photo(33, 33)])
    assert "HARD_SWISH" not in report.operations
    assert report.agreement > 0.999
    assert {"hard_silu"} == {layer.activation.__name__ for layer in model.layers if ".hard_swish" in layer.name}
