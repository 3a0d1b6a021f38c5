"""What all constructors of the family require of arguments that several of them have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

NOT_ARGUMENTS = ("self", "name", "__class__")


def _whole(value, least: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _list(value) -> bool:
    return isinstance(value, Sequence) and all(_whole(item) for item in value)


def _truth(value) -> bool:
    return isinstance(value, bool)


# Of an argument: what it must be, and the test of it. None, where it is the default, always passes.
FILTERS = ("a whole number above 0, for instance 256", _whole)
RULES: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "filters": FILTERS,
    "head_filters": FILTERS,
    "decoder_filters": FILTERS,
    "atrous_rates": ("one or more whole numbers above 0, for instance (6, 12, 18), or () where none are wanted", _list),
    "decoder_strides": ("whole numbers above 0, for instance (4,)", _list),
    "multi_grid": ("whole numbers above 0, for instance (1, 2, 4)", _list),
    "dropout": ("a number from 0 to below 1", lambda value: _number(value) and 0 <= value < 1),
    "depth_multiplier": ("above 0, usually 0.25 to 1.4", lambda value: _number(value) and value > 0),
    "drop_path_steps": ("a whole number above 0", _whole),
    **dict.fromkeys(
        (
            "separable", "image_pooling", "decoder_separable", "decoder_logits", "frozen_batch_norm",
            "upsample_logits", "multi_scale", "msc",
        ),
        ("true or false", _truth),
    ),
}  # fmt: skip
# Their None means something; elsewhere it is no value.
OPTIONAL = ("atrous_rates", "multi_grid", "depth_multiplier", "drop_path_steps", "decoder_separable")


def own_arguments(variables: Mapping) -> dict:
    """A constructor's arguments from its `locals()`, each checked as far as it can be without the others.

    Args:
        variables: `locals()`, taken first of all in the constructor.

    Returns:
        The arguments by name, without the model's name.

    Raises:
        ValueError: If one is not of the kind that it must be; the message says which.

    Example:
        >>> own_arguments({"self": None, "filters": 0})
        Traceback (most recent call last):
        ValueError: filters must be a whole number above 0, for instance 256; received 0.
    """
    arguments = {name: value for name, value in variables.items() if name not in NOT_ARGUMENTS}
    for name, value in arguments.items():
        expected, holds = RULES.get(name, ("", lambda value: True))
        if not (holds(value) or (value is None and name in OPTIONAL)):
            raise ValueError(f"{name} must be {expected}; received {value!r}.")
    return arguments
