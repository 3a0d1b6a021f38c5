"""Dense prediction cell against the published sizes and names, and by itself in a model."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf import DeepLabV3, DeepLabV3Plus, load_model, save_model
from deeplab_tf.heads import GridPool, dense_prediction_cell
from deeplab_tf.layers import head_norm

EVERY_KIND = [
    {"op": "conv", "kernel": 1, "input": -1},
    {"op": "conv", "kernel": 3, "rate": [2, 5], "input": 0},
    {"op": "pyramid_pooling", "grid_size": [2, 3], "input": -1},
]
SMALL = {"backbone": "mobilenet_v2", "depth_multiplier": 0.25, "filters": 8, "classes": 3}


def head(cell="cityscapes", output_stride=16, **options):
    x = keras.Input((None, None, 32))
    outputs = dense_prediction_cell(x, cell, output_stride=output_stride, norm=head_norm(), **options)
    return keras.Model(x, outputs)


@pytest.mark.parametrize("output_stride, factor", [(16, 1), (8, 2)])
def test_the_published_cell(output_stride, factor):
    model = head(output_stride=output_stride)
    branches = [model.get_layer(f"meta_architecture.branch{index}_depthwise") for index in range(5)]
    expected = [(1, 6), (18, 15), (6, 3), (1, 1), (6, 21)]
    assert [branch.dilation_rate for branch in branches] == [(factor * h, factor * w) for h, w in expected]
    sources = [branch.input.shape[-1] for branch in branches]
    assert sources == [32, 256, 256, 256, 256]
    readers = {2: 1, 1: 0, 3: 0, 4: 0}
    for branch, source in readers.items():
        assert branches[branch].input is model.get_layer(f"meta_architecture.branch{source}_pointwise.relu").output
    assert model.get_layer("meta_architecture.dropout").output.shape[-1] == 1280
    assert model.get_layer("meta_architecture.concat_projection").kernel.shape == (1, 1, 1280, 256)


def test_size_of_the_published_model():
    # Xception-71 with decoder, as the release's checkpoint has it: tensors, trainable values, all values.
    model = DeepLabV3Plus("xception_71", classes=19, dense_prediction_cell="cityscapes")
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert (len(model.weights), trainable, model.count_params()) == (812, 41_608_523, 41_818_955)


def test_unequal_rates_reach_as_far_as_they_say():
    model = head([{"op": "conv", "kernel": 3, "rate": [2, 5], "input": -1}], filters=1)
    depthwise = model.get_layer("meta_architecture.branch0_depthwise")
    depthwise.set_weights([np.ones((3, 3, 32, 1), np.float32)])
    impulse = np.zeros((1, 13, 13, 32), np.float32)
    impulse[0, 6, 6] = 1
    rows, columns = np.nonzero(depthwise(impulse)[0, :, :, 0])
    assert (sorted(set(rows.tolist())), sorted(set(columns.tolist()))) == ([4, 6, 8], [1, 6, 11])


def test_grid_pool_averages_overlapping_parts():
    values = np.arange(15, dtype=np.float32).reshape(1, 3, 5, 1)
    expected = [
        [values[0, :2, :3].mean(), values[0, :2, 2:].mean()],
        [values[0, 1:, :3].mean(), values[0, 1:, 2:].mean()],
    ]
    layer = GridPool((2, 2))
    np.testing.assert_allclose(layer(values)[0, :, :, 0], expected, rtol=1e-6)
    unknown = tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 1))])
    np.testing.assert_allclose(unknown(values)[0, :, :, 0], expected, rtol=1e-6)


@pytest.mark.parametrize("cell", ["cityscapes", EVERY_KIND], ids=["cityscapes", "every kind"])
def test_models_of_any_size_are_saved_with_their_cell(cell, tmp_path):
    model = DeepLabV3Plus(dense_prediction_cell=cell, decoder_filters=8, **SMALL)
    graph = tf.function(model, input_signature=[tf.TensorSpec((None, None, None, 3))])
    images = np.random.default_rng(0).uniform(0, 255, (1, 65, 90, 3)).astype(np.float32)
    expected = graph(images).numpy()
    assert expected.shape == (1, 65, 90, 3)
    save_model(model, tmp_path / "cell.keras")
    np.testing.assert_allclose(load_model(tmp_path / "cell.keras")(images), expected, atol=1e-4)
    finer = model.rebuild(output_stride=8)
    assert finer.reinitialized == []


def test_the_gradient_reaches_every_weight():
    model = head(EVERY_KIND, filters=4, dropout=0.0)
    x = np.random.default_rng(0).normal(size=(2, 9, 11, 32)).astype(np.float32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(x, training=True) ** 3)
    gradients = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
    assert all(gradient is not None and np.abs(gradient).max() > 0 for gradient in gradients)


@pytest.mark.parametrize(
    "cell, message",
    [
        ("moon", r"dense_prediction_cell must be one of 'cityscapes'; received 'moon'"),
        ([], "a name or a list of branches"),
        ([{"op": "pool"}], "Branch 0 .* must be a dictionary of .*received {'op': 'pool'}"),
        ([{"op": "conv", "kernel": 3, "input": 0}], "Branch 0 reads 0, which does not exist there"),
        ([{"op": "conv", "kernel": 5, "input": -1}], "kernel 1 or 3; received 5"),
        (
            [{"op": "conv", "kernel": 3, "rate": [0, 1], "input": -1}],
            r"rate of branch 0 must be 2 whole numbers.*received \[0, 1\]",
        ),
        ([{"op": "pyramid_pooling", "input": -1}], "grid_size of branch 0 must be 2 whole numbers.*received None"),
    ],
)
def test_impossible_cells_are_refused(cell, message):
    with pytest.raises(ValueError, match=message):
        head(cell)


def test_output_stride_32_is_refused():
    with pytest.raises(ValueError, match="output_stride of at most 16.*received 32"):
        head(output_stride=32)


def test_rates_beside_a_cell_are_refused():
    with pytest.raises(ValueError, match=r"atrous_rates=\(6,\) has nothing to act on"):
        DeepLabV3(dense_prediction_cell="cityscapes", atrous_rates=(6,), **SMALL)


def test_a_cell_beside_a_cascade_is_refused():
    with pytest.raises(ValueError, match="no place for a dense prediction cell; received cascade_blocks=0"):
        DeepLabV3(dense_prediction_cell="cityscapes", cascade_blocks=0, **SMALL)
