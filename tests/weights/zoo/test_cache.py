"""The zoo from end to end, with archives made here and a server on this machine in place of the publisher's."""

import io
import tarfile

import numpy as np
import pytest

import deeplab_tf
from deeplab_tf import DeepLabV3, load_released
from deeplab_tf.cli import main
from deeplab_tf.weights import imagenet, zoo_entry
from deeplab_tf.weights.zoo import catalogue
from deeplab_tf.weights.zoo.catalogue import ZooEntry
from harness.http_files import served
from harness.release_variables import aspp, logits, mobilenet_v2, mobilenet_v3, random_values, write

NAME = "mobilenetv2_dm05_coco_voc_trainaug"
FILE = zoo_entry(NAME).file
START = "mobilenet_v3_small_imagenet"


def archive_of(folder, shapes):
    """A `.tar.gz` of a checkpoint with random values and its optimiser's, as bytes, and the values."""
    values = random_values(shapes)
    slots = {f"{name}/Momentum": np.zeros_like(value) for name, value in values.items() if "moving" not in name}
    # Not zeros, which would be packed to nothing: the size is checked.
    slots = {name: np.random.default_rng(1).random(value.shape, np.float32) for name, value in slots.items()}
    folder.mkdir()
    write(folder / "model.ckpt", {**values, **slots, "global_step": np.int64(30000)})
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        archive.add(folder, "mobilenet")
    return packed.getvalue(), values


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    shapes = mobilenet_v2(0.5) | aspp(160, 0) | logits(21)
    return archive_of(tmp_path_factory.mktemp("released") / "checkpoint", shapes)


