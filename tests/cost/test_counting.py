"""Multiply-adds and parameters against published and worked-out counts."""

import functools
import json
import sys
from pathlib import Path

import keras
import pytest

from deeplab_tf import LRASPP, DeepLabV2
from deeplab_tf.cost import model_cost, place, skeleton
from deeplab_tf.layers import BatchNorm

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
import model_table  # noqa: E402 (a script, not part of the package)

SQUARE, CITYSCAPES = (513, 513), (1025, 2049)
PLAIN, NO_ASPP = {"separable": False}, {"atrous_rates": ()}


@functools.cache
def counted(text, settings, size):
    return model_cost(skeleton(text, json.loads(settings)), size)


def cost(text, settings=None, size=SQUARE):
    """Counted once for all tests that ask for it."""
    return counted(text, json.dumps(settings or {}), size)


# Thousand millions, worked out layer by layer from the papers' layouts without the padding that the published
# figures of dense atrous convolutions contain; parameters at 21 classes, of Cityscapes at 19.
@pytest.mark.parametrize(
    "text, settings, size, parameters, expected",
    [
        ("v1:large_fov", {}, SQUARE, 20_505_429, 128.6),
        ("v1:large_fov", {}, (321, 321), 20_505_429, 50.9),
        ("v1:large_fov", {}, (129, 129), 20_505_429, 8.6),
        ("v3:mobilenet_v2", NO_ASPP, SQUARE, 2_113_557, 2.74),
        ("v3:mobilenet_v2", NO_ASPP | {"output_stride": 8}, SQUARE, 2_113_557, 8.83),
        ("v3:mobilenet_v2", {}, SQUARE, 4_523_541, 5.36),
        ("v3:mobilenet_v2", NO_ASPP | {"classes": 19}, CITYSCAPES, 2_113_043, 21.23),
        ("v3:resnet_50_beta", {}, SQUARE, 39_172_309, 55.43),
        ("v3plus:resnet_50_beta", PLAIN, SQUARE, 40_475_957, 77.19),
        ("v3:resnet_101_beta", {}, SQUARE, 58_164_437, 76.05),
        ("v3:resnet_101_beta", {"output_stride": 8}, SQUARE, 58_164_437, 252.25),
        ("v3plus:resnet_101_beta", PLAIN, SQUARE, 59_468_085, 97.81),
        ("v3plus:resnet_101_beta", PLAIN | {"output_stride": 8}, SQUARE, 59_468_085, 273.99),
        ("v3:xception_65", {}, SQUARE, 53_407_813, 64.92),
        ("v3plus:xception_65", PLAIN, SQUARE, 54_711_461, 86.68),
        ("v3plus:xception_65", {}, SQUARE, 41_055_413, 54.04),
        ("v3plus:xception_65", {"output_stride": 8}, SQUARE, 41_055_413, 176.85),
        ("xception65_cityscapes_trainfine", {}, CITYSCAPES, 41_054_899, 418.38),
        ("v3plus:xception_41", {}, SQUARE, 28_108_661, 40.01),
        ("v3plus:xception_71", {}, SQUARE, 43_477_837, 66.07),
        ("v3plus:xception_71", {"output_stride": 8, "classes": 19}, CITYSCAPES, 43_477_323, 1491.6),
        ("auto_deeplab", {}, CITYSCAPES, 10_147_427, 320.45),
        ("auto_deeplab", {"base_filters": 48}, CITYSCAPES, 44_424_691, 662.42),
    ],
)
def test_counts_of_the_papers(text, settings, size, parameters, expected):
    found = cost(text, settings, size)
    assert found.parameters == parameters
    assert found.multiply_adds / 1e9 == pytest.approx(expected, rel=1e-3)
    assert found.not_counted == ()


# Published, of separable networks, whose figures contain no padding worth the name.
@pytest.mark.parametrize(
    "text, settings, size, published",
    [
        ("mobilenetv2_dm05_coco_voc_trainaug", {}, SQUARE, 0.88),
        ("v3plus:xception_65", {}, SQUARE, 54.17),
        ("v3plus:xception_65", {"output_stride": 8}, SQUARE, 177.10),
        ("xception65_cityscapes_trainfine", {}, CITYSCAPES, 418.64),
        ("xception71_dpc_cityscapes_trainfine", {}, CITYSCAPES, 502.07),
    ],
)
def test_published_counts_are_near(text, settings, size, published):
    assert cost(text, settings, size).multiply_adds / 1e9 == pytest.approx(published, rel=0.015)


def worked_example():
    x = images = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same", name="plain")(x)
    x = BatchNorm(name="norm")(x)
    x = keras.layers.SeparableConv2D(5, 3, padding="same", use_bias=False, name="separable")(x)
    x = keras.layers.DepthwiseConv2D(3, padding="valid", depth_multiplier=2, name="depthwise")(x)
    x = keras.layers.Conv2D(6, 1, groups=2, name="grouped")(x)
    x = keras.layers.Conv2DTranspose(2, 2, strides=2, name="transposed")(x)
    return keras.Model(images, keras.layers.Dense(7, name="dense")(x))


