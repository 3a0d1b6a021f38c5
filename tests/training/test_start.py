"""The model that a run starts from: what follows the weights file, what the settings, and what is new."""

import numpy as np
import pytest

from deeplab_tf import DeepLabV3, DeepLabV3Plus, load_released, save_model
from deeplab_tf.datasets import open_dataset
from deeplab_tf.labels import label_spec
from deeplab_tf.layers import BatchNorm
from deeplab_tf.training import TrainConfig
from deeplab_tf.training.start import build_model, recalibrate, with_learning_rate

CAMVID = label_spec("camvid")
FROM_FILE = {"depth_multiplier": 0.25, "atrous_rates": (2,), "filters": 16, "output_stride": 8, "classes": 4}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A v3 model of unusual settings, as a file."""
    path = tmp_path_factory.mktemp("start") / "start.keras"
    save_model(DeepLabV3("mobilenet_v2", **FROM_FILE, crop_size=97, input_shape=(97, 97, 3)), path)
    return path


def build(**settings):
    return build_model(TrainConfig(data="-", output="-", crop_size=65, **settings), CAMVID)


def carried(model, source):
    """Names of the layers of `model` whose weights are those of `source`."""
    names = {layer.name: layer for layer in source.layers}
    return {
        layer.name
        for layer in model.layers
        if layer.weights and layer.name in names
        if [tuple(w.shape) for w in layer.weights] == [tuple(w.shape) for w in names[layer.name].weights]
        and all(np.array_equal(a, b) for a, b in zip(layer.get_weights(), names[layer.name].get_weights()))
    }


def test_defaults_without_weights():
    model = build()
    config = model.get_config()
    assert (type(model), config["backbone"], model.output_stride) == (DeepLabV3, "mobilenet_v2", 16)
    assert (config["atrous_rates"], config["depth_multiplier"], model.crop_size) == ((), None, [65, 65])
    assert model.labels == CAMVID


def test_the_network_follows_the_file_and_all_but_the_classifier_is_kept(file, logged):
    model = build(weights=str(file))
    config = model.get_config()
    assert [config[name] for name in ("depth_multiplier", "filters", "output_stride")] == [0.25, 16, 8]
    assert list(config["atrous_rates"]) == [2]
    assert (model.crop_size, list(config["input_shape"]), model.labels) == ([65, 65], [None, None, 3], CAMVID)
    source = DeepLabV3("mobilenet_v2", **FROM_FILE)
    source.load_weights(file)
    assert {layer.name for layer in model.layers if layer.weights} - carried(model, source) == {"logits.semantic"}
    assert "1 new (logits.semantic)" in logged.text


def test_weights_for_20_of_21_classes_leave_one_to_learn(tmp_path, logged):
    voc = label_spec("pascal_voc")
    small = {"depth_multiplier": 1 / 32, "atrous_rates": (), "output_stride": 8}
    others = {"name": "mine", "names": [name for name in voc.names if name != "sheep"]}
    source = DeepLabV3("vgg_16", labels=others, **small)
    save_model(source, tmp_path / "twenty.keras")
    model = build_model(TrainConfig(data="-", output="-", crop_size=65, weights=str(tmp_path / "twenty.keras")), voc)
    kernel, given = (one.get_layer("logits.semantic").get_weights()[0] for one in (model, source))
    known = [index for index, name in enumerate(voc.names) if name != "sheep"]
    np.testing.assert_array_equal(kernel[..., known], given)
    assert "; fresh: sheep." in logged.text


def test_settings_that_are_given_win(file):
    model = build(weights=str(file), output_stride=16, batch_norm="frozen")
    assert model.output_stride == 16
    assert model.get_config()["frozen_batch_norm"]


def test_another_model_takes_the_backbone(file, logged):
    model = build(weights=str(file), model="v3plus")
    assert type(model) is DeepLabV3Plus
    assert model.get_config()["depth_multiplier"] == 0.25
    source = DeepLabV3("mobilenet_v2", **FROM_FILE)
    source.load_weights(file)
    backbone = {layer.name for layer in source.layers if layer.weights and layer.name.startswith("MobilenetV2")}
    assert backbone <= carried(model, source)
    assert "decoder.decoder_conv0_depthwise" in logged.text


def test_weights_of_another_width_are_refused(file):
    with pytest.raises(ValueError, match=rf"{file} has no weights that fit the backbone mobilenet_v2"):
        build(weights=str(file), depth_multiplier=0.5)


def test_an_impossible_stride_is_refused():
    with pytest.raises(ValueError, match=r"output_stride must be one of 8, 16, 32; received 12"):
        build(output_stride=12)


def test_crops_smaller_than_the_stride_are_refused():
    with pytest.raises(ValueError, match="crop_size must be .*, above 32; received 32"):
        build_model(TrainConfig(data="-", output="-", crop_size=32, output_stride=32), CAMVID)


def test_missing_and_foreign_weights_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.keras"):
        build(weights=str(tmp_path / "gone.keras"))
    (tmp_path / "weights.onnx").write_text("")
    with pytest.raises(ValueError, match=r"weights\.onnx has no known format"):
        build(weights=str(tmp_path / "weights.onnx"))


@pytest.mark.shared
def test_a_released_deeplab_gives_its_network(shared):
    path = shared / "weights" / "deeplabv3_mnv2_dm05_pascal_quant.tflite"
    model = build(weights=str(path))
    assert model.get_config()["depth_multiplier"] == 0.5
    assert model.get_config()["atrous_rates"] in ((), [])
    assert carried(model, load_released(path)) >= {"MobilenetV2.Conv", "aspp0", "concat_projection.BatchNorm"}


@pytest.mark.shared
def test_a_released_classifier_gives_its_backbone(shared, logged):
    model = build(weights=str(shared / "weights" / "mobilenet_v2_1.0_224_quant.tflite"), model="v3plus")
    assert model.get_layer("MobilenetV2.Conv.BatchNorm").carries_folded
    assert not model.get_layer("aspp0.BatchNorm").carries_folded
    assert "aspp0" in logged.text


class TestRecalibration:
    @pytest.fixture
    def folded(self, tmp_path):
        """A file with the backbone's normalisation folded, as released files are imported."""
        model = DeepLabV3("mobilenet_v2", depth_multiplier=0.25, atrous_rates=(), labels="camvid")
        for layer in model.layers:
            if isinstance(layer, BatchNorm) and layer.name.startswith("MobilenetV2"):
                layer.load_folded(np.full(layer.gamma.shape, 0.25, np.float32))
        save_model(model, tmp_path / "folded.keras")
        return str(tmp_path / "folded.keras")

    def recalibrated(self, settings, **changes):
        left_open = dict.fromkeys(("backbone", "depth_multiplier", "atrous_rates"))
        config = TrainConfig(**{**settings, **left_open, **changes})
        dataset = open_dataset(config.data.folder)
        model = build_model(config, dataset.labels)
        return recalibrate(config, dataset, model), model

    def test_folded_layers_are_measured_by_default(self, settings, folded):
        names, model = self.recalibrated(settings, weights=folded, recalibrate=8)
        assert len(names) == 51
        assert all(name.startswith("MobilenetV2") for name in names)
        assert not model.get_layer("MobilenetV2.Conv.BatchNorm").carries_folded

    @pytest.mark.parametrize("changes", [{"recalibrate": 0}, {"batch_norm": "frozen"}])
    def test_not_where_it_is_unwanted(self, settings, folded, changes):
        names, model = self.recalibrated(settings, weights=folded, **changes)
        assert names == []
        assert model.get_layer("MobilenetV2.Conv.BatchNorm").carries_folded

    def test_fresh_models_are_left_alone(self, settings):
        assert self.recalibrated(settings)[0] == []