@pytest.fixture
def publisher(released, tmp_path, monkeypatch):
    """The server's `Files`; Keras's folder is an empty one."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    with served(released[0]) as (url, files):
        monkeypatch.setattr(catalogue, "BASE_URL", url.rpartition("/")[0])
        yield files


@pytest.fixture
def cached(tmp_path):
    folder = tmp_path / "keras" / "models" / "deeplab_tf"
    return lambda: sorted(path.name for path in folder.iterdir())


def test_name_is_downloaded_and_converted_once(publisher, released, cached, logged):
    model = load_released(NAME)
    assert "109 layers loaded, 0 new" in logged.text
    kernel = model.get_layer("MobilenetV2.expanded_conv_16.project").get_weights()[0]
    np.testing.assert_array_equal(kernel, released[1]["MobilenetV2/expanded_conv_16/project/weights"])
    statistics = model.get_layer("aspp0.BatchNorm").moving_variance
    np.testing.assert_array_equal(statistics, released[1]["aspp0/BatchNorm/moving_variance"])
    assert isinstance(model, DeepLabV3)
    assert (model.output_stride, model.labels.name, model.crop_size) == (16, "pascal_voc", [513, 513])
    assert cached() == [FILE, f"{FILE}.sha256", f"{NAME}.keras"]
    assert publisher.requests == [None]

    again = load_released(NAME)
    assert publisher.requests == [None]
    image = np.random.default_rng(0).integers(0, 256, (1, 65, 65, 3), np.uint8)
    np.testing.assert_array_equal(again(image), model(image))


def test_kept_model_that_does_not_load_is_made_anew(publisher, released, cached, tmp_path, logged):
    folder = tmp_path / "keras" / "models" / "deeplab_tf"
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(released[0])
    (folder / f"{NAME}.keras").write_bytes(b"cut off")
    assert load_released(NAME).classes == 21
    assert f"{NAME}.keras does not load; converting it again" in logged.text
    logged.clear()
    assert load_released(NAME).classes == 21
    assert "converting" not in logged.text
    assert publisher.requests == []


def test_file_is_known_by_its_name_or_else_by_its_content(released, tmp_path):
    for name, crop_size in ((FILE, [513, 513]), ("mine.tar.gz", None)):
        (tmp_path / name).write_bytes(released[0])
        model = load_released(tmp_path / name)
        assert (model.backbone_name, model.get_config()["depth_multiplier"]) == ("mobilenet_v2", 0.5)
        assert (model.classes, model.get_config()["atrous_rates"]) == (21, ())
        assert model.crop_size == crop_size


@pytest.mark.shared
def test_graph_serves_where_there_is_no_checkpoint(shared, tmp_path):
    with tarfile.open(tmp_path / "graph.tar.gz", "w:gz") as archive:
        graph = shared / "weights" / "deeplabv3_mnv2_pascal_trainval_frozen.pb"
        archive.add(graph, "deeplabv3_mnv2_pascal_trainval/frozen_inference_graph.pb")
    model = load_released(tmp_path / "graph.tar.gz")
    assert (model.output_stride, model.count_params()) == (8, 2_146_645)


def test_failed_conversion_leaves_no_model(publisher, tmp_path, cached):
    shapes = mobilenet_v2(0.5) | aspp(160, 0) | logits(21)
    del shapes["MobilenetV2/expanded_conv_7/expand/weights"]
    publisher.content = archive_of(tmp_path / "lacking", shapes)[0]
    with pytest.raises(ValueError, match=r"missing in it: 1 of MobilenetV2 \(MobilenetV2/expanded_conv_7/expand"):
        load_released(NAME)
    assert cached() == [FILE, f"{FILE}.sha256"]


def test_damaged_download_leaves_nothing(publisher, cached):
    publisher.content = publisher.content[:-5000]
    with pytest.raises(ValueError, match=rf"{FILE} is cut off"):
        load_released(NAME)
    assert cached() == []


def test_kept_archive_that_was_changed_is_refused(publisher, released, tmp_path):
    folder = tmp_path / "keras" / "models" / "deeplab_tf"
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(released[0])
    load_released(NAME)
    (folder / f"{NAME}.keras").unlink()
    (folder / FILE).write_bytes(released[0] + b"more")
    with pytest.raises(ValueError, match=rf"{FILE}: its SHA-256 is .*that of the first download was"):
        load_released(NAME)


def test_failed_download_leaves_nothing_and_names_the_place(publisher, cached):
    publisher.status = 403
    with pytest.raises(ConnectionError, match=rf"403 Forbidden.*put it at .*deeplab_tf/{FILE}"):
        load_released(NAME)
    assert cached() == []


def test_weights_of_a_constructor(publisher, released, logged):
    model = DeepLabV3("mobilenet_v2", depth_multiplier=0.5, classes=5, atrous_rates=(), weights=NAME)
    assert f"weights {NAME}: " in logged.text
    stem = model.get_layer("MobilenetV2.Conv").get_weights()[0]
    np.testing.assert_array_equal(stem, released[1]["MobilenetV2/Conv/weights"])
    assert "weights" not in model.get_config()
    four = model.rebuild(input_shape=(None, None, 4))
    assert four.reinitialized == []


def test_backbones_are_compared_before_the_download(publisher):
    with pytest.raises(ValueError, match=r"weights for the backbone mobilenet_v2, .*; the model's is resnet_18"):
        DeepLabV3("resnet_18", classes=5, atrous_rates=(), filters=8, weights=NAME)
    with pytest.raises(ValueError, match=r"mobilenet_v2, depth multiplier 0\.5; the model's is .* multiplier 0\.25\."):
        DeepLabV3("mobilenet_v2", depth_multiplier=0.25, classes=5, atrous_rates=(), filters=8, weights=NAME)
    assert publisher.requests == []


def test_start_for_training_is_no_segmentation_model(publisher):
    with pytest.raises(ValueError, match=r"start for training.*DeepLabV3Plus\(\"xception_65\", weights="):
        load_released("xception_65_imagenet")
    assert publisher.requests == []


def test_imagenet_start_of_the_zoo_fills_the_backbone(publisher, tmp_path, monkeypatch, logged):
    content, values = archive_of(tmp_path / "start", mobilenet_v3("small") | logits(1001, 288))
    publisher.content = content
    entry = ZooEntry(START, "small.tar.gz", "ImageNet", "mobilenet_v3_small")
    monkeypatch.setitem(catalogue.ZOO, START, entry)
    monkeypatch.setitem(imagenet.ZOO_STARTS, "mobilenet_v3_small", START)
    model = deeplab_tf.LRASPP("mobilenet_v3_small", classes=3, weights="imagenet")
    assert "weights imagenet: " in logged.text
    stem = model.get_layer("MobilenetV3.Conv").get_weights()[0]
    np.testing.assert_array_equal(stem, values["MobilenetV3/Conv/weights"])


def test_unknown_names_list_the_close_ones():
    with pytest.raises(ValueError, match=r"Unknown released model 'mobilenetv2_dm05'.* file\. Did you mean"):
        load_released("mobilenetv2_dm05")
    with pytest.raises(ValueError, match=r"Unknown released model 'image_net'"):
        DeepLabV3("mobilenet_v2", depth_multiplier=0.25, classes=3, atrous_rates=(), weights="image_net")


def test_command_line_lists_and_imports(publisher, tmp_path, capsys):
    assert main(["zoo"]) == 0
    assert "xception71_dpc_cityscapes_trainval" in capsys.readouterr().out
    assert main(["import", NAME, "--output", str(tmp_path / "voc.keras")]) == 0
    assert "DeepLabV3 mobilenet_v2, depth multiplier 0.5, output stride 16, 21 classes" in capsys.readouterr().out
    assert deeplab_tf.load_model(tmp_path / "voc.keras").crop_size == [513, 513]
    assert main(["import", "xception66", "--output", str(tmp_path / "x.keras")]) == 2
    said = capsys.readouterr().err
    assert "Unknown released model 'xception66'" in said
    assert said.count("\n") == 1
