"""Which weights have which learning rate, and which decay."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf import DeepLabV2, optimizers
from deeplab_tf.optimizers.groups import decays, factors
from deeplab_tf.training.optimisation.weight_decay import add_weight_decay
from harness.small_fit import fitted, gradients_of, small_network

# Kernel and bias, scale and shift, the depthwise kernel; kernel and bias of the head.
V2 = ({"head": 10, "biases": 2}, [1, 2, 1, 1, 1, 10, 20])


@pytest.mark.parametrize(
    "multipliers, expected",
    [
        V2,
        ({"backbone": 0.1}, [0.1] * 5 + [1, 1]),
        ({"logits": 3, "MobilenetV2.expanded": 0}, [1, 1, 1, 1, 0, 3, 3]),
        ({}, [1] * 7),
    ],
)
def test_a_weight_has_the_product_of_the_factors_of_its_groups(multipliers, expected):
    model = small_network(optimizers.SGD(0.1))
    assert factors(multipliers, model.trainable_variables) == pytest.approx(tuple(expected))


def test_groups_are_the_layers_that_the_model_names_so():
    model = DeepLabV2("vgg_16", classes=2, depth_multiplier=1 / 64, atrous_rates=(2,))
    backbone = {variable.path for layer in model.backbone_layers for variable in layer.trainable_variables}
    tenth = factors({"backbone": 0.1}, model.trainable_variables)
    assert {variable.path for variable, factor in zip(model.trainable_variables, tenth) if factor != 1} == backbone
    # The release lets the same kernels decay.
    names = {variable.path.split("/")[0] for variable in model.trainable_variables if decays(variable)}
    assert names == set(add_weight_decay(model, 1.0))


def test_normalisation_biases_and_depthwise_kernels_do_not_decay():
    variables = small_network(optimizers.SGD(0.1)).trainable_variables
    assert [decays(variable) for variable in variables] == [True, False, False, False, False, True, False]


@pytest.mark.parametrize("kind", [optimizers.Momentum, optimizers.AdamW])
@pytest.mark.parametrize("by", ["list", "name"])
def test_what_keras_excludes_does_not_decay(kind, by):
    first, second = (keras.Variable(np.ones((1, 1, 1, 1), np.float32), name="kernel") for _ in range(2))
    optimizer = kind(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(**({"var_list": [first]} if by == "list" else {"var_names": ["kern"]}))
    optimizer.apply([tf.zeros(first.shape)] * 2, [first, second])
    assert [float(one.numpy().item()) < 1 for one in (first, second)] == [False, by == "list"]


@pytest.mark.parametrize("kind", [optimizers.SGD, optimizers.Momentum])
def test_each_weight_moves_at_its_own_rate(kind):
    multipliers, expected = V2
    model = small_network(kind(0.01, multipliers=multipliers))
    before = [np.array(variable) for variable in model.trainable_variables]
    gradients = gradients_of(model)
    fitted(None, model=model, epochs=1)
    for variable, began, gradient, factor in zip(model.trainable_variables, before, gradients, expected, strict=True):
        np.testing.assert_allclose(np.array(variable) - began, -0.01 * factor * gradient, rtol=1e-3, atol=1e-6)


def test_weights_with_factor_0_stay_whatever_decays():
    model = small_network(optimizers.AdamW(0.01, weight_decay=0.5, multipliers={"backbone": 0}))
    before = [np.array(variable) for variable in model.trainable_variables]
    fitted(None, model=model, epochs=2)
    moved = [(np.array(now) != then).any() for now, then in zip(model.trainable_variables, before)]
    assert moved == [False] * 5 + [True] * 2


@pytest.mark.parametrize(
    "name, hint",
    [("heads", "Did you mean 'head'"), ("logit.semantic", "Did you mean 'logits.semantic'"), ("qq", "names")],
)
def test_a_group_that_there_is_not_is_refused(name, hint):
    with pytest.raises(ValueError, match=f"a name in multipliers must be 'backbone'.*received '{name}'. .*{hint}"):
        fitted(optimizers.SGD(0.1, multipliers={name: 2}), epochs=1)
