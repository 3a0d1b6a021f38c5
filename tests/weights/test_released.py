"""Released files against their own output, golden masks and published sizes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import deeplab_tf
from deeplab_tf.images import read_image, read_mask
from deeplab_tf.inference import open_predictor
from deeplab_tf.weights import identify
from deeplab_tf.weights.formats import tflite_runtime
from deeplab_tf.weights.formats.released_file import scope_of
from deeplab_tf.weights.formats.tflite_structure import read_structure
from harness.whole_image import whole_image_logits

pytestmark = pytest.mark.shared


def _labels(model, image):
    return np.argmax(whole_image_logits(model, tf.constant(image[None]))[0], -1)


@pytest.mark.parametrize(
    "file, stride, multiplier, crop, parameters",
    [
        ("deeplabv3_mnv2_pascal_quant.tflite", 16, 1.0, 513, 2_146_645),
        ("deeplabv3_mnv2_dm05_pascal_quant.tflite", 16, 0.5, 513, 714_325),
        ("deeplabv3_mnv2_dm05_float.tflite", 8, 0.5, 257, 714_325),
        ("deeplabv3_mnv2_pascal_trainval_frozen.pb", 8, 1.0, 513, 2_146_645),
    ],
)
def test_network_is_found_from_the_file(shared, file, stride, multiplier, crop, parameters):
    model = deeplab_tf.load_released(shared / "weights" / file)
    assert isinstance(model, deeplab_tf.DeepLabV3)
    assert model.output_stride == stride
    assert model.get_config()["depth_multiplier"] == multiplier
    assert model.crop_size == [crop, crop]
    assert model.image_size == (crop, crop)
    assert model.count_params() == parameters
    assert model.labels == deeplab_tf.label_spec("pascal_voc")


def test_float_file_reproduces_its_golden_mask(shared):
    model = deeplab_tf.load_released(shared / "weights" / "deeplabv3_mnv2_dm05_float.tflite")
    labels = _labels(model, read_image(shared / "images" / "dm05_golden_input.jpg"))
    golden = read_mask(shared / "images" / "dm05_golden_mask.png")
    # The mask's grey values are ten times the class ids.
    assert np.mean(labels * 10 == golden) >= 0.99


def test_frozen_graph_gives_the_same_labels_as_the_graph_itself(shared):
    path = shared / "weights" / "deeplabv3_mnv2_pascal_trainval_frozen.pb"
    definition = tf.compat.v1.GraphDef()
    definition.ParseFromString(path.read_bytes())
    graph = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(definition, name=""), [])
    graph = graph.prune("ImageTensor:0", "SemanticPredictions:0")
    model = deeplab_tf.load_released(path)
    folder = shared / "data" / "voc2012"
    for name in (folder / "ImageSets" / "Segmentation" / "val.txt").read_text().split()[:3]:
        image = read_image(folder / "JPEGImages" / f"{name}.jpg")
        assert np.mean(_labels(model, image) == graph(tf.constant(image[None]))[0]) >= 0.9999


def test_8_bit_file_agrees_with_its_own_output(shared):
    path = shared / "weights" / "deeplabv3_mnv2_pascal_quant.tflite"
    model = deeplab_tf.load_released(path)
    interpreter = tflite_runtime.interpreter(path)
    image = read_image(shared / "images" / "bird_segmentation.bmp")[:513, :513]
    canvas = np.full((513, 513, 3), 128, np.uint8)
    canvas[: image.shape[0], : image.shape[1]] = image
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], canvas[None])
    interpreter.invoke()
    expected = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
    assert np.mean(_labels(model, image) == expected[: image.shape[0], : image.shape[1]]) >= 0.985


def test_edgetpu_slim_file_imports_and_agrees_with_its_own_output(shared):
    path = shared / "weights" / "deeplab_mobilenet_edgetpu_slim_cityscapes_quant.tflite"
    model = deeplab_tf.load_released(path)
    found = {name: model.get_config()[name] for name in ("backbone", "depth_multiplier", "filters", "atrous_rates")}
    assert found == {
        "backbone": "mobilenet_edgetpu_slim",
        "depth_multiplier": 0.75,
        "filters": 128,
        "atrous_rates": (),
    }
    assert isinstance(model, deeplab_tf.DeepLabV3)
    assert (model.output_stride, model.crop_size, model.labels.name) == (16, [513, 513], "cityscapes")
    image = read_image(shared / "images" / "cityscapes_segmentation.bmp")
    assert np.mean(_labels(model, image) == open_predictor(path).predict(image)) >= 0.985


def test_imported_model_survives_its_file_and_other_classes(shared, tmp_path, caplog):
    path = shared / "weights" / "deeplabv3_mnv2_dm05_pascal_quant.tflite"
    with caplog.at_level("INFO", "deeplab_tf"), identify(path) as source:
        model = source.load()
        assert "normalisation is folded" not in caplog.text  # whoever segments or exports does not train
        source.convert = lambda: model  # not built twice
        assert deeplab_tf.load_released(source) is model
    assert f"{path}: its normalisation is folded" in caplog.text
    deeplab_tf.save_model(model, tmp_path / "model.keras")
    again = deeplab_tf.load_model(tmp_path / "model.keras")
    image = np.random.default_rng(0).integers(0, 256, (1, 129, 97, 3), np.uint8)
    np.testing.assert_array_equal(model(image), again(image))
    assert again.rebuild(labels="camvid").reinitialized == ["logits.semantic"]
    assert again.rebuild(output_stride=8).reinitialized == []


def test_classifier_starts_a_backbone_but_is_no_deeplab(shared):
    path = shared / "weights" / "mobilenet_v2_1.0_224_quant.tflite"
    with pytest.raises(ValueError, match=r"ImageNet classifier.*transfer_weights"):
        deeplab_tf.load_released(path)
    model = deeplab_tf.DeepLabV3Plus("mobilenet_v2", labels="camvid", atrous_rates=())
    transfer = deeplab_tf.transfer_weights(model, path)
    # Stem, 16 expansions, 17 depthwise convolutions and 17 projections.
    assert len(transfer.loaded) == 51
    assert all(name.startswith("MobilenetV2.") for name in transfer.loaded)
    assert "logits.semantic" in transfer.fresh


def test_other_network_names_the_known_backbones(tmp_path):
    layers = [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)]
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Sequential(layers, name="unet"))
    (tmp_path / "other.tflite").write_bytes(converter.convert())
    with pytest.raises(ValueError, match=r"other\.tflite is not a DeepLab.*unet.*known backbones are"):
        deeplab_tf.load_released(tmp_path / "other.tflite")


def test_file_that_feeds_its_network_other_numbers_is_refused(shared, tmp_path):
    content = (shared / "weights" / "deeplabv3_mnv2_dm05_float.tflite").read_bytes()
    metadata = bytes(read_structure(content).metadata["TFLITE_METADATA"])
    half = np.float32(127.5).tobytes()
    # Less 0 by 255 in place of less 127.5 by 127.5; the deviation comes first in the file.
    changed = metadata.replace(half, np.float32(255).tobytes(), 1).replace(half, np.float32(0).tobytes(), 1)
    (tmp_path / "unit.tflite").write_bytes(content.replace(metadata, changed))
    with pytest.raises(ValueError, match=r"unit\.tflite feeds its network \[0.*to \[1.*transfer_weights"):
        deeplab_tf.load_released(tmp_path / "unit.tflite")


def test_weights_of_another_width_are_refused(shared):
    narrow = deeplab_tf.DeepLabV3("mobilenet_v2", depth_multiplier=0.25, atrous_rates=())
    with pytest.raises(ValueError, match="no weights that fit"):
        deeplab_tf.transfer_weights(narrow, shared / "weights" / "deeplabv3_mnv2_pascal_quant.tflite")


def test_damaged_files_are_named(shared, tmp_path):
    released = (shared / "weights" / "deeplabv3_mnv2_dm05_pascal_quant.tflite").read_bytes()
    for name, content in {"cut.tflite": released[:200_000], "text.tflite": b"hello", "empty.pb": b""}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=name):
            deeplab_tf.load_released(tmp_path / name)
    with pytest.raises(ValueError, match=r"no known format.*\.tflite or \.pb"):
        deeplab_tf.load_released(tmp_path / "model.onnx")
    with pytest.raises(FileNotFoundError, match=r"absent\.pb"):
        deeplab_tf.load_released(tmp_path / "absent.pb")


@pytest.mark.parametrize(
    "name, scope",
    [
        ("MobilenetV2/expanded_conv/depthwise/depthwise_Fold;MobilenetV2/x", "MobilenetV2/expanded_conv/depthwise"),
        ("MobilenetV2/expanded_conv_3/expand/Conv2D/merged_input", "MobilenetV2/expanded_conv_3/expand"),
        ("aspp1_depthwise/depthwise_weights", "aspp1_depthwise"),
        ("logits/semantic/weights", "logits/semantic"),
    ],
)
def test_scope_of_a_weight(name, scope):
    assert scope_of(name) == scope
