"""Dropout: Keras's draws, in a graph that TensorFlow's layout optimiser takes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.layers import Dropout

INPUTS = np.random.default_rng(0).normal(size=(2, 4, 5, 3)).astype(np.float32)


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
def test_it_is_that_of_keras(dtype):
    ours, theirs = (kind(0.4, seed=3, dtype=dtype)(INPUTS, training=True) for kind in (Dropout, keras.layers.Dropout))
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


def test_no_choice_depends_on_the_inputs():
    """Grappler's layout optimiser fails at a SelectV2 behind a convolution, one of whose values is a scalar."""
    dropout = Dropout(0.4)
    function = tf.function(lambda inputs: dropout(inputs, training=True)).get_concrete_function(INPUTS)

    def from_inputs(tensor: tf.Tensor) -> bool:
        return tensor is function.inputs[0] or (
            tensor.op.type != "Shape" and any(from_inputs(value) for value in tensor.op.inputs)
        )

    choices = [op for op in function.graph.get_operations() if op.type == "SelectV2"]
    assert choices
    assert not any(from_inputs(value) for op in choices for value in op.inputs)
