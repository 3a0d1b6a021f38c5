"""The supernet at the paper's size, and its sizes of images."""

import keras
import pytest

from deeplab_tf.nas import SearchSpace, supernet
from deeplab_tf.nas.supernet import CELLS


def test_the_papers_supernet_is_built_of_few_variables():
    model = supernet(SearchSpace(), 19, 129)
    assert model.output_shape == (None, 129, 129, 19)
    cells = model.get_layer(CELLS)
    assert [tuple(variable.shape) for variable in cells.architecture] == [(20, 8), (12, 4, 3)]
    # A naive graph has one for each of 45 cells, 20 edges, and kernels of four operations.
    assert len(cells.trainable_variables) < 200
    heads = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    assert [layer.name for layer in heads] == ["head_4", "head_8", "head_16", "head_32"]
    rates = [layer.get_layer("aspp1").dilation_rate[0] for layer in heads]
    assert rates == [24, 12, 6, 3]


def test_few_layers_take_smaller_images():
    assert supernet(SearchSpace(layers=1, blocks=1, filters=2), 3, (17, 25)).output_shape == (None, 17, 25, 3)


@pytest.mark.parametrize("size", [128, (129, 130), 1, 33.0])
def test_images_whose_maps_do_not_lie_on_each_other_are_refused(size):
    with pytest.raises(ValueError, match="image_size must be a"):
        supernet(SearchSpace(), 19, size)
