"""Both forms of momentum against NumPy, at a rate that falls, and the papers' weight decay."""

import numpy as np
import pytest

from deeplab_tf import optimizers, schedules
from harness.small_fit import fitted, gradients_of, small_network

RATES = [0.1, 0.1, 0.01, 0.01]
DECAY = 0.05
KERNELS = [True, False, False, False, False, True, False]


def as_keras(values, gradients, state, rate, momentum, nesterov):
    velocity = momentum * state - rate * gradients
    return values + (momentum * velocity - rate * gradients if nesterov else velocity), velocity


def as_released(values, gradients, state, rate, momentum, nesterov):
    """`tf.compat.v1.train.MomentumOptimizer`, by its documentation."""
    sums = momentum * state + gradients
    return values - rate * (gradients + momentum * sums if nesterov else sums), sums


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("kind, update", [(optimizers.SGD, as_keras), (optimizers.Momentum, as_released)])
def test_steps_are_as_numpy_has_them(kind, update, nesterov):
    schedule = schedules.Step(0.1, 4, every=2)
    model = small_network(kind(schedule, momentum=0.9, nesterov=nesterov, weight_decay=DECAY))
    wanted = [np.array(variable, np.float64) for variable in model.trainable_variables]
    states = [0.0] * len(wanted)
    for step, rate in enumerate(RATES):
        gradients = gradients_of(model)
        for index, gradient in enumerate(gradients):
            gradient = gradient + DECAY * KERNELS[index] * wanted[index]
            wanted[index], states[index] = update(wanted[index], gradient, states[index], rate, 0.9, nesterov)
        fitted(None, model=model, epochs=step + 1, first=step)
        for variable, value in zip(model.trainable_variables, wanted, strict=True):
            np.testing.assert_allclose(np.array(variable), value, rtol=1e-3, atol=2e-5)


def test_the_two_forms_differ_only_once_the_rate_changes():
    ends = [
        [fitted(kind(schedules.Step(0.1, 9, every=3), momentum=0.9), epochs=epochs).get_weights() for epochs in (3, 5)]
        for kind in (optimizers.SGD, optimizers.Momentum)
    ]
    for one, other in zip(ends[0][0], ends[1][0]):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    assert max(np.abs(one - other).max() for one, other in zip(ends[0][1], ends[1][1])) > 1e-2