def test_a_worked_example():
    found = model_cost(worked_example(), (8, 12))
    rows = {layer.name: (layer.output, layer.parameters, layer.multiply_adds) for layer in found.layers}
    assert rows == {
        "plain": ((4, 6, 4), 3 * 9 * 4 + 4, 24 * 27 * 4),
        "norm": ((4, 6, 4), 8, 0),
        "separable": ((4, 6, 5), 4 * 9 + 4 * 5, 24 * (36 + 20)),
        "depthwise": ((2, 4, 10), 90 + 10, 8 * 90),
        "grouped": ((2, 4, 6), 5 * 6 + 6, 8 * 30),
        "transposed": ((4, 8, 2), 4 * 6 * 2 + 2, 8 * 48),
        "dense": ((4, 8, 7), 14 + 7, 32 * 14),
    }
    assert (found.values, found.trainable) == (found.parameters + 8, found.parameters)


def test_nested_models_count_as_their_layers_and_shared_ones_once_per_call():
    inner = worked_example()
    images = keras.Input((None, None, 3), name="image")
    small = keras.layers.AveragePooling2D(2, name="half")(images)
    outer = keras.Model(images, [inner(images), inner(small)])
    found, alone = model_cost(outer, (16, 24)), [model_cost(inner, size).multiply_adds for size in ((16, 24), (8, 12))]
    assert (found.multiply_adds, found.parameters) == (sum(alone), model_cost(inner, (16, 24)).parameters)
    assert {layer.calls for layer in found.layers if "/" in layer.name} == {2}


def test_several_scales_share_their_weights_and_each_is_counted():
    settings = {"depth_multiplier": 0.35, "output_stride": 16}
    model = DeepLabV2("mobilenet_v2", multi_scale=True, **settings)
    found, alone = model_cost(model), model_cost(model.rebuild(multi_scale=False))
    assert found.parameters == alone.parameters
    assert found.scale_multiply_adds == {
        scale: model_cost(model.rebuild(multi_scale=False), (side, side)).multiply_adds
        for scale, side in ((1.0, 513), (0.75, 385), (0.5, 257))
    }
    assert sum(found.scale_multiply_adds.values()) == found.multiply_adds


def test_nothing_of_the_model_changes():
    model = LRASPP("mobilenet_v3_small", depth_multiplier=0.25, classes=3)
    before = [(layer.name, layer.output.shape) for layer in model.layers]
    model.compile("sgd", lambda truth, logits: 0.0)
    model_cost(model, (65, 97))
    assert [(layer.name, layer.output.shape) for layer in model.layers] == before


@keras.saving.register_keras_serializable(package="tests")
class Mixing(keras.layers.Layer):
    def build(self, shape):
        self.matrix = self.add_weight(shape=(shape[-1], 2))

    def call(self, maps):
        return maps @ self.matrix


def test_a_layer_that_nobody_can_count_is_named():
    images = keras.Input((None, None, 3))
    found = model_cost(keras.Model(images, Mixing(name="mixing")(images)), (4, 4))
    assert (found.not_counted, found.multiply_adds, found.parameters) == (("mixing",), 0, 6)
    assert "Multiply-adds unknown, and left out: mixing." in found.table()


@pytest.mark.parametrize(
    "model, size, message",
    [
        (lambda: "v3", SQUARE, "one image input can be counted; received 'v3'"),
        (lambda: keras.Sequential(), SQUARE, "one image input can be counted"),
        (worked_example, (513,), r"height and the width .* received \(513,\)"),
        (worked_example, (0, 5), r"received \(0, 5\)"),
        (worked_example, (5, 5, 1), r"image of 3 channels.*received \(5, 5, 1\)"),
    ],
)
def test_what_cannot_be_counted_is_refused(model, size, message):
    with pytest.raises(ValueError, match=message):
        model_cost(model(), size)


@pytest.mark.parametrize(
    "name, part, group",
    [
        ("xception_65.middle_flow.block1.unit_3.xception_module.add", "backbone", "middle_flow.block1"),
        ("xception_65.entry_flow.conv1_2.BatchNorm", "stem", "stem"),
        ("resnet_v1_50.conv1_2", "stem", "stem"),
        ("vgg_16.pool3.pad", "backbone", "conv3"),
        ("vgg_16.fc6_2.dropout", "fully connected", "fc6_2"),
        ("MobilenetV3.expanded_conv.project", "backbone", "expanded_conv"),
        ("hnasnet.cell_11.comb_iter_0.left.1x1", "backbone", "cell_11"),
        ("aspp2_depthwise.BatchNorm", "ASPP", "aspp2"),
        ("decoder.decoder_conv0_1_pointwise", "decoder", "decoder"),
        ("logits.semantic_3", "classifier", "logits.semantic_3"),
        ("conv2d_7", "other", "conv2d_7"),
    ],
)
def test_names_tell_the_part(name, part, group):
    assert (place(name).part, place(name).group) == (part, group)


def test_the_table_in_the_docs_is_what_the_script_prints():
    rows = [model_table.row(row, cost(row.text, row.settings)) for row in model_table.ROWS]
    assert "\n".join([*model_table.HEAD, *rows]) in (ROOT / "docs/models.md").read_text(encoding="utf-8")


def test_every_layer_of_the_family_has_a_part():
    found = {layer.name: layer.part for row in model_table.ROWS for layer in cost(row.text, row.settings).layers}
    assert [name for name, part in found.items() if part == "other"] == []
