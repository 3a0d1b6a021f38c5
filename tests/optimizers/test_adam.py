"""AdamW against NumPy: what decays, and at which rate."""

import numpy as np

from deeplab_tf import optimizers
from harness.small_fit import fitted, gradients_of, small_network

RATE, DECAY, EPSILON = 0.01, 0.3, 1e-7
FACTORS = [0.1] * 5 + [1, 1]
KERNELS = [True, False, False, False, False, True, False]


def test_the_first_step_is_that_of_the_paper_with_decay_of_the_kernels():
    model = small_network(optimizers.AdamW(RATE, weight_decay=DECAY, multipliers={"backbone": 0.1}))
    before = [np.array(variable, np.float64) for variable in model.trainable_variables]
    gradients = gradients_of(model)
    fitted(None, model=model, epochs=1)
    moved = zip(model.trainable_variables, before, gradients, FACTORS, KERNELS, strict=True)
    for variable, began, gradient, factor, decays in moved:
        # Both means are those of one gradient, each corrected for its start.
        adam = gradient / (np.abs(gradient) + EPSILON / np.sqrt(1 - 0.999))
        wanted = began - factor * RATE * (adam + DECAY * decays * began)
        sure = np.abs(gradient) > 1e-4
        np.testing.assert_allclose(np.array(variable)[sure], wanted[sure], rtol=1e-3, atol=1e-6)
