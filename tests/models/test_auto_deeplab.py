"""Auto-DeepLab against the harness and the published parameter counts."""

import json

import pytest

from deeplab_tf import AutoDeepLab
from deeplab_tf.backbones.genotype import genotype
from deeplab_tf.models.without_values import without_values
from harness.model_harness import CLASSES, ModelHarness
from harness.variables import counts, model_variables

# Every operation in few cells: the published network has twelve.
GENES = {
    "operations": ["atrous_3x3", "separable_3x3_2", "none", "max_pool_3x3", "avg_pool_3x3", "separable_5x5_1"],
    "hidden_states": [1, 0, 0, 1, 2, 3],
    "used_states": [1, 1, 0, 0, 0],
    "path": [0, 1, 2, 1],
}


class TestAutoDeepLab(ModelHarness):
    model_class = AutoDeepLab
    small = {"genotype": GENES, "base_filters": 4, "filters": 16, "classes": CLASSES}  # noqa: RUF012


# Published as 10.15, 21.62 and 44.42 million.
@pytest.mark.parametrize("filters, trainable", [(20, 10_147_427), (32, 21_622_451), (48, 44_424_691)])
def test_parameter_counts(filters, trainable):
    model = without_values(lambda: AutoDeepLab(base_filters=filters))
    assert counts(model)[0] == trainable
    assert (model.classes, model.output_stride) == (19, 8)
    assert model.get_layer("aspp1").dilation_rate == (12, 12)


@pytest.mark.parametrize("given", ["conv_deconv", {**GENES, "path": [0, 0], "taps": [[4, -1]], "reduction": "inputs"}])
def test_a_path_may_end_at_stride_4(given):
    model = without_values(lambda: AutoDeepLab(given, base_filters=2, filters=8, classes=3))
    assert (model.output_stride, model.get_layer("aspp1").dilation_rate) == (4, (24, 24))
    assert model.get_layer("decoder.resize").output.shape[-1] == 8


def test_variables_have_the_original_codes_names():
    variables = model_variables(AutoDeepLab(**TestAutoDeepLab.small))
    prefix = "hnasnet/cell_1/comb_iter_0"
    assert variables["hnasnet/conv0_bn/gamma"] == (64,)
    assert variables[f"{prefix}/left/atrous_3x3/weights"] == (3, 3, 8, 8)
    assert variables[f"{prefix}/left/bn_atr_3x3/beta"] == (8,)
    assert variables[f"{prefix}/right/separable_3x3_1/depthwise_weights"] == (3, 3, 8, 1)
    assert variables[f"{prefix}/right/separable_3x3_1/pointwise_weights"] == (1, 1, 8, 8)
    assert variables[f"{prefix}/right/bn_sep_3x3_2/moving_mean"] == (8,)


def test_the_genotype_travels_as_data(tmp_path):
    path = tmp_path / "genes.json"
    path.write_text(genotype(GENES).to_json())
    model = AutoDeepLab(**{**TestAutoDeepLab.small, "genotype": path})
    path.unlink()
    config = model.get_config()
    assert genotype(json.loads(json.dumps(config))["genotype"]) == genotype(GENES)
    assert model.rebuild(drop_path_keep=0.5).reinitialized == []


def test_a_description_of_before_keeps_its_widths_and_its_frozen_layers():
    model = AutoDeepLab(**TestAutoDeepLab.small)
    for layer in model.backbone_layers[:9]:
        layer.trainable = False
    config = json.loads(json.dumps(model.get_config()))
    (carrier,) = (layer["config"] for layer in config["layers"] if layer["class_name"] == "ImageNormalization")
    network = json.loads(carrier["network"])
    for settings in (config, network):
        # As they were called: the network's width `filters`, the head's `head_filters`.
        settings["head_filters"], settings["filters"] = settings["filters"], settings["base_filters"]
        # They came later.
        del settings["depth_multiplier"], settings["genotype"]["version"], settings["genotype"]["reduction"]
    del config["base_filters"]
    carrier["network"] = json.dumps(network)
    again = AutoDeepLab.from_config(config)
    genes = genotype(again.settings["genotype"]).to_dict()
    assert json.dumps({**again.settings, "genotype": genes}) == json.dumps(model.settings)
    assert [layer.trainable for layer in again.layers] == [layer.trainable for layer in model.layers]
    assert counts(again) == counts(model)
    assert again.rebuild(depth_multiplier=0.5).get_layer("hnasnet.conv0").filters == 32
    changed = AutoDeepLab.from_config({**config, "depth_multiplier": 0.25})
    assert changed.get_layer("hnasnet.conv0").filters == 16


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"genotype": "darts"}, "genotype must be one of .*received 'darts'"),
        ({"genotype": {**GENES, "hidden_states": [9] * 6}}, "refers to state 9, which does not exist"),
        ({"base_filters": 0}, "base_filters must be a whole number above 0.*received 0"),
        ({"head_filters": 8}, "no argument 'head_filters'; did you mean 'filters'"),
        ({"output_stride": 16}, "path ends at stride 8; received output_stride=16"),
        ({"decoder_strides": (2,)}, r"no decoder features at stride 2; it has them at \[4, 8\]"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        AutoDeepLab(**{**TestAutoDeepLab.small, **settings})
