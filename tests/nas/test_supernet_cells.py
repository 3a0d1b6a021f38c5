"""The relaxed network with all weight on one cell and one path is the network of that genotype."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.backbones.nas import searched
from deeplab_tf.nas import SearchSpace, one_hot, random_genotype
from deeplab_tf.nas.graphs import unoptimized_graphs
from deeplab_tf.nas.supernet_cells import ARCHITECTURE, WEIGHTS, SupernetCells

SIZE = (65, 97)
KINDS = ("separable_3x3_2", "separable_5x5_2", "atrous_3x3", "atrous_5x5")


def fill(cells, rng):
    """Values that leave no part of the computation without effect."""
    for variable in cells.non_trainable_variables:
        if variable.name.endswith("statistics"):
            mean, variance = rng.normal(0, 0.2, variable.shape[1]), rng.uniform(0.5, 2, variable.shape[1])
            variable.assign([mean, variance])


class Statistics:
    """Hands out a cell's statistics in the order in which it normalises."""

    def __init__(self, values, filters):
        self.values, self.filters, self.used = np.asarray(values), filters, 0

    def take(self, count=1):
        found = self.values[:, self.used : self.used + count * self.filters]
        self.used += count * self.filters
        return found.reshape(2, count, self.filters)


def set_norm(layer, statistics):
    mean, variance = statistics
    layer.set_weights([np.ones_like(mean), np.zeros_like(mean), mean, variance])


def copy_cell(cells, network, genes, index):
    """One cell of the path into the network of the genotype."""
    space, level = cells.space, genes.path[index]
    scope = f"hnasnet.cell_{index}"
    entering = space.entering(index, level)
    before = genes.path[index - 1] if index else 0
    statistics = Statistics(cells.statistics[index, level], space.filters * 2**level)
    links = [statistics.take() for _ in entering]
    *kernels, second = cells.inputs_of[index, level]
    position = entering.index(before)
    network.get_layer(f"{scope}.1x1").set_weights([np.asarray(kernels[position])])
    set_norm(network.get_layer(f"{scope}.beginning_bn"), links[position][:, 0])
    network.get_layer(f"{scope}.prev_1x1").set_weights([np.asarray(second)])
    set_norm(network.get_layer(f"{scope}.prev_bn"), statistics.take()[:, 0])
    row, first = {}, {}
    for state in range(space.blocks + 1):
        readers = [block for block, source in space.edges if source == state]
        first_stage = statistics.take(2 * len(readers)).reshape(2, 2, len(readers), -1)
        last_stage = statistics.take(4 * len(readers)).reshape(2, 4, len(readers), -1)
        for place, block in enumerate(readers):
            row[block, state] = len(first)
            first[block, state] = first_stage[:, :, place], last_stage[:, :, place]
    layer = index - min(found for found, at in space.cells if at == level)
    own = {name: np.asarray(kernel)[layer] for name, kernel in cells.kernels[level].items()}
    for side, (text, state) in enumerate(zip(genes.operations, genes.hidden_states)):
        name = f"{scope}.comb_iter_{side // 2}.{('left', 'right')[side % 2]}"
        edge, (stage_1, stage_2) = row[side // 2, state], first[side // 2, state]
        if text not in KINDS:
            continue
        kind = KINDS.index(text)
        size = 3 if "3x3" in text else 5
        if text.startswith("separable"):
            for stage, norms in ((1, stage_1[:, kind]), (2, stage_2[:, kind])):
                depthwise = own[f"separable_{size}_depthwise_{stage}"]
                depthwise = depthwise[..., edge] if stage == 1 else depthwise[:, :, edge]
                pointwise = own[f"separable_{size}_pointwise_{stage}"][edge]
                layer_name = f"{name}.separable_{size}x{size}_{stage}"
                network.get_layer(layer_name).set_weights([depthwise[..., None], pointwise[None, None]])
                set_norm(network.get_layer(f"{name}.bn_sep_{size}x{size}_{stage}"), norms)
        else:
            network.get_layer(f"{name}.atrous_{size}x{size}").set_weights([own[f"atrous_{size}"][..., edge, :]])
            set_norm(network.get_layer(f"{name}.bn_atr_{size}x{size}"), stage_2[:, kind])


# Where the second input of the relaxed network, the map of the same stride two layers before, is that of the path.
@pytest.mark.parametrize("path", [(0, 0), (0, 1, 0), (1, 2, 3, 2)])
def test_relaxation_decoding_and_builder_agree(path):
    rng = np.random.default_rng(len(path))
    space = SearchSpace(layers=len(path), blocks=3, filters=4)
    genes = dataclasses.replace(random_genotype(space, rng), path=path, taps=None)
    images = keras.Input((*SIZE, 3))
    network = keras.Model(images, searched(images, genes, scope="hnasnet", base_filters=space.filters).last)
    stem = keras.Model(images, [network.get_layer(f"hnasnet.conv{index}_bn").output for index in (1, 2)])
    x = rng.uniform(0, 255, (2, *SIZE, 3)).astype("float32")
    maps = stem(x, training=False)
    cells = SupernetCells(space)
    cells.build([part.shape for part in maps])
    fill(cells, rng)
    cells.fixed = one_hot(genes, space)
    for index in range(space.layers):
        copy_cell(cells, network, genes, index)
    expected = network(x, training=False).numpy()
    found = tf.nn.relu(cells(maps, training=False)[path[-1]]).numpy()
    assert expected.std() > 0.1
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


@pytest.fixture(autouse=True)
def plain_graphs():
    with unoptimized_graphs():
        yield


def narrow(**options):
    cells = SupernetCells(SearchSpace(layers=2, blocks=1, filters=2), **options)
    rng = np.random.default_rng(0)
    maps = [tf.constant(rng.normal(size=(2, side, side, 3)), tf.float32) for side in (33, 17)]
    cells.build([part.shape for part in maps])
    return cells, maps


def gradients(learns=None, **options):
    cells, maps = narrow(**options)
    cells.learns = learns
    variables = [variable.value for variable in cells.trainable_variables]

    @tf.function
    def both():
        with tf.GradientTape() as tape:
            loss = sum(tf.reduce_mean(part**2) for part in cells(maps, training=True))
        return tape.gradient(loss, variables, unconnected_gradients="zero")

    return {variable.name: gradient for variable, gradient in zip(cells.trainable_variables, both())}


@pytest.fixture(scope="module")
def of_both():
    return gradients()


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("learns", [WEIGHTS, ARCHITECTURE])
def test_gradients_of_what_learns_only(learns, recompute, of_both):
    for path, found in gradients(learns, recompute=recompute).items():
        wanted = (path in ("alpha", "beta")) == (learns == ARCHITECTURE)
        assert np.any(of_both[path]), path
        np.testing.assert_allclose(found, of_both[path] if wanted else 0, rtol=1e-4, atol=1e-6, err_msg=path)


def test_saved_and_loaded(tmp_path):
    inputs = [keras.Input((side, side, 3)) for side in (33, 17)]
    cells, maps = narrow()
    model = keras.Model(inputs, cells(inputs))
    model(maps, training=True)
    model.save(tmp_path / "cells.keras")
    loaded = keras.models.load_model(tmp_path / "cells.keras")
    assert np.any(cells.statistics[1, 1][0])
    for one, other in zip(model(maps), loaded(maps)):
        np.testing.assert_array_equal(one, other)
