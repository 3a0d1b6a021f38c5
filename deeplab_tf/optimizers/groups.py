"""Which weights a learning-rate multiplier is for, and which decay: by the paths of the variables alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import keras

from deeplab_tf.backbones import BACKBONES
from deeplab_tf.checks import expect, nearest, number

BACKBONE, HEAD, BIASES = "backbone", "head", "biases"
KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")
_SCOPES = tuple(f"{row.scope}." for row in BACKBONES.values())


def check_multipliers(multipliers: Mapping[str, float] | None) -> dict[str, float]:
    """The multipliers as a dictionary.

    Raises:
        ValueError: If they are not numbers, 0 or above, by names.
    """
    given, example = {} if multipliers is None else multipliers, 'Try {"head": 10, "biases": 2}.'
    named = isinstance(given, Mapping) and all(isinstance(name, str) and name for name in given)
    expect(named, "multipliers", given, "factors by group or beginning of layer names", example)
    return {name: number(f"multipliers[{name!r}]", factor, least=0, remedy=example) for name, factor in given.items()}


def factors(multipliers: Mapping[str, float], variables: Sequence[keras.Variable]) -> tuple[float, ...]:
    """The factor of every variable: the product of those of all groups that it is in.

    Args:
        multipliers: From `check_multipliers`.
        variables: Those that are trained.

    Raises:
        ValueError: If a name is neither a group nor the beginning of a layer's name; the message has the nearest.

    Example:
        >>> model = DeepLabV3("mobilenet_v2")
        >>> factors({"head": 10, "biases": 2}, model.trainable_variables)[-2:]
        (10, 20)
    """
    layers = [_layer(variable) for variable in variables]
    for name in multipliers:
        if name not in (BACKBONE, HEAD, BIASES) and not any(layer.startswith(name) for layer in layers):
            meant = nearest(name, [BACKBONE, HEAD, BIASES, *_beginnings(layers)])
            hint = f"Did you mean {meant[0]!r}?" if meant else "model.layers has the names."
            expected = f"{BACKBONE!r}, {HEAD!r}, {BIASES!r} or the beginning of a trained layer's name"
            expect(False, "a name in multipliers", name, expected, hint)
    return tuple(
        math.prod(factor for name, factor in multipliers.items() if _is_in(name, layer, variable))
        for layer, variable in zip(layers, variables)
    )


def decays(variable: keras.Variable) -> bool:
    """Whether the recipes let a variable decay: kernels of convolutions do, but not of depthwise ones."""
    return variable.name in KERNELS and not (variable.name == "kernel" and "depthwise" in _layer(variable).lower())


def _is_in(name: str, layer: str, variable: keras.Variable) -> bool:
    if name in (BACKBONE, HEAD):
        return layer.startswith(_SCOPES) == (name == BACKBONE)
    return variable.name == "bias" if name == BIASES else layer.startswith(name)


def _layer(variable: keras.Variable) -> str:
    """The layer's name; a model of this package that is a layer of another one may put its own before it."""
    parts = variable.path.split("/")[:-1]
    return next((part for part in parts if part.startswith(_SCOPES)), parts[-1] if parts else "")


def _beginnings(layers: Iterable[str]) -> list[str]:
    return list({layer.rpartition(".")[0] if whole else layer for layer in layers for whole in (False, True)} - {""})
