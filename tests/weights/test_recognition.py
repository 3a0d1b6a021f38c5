"""Networks found from the variables of checkpoints, for the release's backbones and heads, and its published counts."""

from pathlib import Path

import numpy as np
import pytest

import harness.release_variables as release
from deeplab_tf.models.without_values import without_values
from deeplab_tf.weights import load_checkpoint_model, zoo_entry
from deeplab_tf.weights.checkpoint_model import build_from_checkpoint
from deeplab_tf.weights.formats.checkpoint import Checkpoint
from deeplab_tf.weights.formats.variable_names import model_variables

FULL = release.aspp(2048)
# Of each network: its variables; published numbers of tensors, trainable and all values; the class; its arguments.
NETWORKS = {
    "mobilenet_v2": (
        release.mobilenet_v2() | release.aspp(320, 0) | release.logits(21), (272, 2_113_557, 2_146_645),
        "DeepLabV3", {"depth_multiplier": 1.0, "atrous_rates": ()},
    ),
    "mobilenet_v2 dm05": (
        release.mobilenet_v2(0.5) | release.aspp(160, 0) | release.logits(21), (272, 697_013, 714_325),
        "DeepLabV3", {"depth_multiplier": 0.5, "atrous_rates": ()},
    ),
    "mobilenet_v2 ade20k": (
        release.mobilenet_v2() | release.aspp(320, 0) | release.decoder(144) | release.logits(151),
        (297, 2_304_519, 2_339_847),
        "DeepLabV3Plus", {"depth_multiplier": 1.0, "atrous_rates": (), "decoder_strides": (4,), "separable": True},
    ),
    "xception_41": (
        release.xception(41) | FULL | release.decoder(256) | release.logits(21), (492, 28_108_661, 28_241_573),
        "DeepLabV3Plus", {"atrous_rates": None, "decoder_strides": (4,), "separable": True},
    ),
    "xception_71 cell": (
        release.xception(71) | release.cityscapes_cell(2048) | release.decoder(256) | release.logits(19),
        (812, 41_608_523, 41_818_955),
        "DeepLabV3Plus", {"dense_prediction_cell": "cityscapes", "decoder_strides": (4,)},
    ),
    "mobilenet_v3_large": (
        release.mobilenet_v3("large") | release.lr_aspp(480, 120, 19), (273, 1_507_198, 1_525_230),
        "LRASPP", {"decoder_stride": 8, "filters": 128, "output_stride": 32},
    ),
    "mobilenet_v3_small": (
        release.mobilenet_v3("small") | release.lr_aspp(288, 88, 19), (217, 468_830, 477_454),
        "LRASPP", {"decoder_stride": 8, "filters": 128, "output_stride": 32},
    ),
    "resnet_50_beta": (
        release.resnet(50, beta=True) | FULL | release.decoder(256) | release.logits(21),
        (347, 26_819_909, 26_891_013), "DeepLabV3Plus", {"atrous_rates": None},
    ),
    "resnet_101_beta": (
        release.resnet(101, beta=True) | FULL | release.decoder(256) | release.logits(21),
        (602, 45_812_037, 45_935_365), "DeepLabV3Plus", {"atrous_rates": None},
    ),
    "resnet_50": (
        release.resnet(50, beta=False) | release.aspp(2048, dense=True) | release.logits(21), None,
        "DeepLabV3", {"separable": False, "output_stride": 16},
    ),
    "mobilenet_edgetpu": (
        release.mobilenet_edgetpu() | release.aspp(1280, 0) | release.logits(19), None,
        "DeepLabV3", {"depth_multiplier": 1.0, "atrous_rates": ()},
    ),
    "mobilenet_edgetpu_slim": (
        release.mobilenet_edgetpu(slim=True) | release.aspp(1280, 0, filters=128) | release.logits(19, 128), None,
        "DeepLabV3", {"depth_multiplier": 0.75, "filters": 128, "atrous_rates": ()},
    ),
    "hnasnet": (
        release.nas("hnasnet") | release.aspp(200, dense=True) | release.decoder(100, dense=True) | release.logits(19),
        (None, 10_147_427, None), "AutoDeepLab", {"base_filters": 20, "filters": 256, "output_stride": 8},
    ),
    "mobilenet_v2 sum merge, plain": (
        release.mobilenet_v2() | release.aspp(320) | release.decoder_by_sum(144, dense=True) | release.logits(21), None,
        "DeepLabV3Plus", {"separable": True, "decoder_separable": False, "decoder_merge": "sum"},
    ),
    "mobilenet_v2 sum merge, separable, no image pooling": (
        release.mobilenet_v2() | release.aspp(320, pooling=False) | release.decoder_by_sum(144)
        | release.logits(21), None,
        "DeepLabV3Plus", {"separable": True, "decoder_separable": None, "decoder_merge": "sum", "image_pooling": False},
    ),
    "mobilenet_v2 logits in the decoder": (
        release.mobilenet_v2() | release.aspp(320) | release.decoder_logits(144, 21), None,
        "DeepLabV3Plus", {"decoder_merge": "sum", "decoder_logits": True, "classes": 21},
    ),
    "pnasnet": (
        release.nas("pnasnet") | release.aspp(400) | release.logits(21), None,
        "DeepLabV3", {"separable": True, "output_stride": 16},
    ),
}  # fmt: skip
# Entries of the zoo that together have all its networks but for output stride and classes.
ENTRIES = {
    "mobilenetv2_coco_voc_trainaug_8bit": "mobilenet_v2",
    "mobilenetv2_dm05_coco_voc_trainval": "mobilenet_v2 dm05",
    "mobilenetv2_ade20k_train": "mobilenet_v2 ade20k",
    "mobilenetv3_large_cityscapes_trainfine": "mobilenet_v3_large",
    "mobilenetv3_small_cityscapes_trainfine": "mobilenet_v3_small",
    "xception71_dpc_cityscapes_trainval": "xception_71 cell",
    "edgetpu_deeplab": "mobilenet_edgetpu",
    "edgetpu_deeplab_slim": "mobilenet_edgetpu_slim",
}


