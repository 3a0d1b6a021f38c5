"""The table, the JSON and the drawing of a network's cost."""

import json

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.cost import draw_network, model_cost, named_model, skeleton
from deeplab_tf.cost.layout import layout


@pytest.fixture(scope="module")
def plus():
    return model_cost(skeleton("v3plus:mobilenet_v2", {"depth_multiplier": 0.35, "classes": 4}))


def test_groups_stand_at_their_strides(plus):
    strides = {group.name: plus.stride(group) for group in plus.groups}
    assert {name: strides[name] for name in ("stem", "expanded_conv_2", "expanded_conv_5", "aspp1", "decoder")} == {
        "stem": 2,
        "expanded_conv_2": 4,
        "expanded_conv_5": 8,
        "aspp1": 16,
        "decoder": 4,
    }
    groups = {group.name: group for group in plus.groups}
    assert groups["expanded_conv_14"].rates == ((2, 2),)
    assert (groups["aspp2"].rates, groups["aspp2"].channels) == (((12, 12),), 256)
    assert {source.group for source in groups["decoder"].inputs} == {"expanded_conv_2", "concat_projection"}
    assert {source.group for source in groups["concat_projection"].inputs} == {
        "image_pooling", "aspp0", "aspp1", "aspp2", "aspp3",
    }  # fmt: skip
    assert plus.output_stride == 16


def test_parts_and_groups_add_up(plus):
    for sums in (plus.by_part().values(), [(group.parameters, group.multiply_adds) for group in plus.groups]):
        assert tuple(map(sum, zip(*sums))) == (plus.parameters, plus.multiply_adds)


def test_the_table_has_a_row_a_group_and_the_totals(plus):
    lines = plus.table().splitlines()
    assert lines[0] == "DeepLabV3Plus mobilenet_v2, output stride 16, 4 classes, images of 513x513"
    row = next(line for line in lines if line.startswith("ASPP: aspp2")).split()
    assert row[2:5] == ["16", "256", "12"]
    total = next(line for line in lines if line.startswith("total"))
    assert f"{plus.parameters:,}" in total
    assert "100.0%" in total
    assert "MobilenetV2.expanded_conv_1.depthwise" in plus.table(layers=True)


def test_the_dictionary_is_json(plus):
    read = json.loads(json.dumps(plus.to_dict()))
    assert (read["parameters"], read["multiply_adds"]) == (plus.parameters, plus.multiply_adds)
    assert sum(layer["multiply_adds"] for layer in read["layers"]) == plus.multiply_adds
    assert [group["name"] for group in read["groups"]] == [group.name for group in plus.groups]


@pytest.mark.parametrize(
    "text, settings",
    [("v2:mobilenet_v2", {"multi_scale": True}), ("v1:large_fov", {"msc": True}), ("auto_deeplab", {})],
)
def test_boxes_do_not_cover_each_other_and_arrows_go_right(text, settings):
    nodes = layout(model_cost(skeleton(text, settings)))
    assert len({(node.column, node.level, node.slot) for node in nodes}) == len(nodes)
    assert all(nodes[source].column < node.column for node in nodes for source in node.inputs)
    assert all(node.inputs for node in nodes[1:])


def test_equal_blocks_of_a_long_backbone_are_one_box(plus):
    titles = [node.title for node in layout(plus)]
    assert titles[:6] == [
        "image", "stem", "expanded conv", "expanded conv 1–2", "expanded conv 3–5", "expanded conv 6–9",
    ]  # fmt: skip


def test_a_drawing_is_a_picture(plus, tmp_path):
    draw_network(plus, tmp_path / "network.png")
    picture = np.asarray(Image.open(tmp_path / "network.png").convert("RGB"))
    assert picture.shape[1] > picture.shape[0] > 500
    # The decoder's colour, and that of nothing else.
    assert (picture == (0x9A, 0xE6, 0xB4)).all(-1).sum() > 1000
    assert list(tmp_path.iterdir()) == [tmp_path / "network.png"]


def test_a_file_that_cannot_be_drawn_is_refused(plus, tmp_path):
    with pytest.raises(ValueError, match=r"\.png, \.pdf, \.svg; received .*network\.bmp"):
        draw_network(plus, tmp_path / "network.bmp")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text, settings, message",
    [
        ("v4:mobilenet_v2", {}, "Unknown model 'v4:mobilenet_v2'. Give one of v1, v2, v3, v3plus, .*trainaug"),
        ("v3:vgg_99", {}, "backbone must be one of .*received 'vgg_99'"),
        ("v1:5x5", {}, "variant must be one of .*received '5x5'"),
        ("v3:mobilenet_v2", {"rates": 3}, r"DeepLabV3 has no argument 'rates'.* It has \['backbone', "),
        ("v3:mobilenet_v2", {"weights": "imagenet"}, "no argument 'weights'"),
    ],
)
def test_unknown_names_are_refused(text, settings, message):
    with pytest.raises(ValueError, match=message):
        skeleton(text, settings)


def test_names_mean_models():
    small = named_model("v3:mobilenet_v2", {"depth_multiplier": 0.25, "atrous_rates": (), "classes": 3})
    assert small(np.zeros((1, 33, 33, 3), np.uint8)).shape == (1, 33, 33, 3)
    zoo = skeleton("mobilenetv2_coco_cityscapes_trainfine")
    assert (zoo.backbone_name, zoo.classes, zoo.output_stride) == ("mobilenet_v2", 19, 16)
