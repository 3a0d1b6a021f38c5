"""DeepLabv3 against the harness, the published parameter counts, and the released checkpoint's variables."""

import numpy as np
import pytest

from deeplab_tf import DeepLabV3
from harness.model_harness import ModelHarness
from harness.variables import checkpoint_variables, counts, model_variables


class TestDeepLabV3(ModelHarness):
    model_class = DeepLabV3


# Of the released checkpoints and of the original code's variable lists, at 21 classes.
@pytest.mark.parametrize(
    "settings, trainable, all_values",
    [
        ({"atrous_rates": ()}, 2_113_557, 2_146_645),
        ({"atrous_rates": (), "depth_multiplier": 0.5}, 697_013, 714_325),
    ],
)
def test_parameter_counts(settings, trainable, all_values):
    assert counts(DeepLabV3(**{"backbone": "mobilenet_v2", **settings})) == (trainable, all_values)


def test_parameter_count_with_aspp():
    assert counts(DeepLabV3("mobilenet_v2"))[0] == 4_523_541


@pytest.mark.shared
def test_variables_are_those_of_the_released_checkpoint(shared):
    released = checkpoint_variables(shared, "mobilenet_v2_pascal_21_classes.tsv")
    assert model_variables(DeepLabV3("mobilenet_v2", atrous_rates=())) == released


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"output_stride": 12}, r"output_stride must be one of 8, 16, 32; received 12"),
        ({"backbone": "vgg_99"}, "backbone must be one of .*mobilenet_v2.*received 'vgg_99'"),
        ({"classes": 5, "labels": "camvid"}, "classes=5 contradicts the label specification 'camvid' of 11"),
        ({"crop_size": 16}, "crop_size must be .*, above 16; received 16. The output stride is 16"),
        ({"crop_size": (65, 65, 3)}, "crop_size"),
        ({"image_size": 0}, "image_size must be a side .*received 0"),
        ({"depth_multiplier": 0}, "depth_multiplier must be a number above 0.*received 0"),
        ({"classes": -1}, "a number of classes from 2 to 65536; received -1"),
        ({"labels": "moon"}, "labels must be one of .*received 'moon'"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        DeepLabV3(**{"backbone": "mobilenet_v2", **settings})


def test_the_cascaded_form_classifies_its_last_block():
    model = DeepLabV3("resnet_18", classes=3, cascade_blocks=2, multi_grid=(1, 2), depth_multiplier=1 / 8)
    last = "resnet_v1_18.block6.unit_2.lite_bottleneck_v1"
    assert model.get_layer("logits.semantic").input is model.get_layer(f"{last}.relu").output
    assert model.get_layer(f"{last}.conv2").dilation_rate == (16, 16)
    assert model(np.zeros((1, 65, 49, 3), np.uint8)).shape == (1, 65, 49, 3)
    finer = model.rebuild(output_stride=8)
    assert finer.reinitialized == []
    assert finer.get_layer(f"{last}.conv2").dilation_rate == (32, 32)


@pytest.mark.parametrize(
    "settings, message",
    [
        (
            {"backbone": "resnet_18", "cascade_blocks": 4},
            "cascade_blocks must be .*from 0 to 3; received 4",
        ),
        ({"backbone": "mobilenet_v2", "cascade_blocks": 1}, "'mobilenet_v2' has no cascade_blocks"),
        ({"backbone": "resnet_18", "cascade_blocks": 1, "atrous_rates": (6,)}, "no ASPP.*Leave one of the two out"),
        ({"backbone": "resnet_18", "multi_grid": (1, 2, 4)}, r"multi_grid must be 2 whole.*received \(1, 2, 4\)"),
        ({"backbone": "resnet_18", "divisible_by": 8}, "'resnet_18' has no divisible_by"),
    ],
)
def test_settings_that_the_backbone_lacks_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        DeepLabV3(**settings)


def test_unknown_rebuild_setting_is_refused():
    model = DeepLabV3("mobilenet_v2", atrous_rates=(), depth_multiplier=0.25)
    with pytest.raises(ValueError, match="no argument 'stride'; did you mean 'output_stride'"):
        model.rebuild(stride=8)


def test_rebuild_keeps_canvas_and_given_labels():
    model = DeepLabV3(
        "mobilenet_v2", atrous_rates=(), depth_multiplier=0.25, labels="camvid", crop_size=65, image_size=97
    )
    finer = model.rebuild(output_stride=8)
    assert finer.image_size == (97, 97)
    assert (finer.crop_size, finer.labels.name, finer.output_stride) == ([65, 65], "camvid", 8)
    other = model.rebuild(labels="cityscapes")
    assert (other.crop_size, other.labels.name, other.classes) == ([65, 65], "cityscapes", 19)


def test_settings_of_before_image_size_have_none():
    settings = DeepLabV3("mobilenet_v2", atrous_rates=(), depth_multiplier=0.25, image_size=97).settings
    del settings["image_size"]
    assert DeepLabV3.from_config(settings).image_size is None