def test_learning_rate_left_open_is_lower_for_a_network_that_segments(tmp_path):
    save_model(DeepLabV3("mobilenet_v2", depth_multiplier=0.25, atrous_rates=(), classes=3), tmp_path / "m.keras")
    settings = {"data": "d", "output": "o"}
    assert with_learning_rate(TrainConfig(**settings)).learning_rate == 0.01
    assert with_learning_rate(TrainConfig(**settings, model="v1")).learning_rate == 0.001
    assert with_learning_rate(TrainConfig(**settings, optimizer="adam")).learning_rate == 0.001
    assert with_learning_rate(TrainConfig(**settings, weights=tmp_path / "m.keras")).learning_rate == 0.001
    assert with_learning_rate(TrainConfig(**settings, weights="m.keras", learning_rate=0.1)).learning_rate == 0.1


def test_setting_that_the_model_lacks_is_refused():
    config = TrainConfig(data="d", output="o", model="lr_aspp", atrous_rates=(6,))
    with pytest.raises(ValueError, match=r"LRASPP has no argument 'atrous_rates'.* It has \['backbone',"):
        build_model(config, label_spec("camvid"))


def test_new_aspp_takes_the_published_rates_where_the_crop_has_room_for_them():
    # 18 reaches beyond the 17 cells of a crop of 257, and within the 21 of 321.
    small, large = (TrainConfig(data="d", output="o", crop_size=side) for side in (257, 321))
    assert build_model(small, CAMVID).get_config()["atrous_rates"] == ()
    assert build_model(large, CAMVID).get_config()["atrous_rates"] == (6, 12, 18)
    too_wide = TrainConfig(data="d", output="o", crop_size=257, atrous_rates=(6, 12, 18))
    with pytest.raises(ValueError, match=r"17 cells a side.*Take a crop_size of 289 or more"):
        build_model(too_wide, CAMVID)


def test_further_arguments_reach_the_network():
    config = TrainConfig(
        data="data",
        output="run",
        model="auto_deeplab",
        network={"base_filters": 4, "decoder_strides": [8], "filters": 8},
    )
    model = build_model(config, label_spec(3))
    settings = model.get_config()
    assert (settings["base_filters"], settings["decoder_strides"], settings["filters"]) == (4, [8], 8)
    assert TrainConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(
    "network, message",
    [
        ({"multi_grids": [1, 2, 4]}, "has no argument 'multi_grids'; did you mean 'multi_grid'"),
        ({"labels": "camvid"}, "labels is a setting of the run itself"),
        ({"output_stride": 8}, "output_stride is a setting of the run itself"),
        (["multi_grid"], "network must be arguments by name"),
    ],
)
def test_impossible_arguments_of_the_network(network, message):
    with pytest.raises(ValueError, match=message):
        build_model(TrainConfig(data="data", output="run", network=network), label_spec(3))
