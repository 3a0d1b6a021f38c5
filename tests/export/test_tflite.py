import json
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.export import export_tflite, tflite
from deeplab_tf.inference import open_predictor
from deeplab_tf.labels import LabelSpec
from deeplab_tf.models import DeepLabV3, DeepLabV3Plus
from deeplab_tf.weights.formats import tflite_runtime
from harness.tiny_model import photo, tiny_model

SPEC = LabelSpec(("sky", "tree", "roof", "road"), colors=((0, 0, 9), (0, 9, 0), (9, 0, 0), (9, 9, 0)), name="town")


@pytest.fixture(scope="module")
def model():
    return tiny_model(classes=None, labels=SPEC, output_stride=8)


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory):
    file = tmp_path_factory.mktemp("lite") / "model.tflite"
    return file, export_tflite(model, file)


def operations(file):
    """Names of the built-in operations, and the codes of custom ones, in a `.tflite` file."""
    schema = tflite_runtime.schema()
    graph = schema.ModelT.InitFromPackedBuf(file.read_bytes(), 0)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in graph.operatorCodes]
    return [names[code] for code in codes], [code.customCode for code in graph.operatorCodes if code.customCode]


def test_report(exported):
    file, report = exported
    assert report.path == file
    assert report.agreement > 0.999
    assert report.max_abs_difference is None
    assert report.bytes == file.stat().st_size
    assert "equal labels" in report.table()
    assert "largest difference" not in report.table()


def test_builtin_operations_and_fused_dilations_only(exported):
    builtin, custom = operations(exported[0])
    assert not custom
    assert {"CONV_2D", "DEPTHWISE_CONV_2D", "ARG_MAX"} <= set(builtin)
    assert not {"SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"} & set(builtin)


def test_signature(exported):
    interpreter = tflite_runtime.interpreter(exported[0])
    assert interpreter.get_signature_list() == {"serving_default": {"inputs": ["image"], "outputs": ["labels"]}}
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert (taken["dtype"], taken["shape"].tolist()) == (np.uint8, [1, 65, 65, 3])
    assert (given["dtype"], given["shape"].tolist()) == (np.int32, [1, 65, 65])


def test_side_file_is_a_zip_behind_the_graph(exported):
    with zipfile.ZipFile(exported[0]) as archive:
        side = json.loads(archive.read("deeplab.json"))
    assert LabelSpec.from_dict(side["labels"]) == SPEC
    assert (side["outputs"], side["size"], side["pad_value"]) == ("labels", [65, 65], [127.5] * 3)


@pytest.mark.parametrize("size", [(65, 65), (50, 64)])
def test_file_predicts_as_the_model_does(model, exported, size):
    predictor = open_predictor(exported[0])
    assert predictor.labels == SPEC
    image = photo(*size, seed=1)
    labels = predictor.predict(image)
    assert len(np.unique(labels)) > 2
    # The padding is 128 in the 8-bit input and would be 127.5 in the model.
    padded = np.full((65, 65, 3), 128, np.uint8)
    padded[: size[0], : size[1]] = image
    assert (labels == open_predictor(model).predict(padded)[: size[0], : size[1]]).mean() > 0.99


@pytest.mark.parametrize("outputs, model_class", [("probabilities", DeepLabV3Plus), ("logits", DeepLabV3)])
def test_scores(tmp_path, outputs, model_class):
    model = tiny_model(model_class, crop_size=None)
    report = export_tflite(
        model, tmp_path / "scores.tflite", size=np.array([50, 80]), outputs=outputs, images=[photo(50, 60)]
    )
    assert report.scores == outputs
    assert report.max_abs_difference < 1e-3
    predictor = open_predictor(tmp_path / "scores.tflite")
    image = photo(50, 80)
    scores = predictor.run(image)
    # The network sees the image at 65x81, padded, inside the file as in the model's own predictor.
    logits = open_predictor(model).scores(image[None])[0].numpy()
    expected = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(scores, expected if outputs == "probabilities" else logits, atol=2e-3)
    np.testing.assert_allclose(predictor.probabilities(image), expected, atol=2e-3)
    np.testing.assert_array_equal(predictor.predict(image), scores.argmax(-1))
    assert predictor.probabilities(photo(100, 200)).shape == (100, 200, 4)


def test_model_without_a_canvas_gets_the_default_size(monkeypatch):
    monkeypatch.setattr(tflite, "DEFAULT_SIDE", 33)
    assert tflite._input_size(SimpleNamespace(crop_size=None, image_size=None, output_stride=8), None) == (33, 33)
    trained = SimpleNamespace(crop_size=(33, 33), image_size=(60, 80), output_stride=16)
    assert tflite._input_size(trained, None) == (65, 81)


@pytest.mark.parametrize(
    "name, options, message",
    [
        ("m.tflite", {"outputs": "masks"}, "outputs must be one of .*'labels'.*received 'masks'"),
        ("m.lite", {}, "ends in .tflite; received .*m.lite"),
        ("m.tflite", {"size": 8}, "size must be .*above 8; received 8"),
        ("m.tflite", {"size": (65, 65, 3)}, "size must be a side or"),
        ("m.tflite", {"min_agreement": 99}, "min_agreement must be a number from 0 to 1; received 99"),
        ("old.tflite", {}, "old.tflite exists. Choose another path, or replace it with --overwrite"),
        ("folder.tflite", {"overwrite": True}, "exists and is not an export of this kind"),
        ("old.tflite/m.tflite", {}, "Cannot write to .*old.tflite"),
    ],
)
def test_wrong_arguments_write_nothing(model, tmp_path, name, options, message):
    (tmp_path / "old.tflite").write_bytes(b"old")
    (tmp_path / "folder.tflite").mkdir()
    with pytest.raises(ValueError, match=message):
        export_tflite(model, tmp_path / name, **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.tflite", "old.tflite"]
    assert (tmp_path / "old.tflite").read_bytes() == b"old"


@pytest.mark.parametrize("failure", [KeyboardInterrupt, None])
def test_interrupted_or_unlike_export_keeps_the_old_file(model, tmp_path, monkeypatch, failure):
    def compare(*_):
        if failure:
            raise failure
        return 0.5, None

    monkeypatch.setattr(tflite, "compare", compare)
    monkeypatch.setattr(tflite, "_convert", lambda *_: CONVERTED)
    (tmp_path / "model.tflite").write_bytes(b"old")
    with pytest.raises(failure or ValueError):
        export_tflite(model, tmp_path / "model.tflite", overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["model.tflite"]
    assert (tmp_path / "model.tflite").read_bytes() == b"old"


def test_operations_that_tflite_lacks_are_refused(model, tmp_path, monkeypatch):
    monkeypatch.setitem(tflite.OUTPUTS, "labels", lambda logits: tf.math.bessel_i1(logits))
    with pytest.raises(ValueError, match="cannot be converted to TFLite"):
        export_tflite(model, tmp_path / "model.tflite")
    assert not list(tmp_path.iterdir())


def _converted() -> bytes:
    module = tf.Module()
    module.run = tf.function(lambda x: tf.cast(x, tf.float32), [tf.TensorSpec((1, 65, 65, 3), tf.uint8)])
    return tf.lite.TFLiteConverter.from_concrete_functions([module.run.get_concrete_function()], module).convert()


CONVERTED = _converted()
