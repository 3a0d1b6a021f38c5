"""The averaged weights: what they are, where they are seen, and that training goes on with the others."""

import numpy as np

from deeplab_tf import optimizers
from deeplab_tf.optimizers.averaging import averaged_weights, batches_seen
from harness.small_fit import SeenWeights, fitted, small_network


def test_the_average_is_seen_within_the_block_only():
    model = fitted(optimizers.SGD(0.5, use_ema=True, ema_momentum=0.6), epochs=3, callbacks=[seen := SeenWeights()])
    wanted = seen.own[0]
    for own, averaged in zip(seen.own, seen.averaged):
        if own is not seen.own[0]:
            wanted = [0.6 * before + 0.4 * now for before, now in zip(wanted, own)]
        for value, other in zip(averaged, wanted, strict=True):
            np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-7)
    # Keras leaves them in the model when `fit` is over.
    for variable, value in zip(model.trainable_variables, seen.averaged[-1]):
        np.testing.assert_array_equal(variable, value)


def test_without_an_average_or_before_the_first_step_nothing_changes():
    for optimizer in (optimizers.SGD(0.5), optimizers.SGD(0.5, use_ema=True)):
        model = small_network(optimizer)
        optimizer.build(model.trainable_variables)
        before = model.get_weights()
        with averaged_weights(model):
            assert all(map(np.array_equal, before, model.get_weights()))


def test_batches_count_where_gradients_accumulate():
    model = fitted(optimizers.Adam(0.01, gradient_accumulation_steps=3), epochs=4)
    assert (batches_seen(model.optimizer), int(model.optimizer.iterations)) == (4, 1)
