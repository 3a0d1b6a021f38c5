"""Equal runs give equal weights: no sum in a training step depends on which thread is done first."""

import keras
import pytest
import tensorflow as tf

from deeplab_tf import LRASPP, DeepLabV3, DeepLabV3Plus

NETWORKS = {
    "v3plus": lambda: DeepLabV3Plus("mobilenet_v2", depth_multiplier=0.25, classes=3),
    "cascade": lambda: DeepLabV3("resnet_18_beta", cascade_blocks=1, classes=3),
    "lr_aspp": lambda: LRASPP("mobilenet_v3_small", classes=3),
}


def sums_of_many(loss_of, *inputs):
    """The graph's sums of more than two tensors."""
    graph = tf.function(loss_of).get_concrete_function(*inputs).graph
    return [operation for operation in graph.get_operations() if operation.type == "AddN" and len(operation.inputs) > 2]


def depends_on_timing(operation):
    # A sum begins with whichever input's memory it may reuse; one that others read too is free only after them.
    return any(len(tensor.consumers()) > 1 for tensor in operation.inputs)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_order_of_every_sum_is_fixed(network):
    model = NETWORKS[network]()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def gradients(images, labels):
        with tf.GradientTape() as tape:
            value = loss(labels, model(images, training=True))
        return tape.gradient(value, [weight.value for weight in model.trainable_weights])

    images, labels = tf.TensorSpec((2, 65, 65, 3)), tf.TensorSpec((2, 65, 65), tf.int32)
    assert not [sum_ for sum_ in sums_of_many(gradients, images, labels) if depends_on_timing(sum_)]


def test_a_sum_that_depends_on_timing_is_found():
    def gradient(x):
        shared = 2 * x
        return tf.add_n([shared, x + 1, x + 2]), 3 * shared

    (found,) = sums_of_many(gradient, tf.TensorSpec((2,)))
    assert depends_on_timing(found)
