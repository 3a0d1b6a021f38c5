"""Batch statistics over all replicas."""

from harness.two_devices import fails_on_two_devices

CODE = """
from deeplab_tf.layers import BatchNorm

values = np.random.default_rng(0).normal(3, 2, (4, 5, 6, 2)).astype(np.float32)
mean, variance = values.mean((0, 1, 2)), values.var((0, 1, 2))
halves = strategy.experimental_distribute_values_from_function(
    lambda replica: tf.constant(values[2 * replica.replica_id_in_sync_group :][:2])
)
for warm_up, kept in ((False, 0.9), (True, 0.1)):
    with strategy.scope():
        layer = BatchNorm(synchronized=True, momentum=0.9, epsilon=1e-3, warm_up=warm_up)
        layer.build((None, None, None, 2))
    step = tf.function(lambda part: strategy.run(lambda each: layer(each, training=True), args=(part,)))
    normalized = np.concatenate(strategy.experimental_local_results(step(halves)))
    np.testing.assert_allclose(normalized, (values - mean) / np.sqrt(variance + 1e-3), atol=1e-4)
    np.testing.assert_allclose(layer.moving_mean, (1 - kept) * mean, rtol=1e-4)
    unbiased = variance * 120 / 119
    np.testing.assert_allclose(layer.moving_variance, kept + (1 - kept) * unbiased, rtol=1e-4)
"""


def test_statistics_are_those_of_the_batches_of_all_replicas():
    assert not fails_on_two_devices(CODE)
