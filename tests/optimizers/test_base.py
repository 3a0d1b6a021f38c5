"""Optimisers move weights as Keras's do, are saved and go on with the same bits, and refuse what is not possible."""

import gc

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf import optimizers, schedules
from deeplab_tf.training.callbacks import Checkpoint, Diverged, Divergence
from harness.small_fit import fitted, small_network, states

KINDS = [optimizers.SGD, optimizers.Momentum, optimizers.Adam, optimizers.AdamW]
EVERYTHING = {
    "multipliers": {"head": 10, "biases": 2},
    "weight_decay": 0.1,
    "clipnorm": 0.5,
    "use_ema": True,
    "ema_momentum": 0.8,
    "gradient_accumulation_steps": 3,
}


def graphs():
    gc.collect()
    return sum(isinstance(found, tf.Graph) for found in gc.get_objects())


@pytest.mark.parametrize(
    "ours, theirs, settings",
    [
        (optimizers.SGD, keras.optimizers.SGD, {"momentum": 0.9, "nesterov": True}),
        (optimizers.SGD, keras.optimizers.SGD, {"momentum": 0.9, "clipnorm": 0.1, "use_ema": True}),
        (optimizers.Adam, keras.optimizers.Adam, {"gradient_accumulation_steps": 2, "amsgrad": True}),
    ],
)
def test_weights_move_as_with_keras(ours, theirs, settings):
    # Counted from 0 a warm-up has no rate at first; Adam and its like follow any schedule.
    rate = schedules.Cosine(0.1, 6, warm_up_steps=2, slow_start_learning_rate=0.01)
    for one, other in zip(*(fitted(kind(rate, **settings)).get_weights() for kind in (ours, theirs)), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("settings", [{}, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1, "use_ema": True}])
def test_adam_moves_by_given_gradients_as_kerass(settings):
    # TensorFlow's operation takes 1 - beta_2 in float32, which is 1.3e-5 from Keras's, and its root is in every step.
    # Gradients near 0, of a network, would make much of that: so they are given.
    rate = schedules.Cosine(0.1, 20, warm_up_steps=2, slow_start_learning_rate=0.01)
    gradients = np.random.default_rng(0).normal(size=(20, 50)).astype(np.float32)
    found = []
    for kind in (optimizers.Adam, keras.optimizers.Adam):
        optimizer, variable = kind(rate, **settings), keras.Variable(np.ones(50, np.float32))
        for gradient in gradients:
            optimizer.apply([tf.constant(gradient)], [variable])
        found.append(variable.numpy())
    np.testing.assert_allclose(*(each - 1 for each in found), rtol=1.3e-5, atol=1e-6)


@pytest.mark.parametrize(
    "kind, settings, operation",
    [
        (optimizers.SGD, {"momentum": 0.9}, "ResourceApplyKerasMomentum"),
        (optimizers.SGD, {}, "AssignSubVariableOp"),
        (optimizers.Momentum, {}, "ResourceApplyMomentum"),
        (optimizers.AdamW, {}, "ResourceApplyAdam"),
        (optimizers.Adam, {"amsgrad": True}, "AssignSubVariableOp"),
    ],
)
def test_an_update_is_one_operation_where_tensorflow_has_one(kind, settings, operation):
    optimizer, variable = kind(0.1, **settings), keras.Variable(np.ones(3, np.float32))
    optimizer.build([variable])
    update = tf.function(lambda gradient: optimizer.apply([gradient], [variable]))
    found = [one.type for one in update.get_concrete_function(tf.TensorSpec(3)).graph.get_operations()]
    assert operation in found
    assert ("AssignSubVariableOp" in found) == (operation == "AssignSubVariableOp")


def test_no_graph_stays_behind():
    fitted(optimizers.SGD(0.1))
    before = graphs()
    for _ in range(2):
        fitted(optimizers.SGD(0.1))
    assert graphs() == before


