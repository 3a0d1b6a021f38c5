"""On two devices the optimisers do what they do on one."""

from harness.two_devices import fails_on_two_devices

CODE = """
from deeplab_tf import optimizers
from harness.small_fit import fitted, small_network


def trained(strategy, **more):
    seen = []

    class Average(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            with optimizers.averaged_weights(self.model):
                seen.extend(self.model.get_weights())

    with strategy.scope():
        model = small_network(
            optimizers.Momentum(0.01, multipliers={"head": 10, "biases": 2}, weight_decay=0.1, use_ema=True, **more)
        )
        # The statistics of each half of the batch are others.
        model.layers[1].trainable = False
        model.compile(model.optimizer, model.loss, jit_compile=False)
    return [*fitted(None, model=model, epochs=3, callbacks=[Average()]).get_weights(), *seen]


for one, two in zip(trained(tf.distribute.get_strategy()), trained(strategy), strict=True):
    np.testing.assert_allclose(one, two, atol=1e-6)
try:
    trained(strategy, gradient_accumulation_steps=2)
except ValueError as error:
    assert "gradient_accumulation_steps must be None under MirroredStrategy; received 2" in str(error), error
else:
    raise AssertionError("not refused")
"""


def test_weights_and_averages_are_those_of_one_device_and_accumulation_is_refused():
    assert not fails_on_two_devices(CODE)