def counts(shapes):
    sizes = {name: int(np.prod(shape)) for name, shape in shapes.items()}
    return len(sizes), sum(size for name, size in sizes.items() if "/moving_" not in name), sum(sizes.values())


@pytest.mark.parametrize("name", [name for name, network in NETWORKS.items() if network[1]])
def test_the_lists_themselves_have_the_published_counts(name):
    shapes, published, *_ = NETWORKS[name]
    for count, expected in zip(counts(shapes), published, strict=True):
        assert expected in (count, None)


def test_the_list_of_the_edgetpu_backbone_has_its_published_counts():
    assert counts(release.mobilenet_edgetpu()) == (290, 2_810_432, 2_849_312)


def built(shapes, settings=None):
    """The network for a checkpoint of these shapes, without values, and its own names and shapes."""
    checkpoint = Checkpoint(Path("model.ckpt"), shapes, {}, None)
    model = without_values(lambda: build_from_checkpoint(checkpoint, settings))
    found = {key: tuple(weight.shape) for layer in model_variables(model).values() for key, weight in layer.items()}
    return model, found


@pytest.mark.parametrize("name", NETWORKS)
def test_network_is_found_and_has_these_variables(name):
    shapes, _, kind, settings = NETWORKS[name]
    model, found = built(shapes)
    assert type(model).__name__ == kind
    config = model.get_config()
    assert {key: config[key] for key in settings} == settings
    assert model.backbone_name == name.split()[0]
    assert found == shapes


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_arguments_of_the_zoo_give_these_variables(entry):
    shapes, _, kind, _ = NETWORKS[ENTRIES[entry]]
    model, found = built(shapes, zoo_entry(entry).arguments)
    assert (type(model).__name__, found) == (kind, shapes)


@pytest.mark.parametrize("name", ["mobilenet_v2 dm05", "mobilenet_v2 ade20k", "mobilenet_v3_small"])
def test_every_value_lands_under_its_name(name, tmp_path):
    values = release.random_values(NETWORKS[name][0])
    model = load_checkpoint_model(release.write(tmp_path / "model.ckpt", values))
    assert sum(len(layer.weights) for layer in model.layers) == len(values)
    for variable, value in values.items():
        np.testing.assert_array_equal(release.value_in(model, variable), value, err_msg=variable)