def test_gradients_of_replicas_are_summed_by_keras():
    with tf.distribute.OneDeviceStrategy("/cpu:0").scope():
        ours = fitted(optimizers.SGD(0.1)).get_weights()
    for one, other in zip(ours, fitted(keras.optimizers.SGD(0.1)).get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("kind", [optimizers.Momentum, optimizers.AdamW])
def test_a_fit_that_is_saved_and_loaded_goes_on_with_the_same_bits(kind, tmp_path):
    """Cut within an accumulation, with every setting on."""

    def make():
        return kind(schedules.Poly(0.1, 9, slow_start_step=1), **EVERYTHING)

    whole = fitted(make(), epochs=7, callbacks=[Checkpoint(tmp_path / "whole.keras")])
    fitted(make(), epochs=4, callbacks=[Checkpoint(tmp_path / "cut.keras")])
    cut = keras.models.load_model(tmp_path / "cut.keras")
    assert type(cut.optimizer) is kind
    fitted(None, epochs=7, model=cut, first=4, callbacks=[Checkpoint(tmp_path / "whole again.keras")])
    ends = [keras.models.load_model(tmp_path / name) for name in ("whole.keras", "whole again.keras")]
    for pair in ((whole, cut), ends):
        for one, other in zip(*map(states, pair), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", [optimizers.Momentum, optimizers.AdamW])
def test_the_loss_is_scaled_in_float16(kind):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = small_network(kind(0.01, use_ema=True))
    finally:
        keras.config.set_dtype_policy(before)
    assert type(model.optimizer) is keras.optimizers.LossScaleOptimizer
    began = model.get_weights()
    fitted(None, model=model, callbacks=[Divergence()])
    assert int(model.optimizer.iterations) == 4
    assert all(np.isfinite(value).all() for value in states(model))
    assert any((one != other).any() for one, other in zip(began, model.get_weights()))


@pytest.mark.parametrize("kind", KINDS)
def test_a_diverging_rate_ends_training_and_names_the_step(kind):
    with pytest.raises(Diverged, match=r"The (loss|weights) became (nan|inf) at step [1-4]\b"):
        fitted(kind(1e38), callbacks=[Divergence()])


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: optimizers.SGD(0), "learning_rate must be a number above 0; received 0. Try 0.01, or a schedule"),
        (lambda: optimizers.SGD(0.1, momentum=1), "momentum must be a number from 0 to below 1; received 1"),
        (lambda: optimizers.SGD(0.1, nesterov=1), "nesterov must be true or false; received 1"),
        (lambda: optimizers.Adam(0.1, beta_2=1.5), "beta_2 must be a number from 0 to below 1; received 1.5"),
        (lambda: optimizers.AdamW(0.1, epsilon=0), "epsilon must be a number above 0; received 0"),
        (lambda: optimizers.AdamW(0.1, weight_decay=-1), "weight_decay must be a number from 0 up; received -1"),
        (lambda: optimizers.SGD(0.1, clipnorm=0), "clipnorm must be a number above 0; received 0"),
        (
            lambda: optimizers.SGD(0.1, clipnorm=1, clipvalue=1),
            r"Clipping must be by one .*\['clipnorm', 'clipvalue'\]",
        ),
        (
            lambda: optimizers.Momentum(0.1, gradient_accumulation_steps=1),
            "gradient_accumulation_steps must be a whole number from 2 up; received 1",
        ),
        (lambda: optimizers.SGD(0.1, ema_momentum=1), "ema_momentum must be a number from 0 to below 1"),
        (lambda: optimizers.SGD(0.1, use_ema="yes"), "use_ema must be true or false; received 'yes'"),
        (lambda: optimizers.SGD(0.1, clip_norm=1), "SGD has no argument 'clip_norm'; did you mean 'clipnorm'"),
        (lambda: optimizers.SGD(0.1, multipliers=10), "multipliers must be factors by group.*received 10"),
        (lambda: optimizers.SGD(0.1, multipliers={"head": -1}), r"multipliers\['head'\] must be a number from 0 up"),
    ],
)
def test_what_is_not_possible_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
