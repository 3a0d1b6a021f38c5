"""Searched backbones against the original code's shapes, names and padding."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.backbones import backbone, hnasnet, pnasnet
from deeplab_tf.backbones.genotype import genotype
from deeplab_tf.layers import DropPath
from harness.backbone_harness import network

# Every operation, with and without a stride, going down, staying and going up.
GENES = {
    "operations": ["atrous_3x3", "separable_3x3_2", "none", "max_pool_3x3", "avg_pool_3x3", "none"],
    "hidden_states": [1, 0, 0, 1, 2, 3],
    "used_states": [1, 1, 0, 0, 0],
    "path": [0, 1, 2, 1],
}


def size(tensor):
    return tuple(tensor.shape[1:])


def test_shapes_are_those_of_the_original_test():
    images = keras.Input((321, 321, 3))
    model = keras.Model(images, hnasnet(images, base_filters=10).last)
    expected = [(81, 50)] * 3 + [(41, 100), (21, 200), (41, 100)] + [(21, 200)] * 2 + [(11, 400)] * 2
    expected += [(21, 200), (41, 100)]
    cells = [model.get_layer(f"hnasnet.cell_{index}.cell_output").output for index in range(12)]
    assert [size(cell) for cell in cells] == [(side, side, channels) for side, channels in expected]
    assert size(model.get_layer("hnasnet.conv2_bn").output) == (81, 81, 128)
    assert size(model.output) == (41, 41, 100)


@pytest.mark.parametrize(
    "output_stride, last, taps",
    [
        (8, (41, 41, 100), {4: (81, 81, 128), 8: (41, 41, 100)}),
        (16, (21, 21, 200), {4: (81, 81, 128), 8: (41, 41, 100), 16: (21, 21, 200)}),
        (32, (11, 11, 400), {4: (81, 81, 128), 8: (41, 41, 100), 16: (21, 21, 200)}),
    ],
)
def test_pnasnet_shapes(output_stride, last, taps):
    features = pnasnet(keras.Input((321, 321, 3)), base_filters=10, output_stride=output_stride)
    assert size(features.last) == last
    assert {stride: size(tap) for stride, tap in features.taps.items()} == taps


@pytest.fixture(scope="module")
def small():
    keras.utils.set_random_seed(5)
    return network(hnasnet, 8, genotype=GENES, base_filters=3, drop_path_keep=0.2)


@pytest.mark.parametrize("height, width", [(65, 97), (64, 90), (33, 50), (17, 17)])
def test_any_size_in_a_graph_of_unknown_sizes(small, height, width):
    images = np.random.default_rng(0).uniform(0, 255, (2, height, width, 3)).astype(np.float32)
    graph = tf.function(small, input_signature=[tf.TensorSpec((None, None, None, 3))])
    expected = small(images)
    assert expected["4"].shape[1:3] == (-(-height // 4), -(-width // 4))
    for name, values in graph(images).items():
        np.testing.assert_allclose(values, expected[name], atol=1e-4)


def test_names_are_the_scopes_of_the_original_code(small):
    names = {layer.name for layer in small.layers if layer.weights}
    assert {
        "hnasnet.conv0", "hnasnet.conv0_bn", "hnasnet.cell_0.1x1", "hnasnet.cell_0.beginning_bn",
        "hnasnet.cell_0.prev_1x1", "hnasnet.cell_0.prev_bn", "hnasnet.cell_0.comb_iter_0.left.atrous_3x3",
        "hnasnet.cell_0.comb_iter_0.left.bn_atr_3x3", "hnasnet.cell_0.comb_iter_0.right.separable_3x3_2",
        "hnasnet.cell_0.comb_iter_0.right.bn_sep_3x3_2", "hnasnet.cell_1.comb_iter_1.left.1x1",
        "hnasnet.cell_1.comb_iter_1.left.bn_1",
    } <= names  # fmt: skip
    assert "hnasnet.cell_0.comb_iter_1.left.1x1" not in names
    assert all(layer.name.startswith("hnasnet.") for layer in small.layers[1:])
    assert all(not weight.path.endswith("bias") for weight in small.weights)


def test_atrous_convolutions_lose_their_rate_where_they_halve(small):
    rates = [small.get_layer(f"hnasnet.cell_{cell}.comb_iter_0.left.atrous_3x3").dilation_rate for cell in range(4)]
    assert rates == [(2, 2), (1, 1), (1, 1), (2, 2)]


@pytest.fixture(scope="module")
def halved_inputs():
    keras.utils.set_random_seed(5)
    return network(hnasnet, 8, genotype={**GENES, "reduction": "inputs"}, base_filters=3)


def test_cells_that_halve_in_their_inputs(halved_inputs):
    layer = halved_inputs.get_layer
    first = [layer(f"hnasnet.cell_{cell}.1x1") for cell in range(4)]
    assert [(conv.kernel_size[0], conv.strides[0]) for conv in first] == [(1, 1), (3, 2), (3, 2), (1, 1)]
    rates = [layer(f"hnasnet.cell_{cell}.comb_iter_0.left.atrous_3x3").dilation_rate for cell in range(4)]
    assert rates == [(2, 2)] * 4
    pools = [layer(f"hnasnet.cell_{cell}.comb_iter_1.right.max_pool").strides for cell in range(4)]
    assert pools == [(1, 1)] * 4
    # Only a halving identity has a convolution.
    assert not [found.name for found in halved_inputs.layers if "comb_iter_1.left" in found.name]


@pytest.mark.parametrize("height, width", [(65, 97), (64, 90)])
def test_halved_inputs_have_the_size_of_the_output(halved_inputs, height, width):
    graph = tf.function(halved_inputs, input_signature=[tf.TensorSpec((None, None, None, 3))])
    images = np.random.default_rng(0).uniform(0, 255, (1, height, width, 3)).astype(np.float32)
    # Down to stride 16, and twice that with aligned corners.
    assert graph(images)["last"].shape[1:3] == (-(-height // 16) * 2 - 1, -(-width // 16) * 2 - 1)


def test_the_earlier_map_always_has_its_convolution_where_inputs_are_halved():
    # 2 states x 4 channels: as many as cell 3 has at twice the stride, so that the release leaves the convolution out.
    genes = {
        "operations": ["none"] * 4, "hidden_states": [0, 1, 2, 0], "used_states": [1, 1, 0, 0], "path": [0, 0, 0, 1, 1],
    }  # fmt: skip
    found = {}
    for reduction in ("operations", "inputs"):
        images = keras.Input((33, 33, 3))
        model = keras.Model(images, hnasnet(images, genotype={**genes, "reduction": reduction}, base_filters=4).last)
        found[reduction] = {layer.name for layer in model.layers if layer.name.endswith("prev_1x1")}
    assert found["inputs"] - found["operations"] == {"hnasnet.cell_3.prev_1x1", "hnasnet.cell_4.prev_1x1"}
    assert len(found["inputs"]) == 5


def test_drop_path_drops_more_in_later_cells_and_nothing_on_identities(small):
    drops = {layer.name: layer.rate for layer in small.layers if isinstance(layer, DropPath)}
    left = "hnasnet.cell_{}.comb_iter_0.left.drop_path"
    # 1 - keep = (cell + 1) / cells x (1 - 0.2).
    np.testing.assert_allclose([drops[left.format(cell)] for cell in range(4)], [0.2, 0.4, 0.6, 0.8])
    assert len(drops) == 4 * 4
    assert "hnasnet.cell_0.comb_iter_1.left.drop_path" not in drops


def test_strided_convolutions_pad_alike_on_both_sides():
    # The sample of place (0, 0) sees one row of padding for even sizes too.
    images = keras.Input((8, 8, 3))
    model = keras.Model(images, hnasnet(images, genotype=GENES, base_filters=2).last)
    stem = keras.Model(images, model.get_layer("hnasnet.conv0").output)
    kernel = np.zeros((3, 3, 3, 64), np.float32)
    kernel[0, 0] = 1
    stem.get_layer("hnasnet.conv0").set_weights([kernel])
    response = stem(np.full((1, 8, 8, 3), 255, np.float32))[0, :, :, 0].numpy()
    assert response.shape == (4, 4)
    assert (response[0] == 0).all()
    assert (response[:, 0] == 0).all()
    assert (response[1:, 1:] == 3).all()


@pytest.mark.parametrize(
    "build, options, message",
    [
        (hnasnet, {"output_stride": 16}, "path ends at stride 8; received output_stride=16"),
        (hnasnet, {"genotype": {**GENES, "hidden_states": [5] * 6}}, "refers to state 5, which does not exist"),
        (hnasnet, {"base_filters": 0}, "filters must be a whole number above 0.*received 0"),
        (hnasnet, {"drop_path_keep": 0}, "drop_path_keep must be a number above 0.*received 0"),
        (pnasnet, {"output_stride": 4}, r"output_stride must be one of 8, 16, 32; received 4"),
    ],
)
def test_impossible_options_are_refused(build, options, message):
    with pytest.raises(ValueError, match=message):
        build(keras.Input((None, None, 3)), **options)


def test_both_are_in_the_table_and_grey_becomes_zero(small):
    assert backbone("pnasnet").build is pnasnet
    grey = np.full((1, 3, 3, 3), backbone("hnasnet").pad_value, np.float32)
    np.testing.assert_allclose(small.get_layer("hnasnet.normalize")(grey), 0, atol=1e-6)
    assert genotype("auto_deeplab").stride == 8
