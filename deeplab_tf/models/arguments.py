"""What all constructors of the family require of arguments that several of them have."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping

from deeplab_tf.checks import expect, nearest, number, whole, whole_numbers
from deeplab_tf.labels import LabelSpec, label_spec

# Other libraries' names of arguments, and the nearest of those that this one does not have.
MEANT = {
    "num_classes": "classes", "n_classes": "classes", "nb_classes": "classes", "class_names": "labels",
    "label_names": "labels", "encoder_name": "backbone", "encoder": "backbone", "backbone_name": "backbone",
    "base": "backbone", "encoder_weights": "weights", "pretrained": "weights", "input_size": "input_shape",
    "image_shape": "input_shape", "alpha": "depth_multiplier", "width_multiplier": "depth_multiplier",
    "OS": "output_stride", "stride": "output_stride", "aspp_rates": "atrous_rates", "dilation_rates": "atrous_rates",
    "dropout_rate": "dropout", "freeze_bn": "frozen_batch_norm", "mean_pixel": "backbone",
    "head_filters": "filters",
}  # fmt: skip
NO_ACTIVATION = (
    "The model gives logits: train with from_logits=True, and take probabilities from Segmenter or tf.nn.softmax"
)


def _truth(name: str, value, remedy: str) -> None:
    expect(isinstance(value, bool), name, value, "true or false", remedy)


# What to start from, and what Keras itself keeps.
NOT_KEPT = ("weights", "name")
# Of an argument: its check, and what to do where it fails. None, where it is the default, always passes.
RULES: Mapping[str, tuple[Callable, str]] = {
    **dict.fromkeys(("filters", "base_filters", "decoder_filters"), (whole, "Try 256.")),
    "atrous_rates": (whole_numbers, "Try (6, 12, 18), or () where none are wanted."),
    "decoder_strides": (whole_numbers, "Try (4,)."),
    "multi_grid": (whole_numbers, "Try (1, 2, 4)."),
    "dropout": (functools.partial(number, least=0, below=1), "Try 0.1."),
    "depth_multiplier": (functools.partial(number, above=0), "Usual are 0.25 to 1.4."),
    "drop_path_steps": (whole, "Leave it out for no rise."),
    **dict.fromkeys(
        (
            "separable", "image_pooling", "decoder_separable", "decoder_logits", "frozen_batch_norm",
            "upsample_logits", "multi_scale", "msc",
        ),
        (_truth, "Give one of these."),
    ),
}  # fmt: skip
# Of these None has a meaning; for the others it is not a value.
OPTIONAL = ("atrous_rates", "multi_grid", "depth_multiplier", "drop_path_steps", "decoder_separable")


def own_arguments(kind: type, variables: Mapping) -> dict:
    """A constructor's arguments from its `locals()`, each checked as far as it can be without the others.

    Args:
        kind: The class whose constructor it is.
        variables: `locals()`, taken first of all in the constructor; its `settings` are the shared arguments given.

    Returns:
        All arguments by name, those that were left out at their defaults.

    Raises:
        ValueError: If a value is not possible; the message names the argument.

    Example:
        >>> own_arguments(DeepLabV3, {"settings": {"filters": 0}})
        Traceback (most recent call last):
        ValueError: filters must be a whole number above 0; received 0. Try 256.
    """
    given = {**variables, **variables["settings"]}
    parameters = inspect.signature(kind).parameters
    arguments = {name: given.get(name, parameter.default) for name, parameter in parameters.items()}
    for name, value in arguments.items():
        if name in RULES and not (value is None and name in OPTIONAL):
            check, remedy = RULES[name]
            check(name, value, remedy=remedy)
    return arguments


def arguments_of(kind: type) -> list[str]:
    """The names of a model's constructor arguments."""
    return list(inspect.signature(kind).parameters)


def defaults_of(kind: type) -> dict:
    """What a model's kept arguments are where they are left out."""
    parameters = inspect.signature(kind).parameters.values()
    return {one.name: one.default for one in parameters if one.name not in NOT_KEPT and one.default is not one.empty}


def check_names(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Refuses unknown arguments, with the one that was probably meant.

    Args:
        kind: What they were given to.
        names: The names given.
        known: The known names.

    Raises:
        ValueError: If one is unknown; the message lists what is known.

    Example:
        >>> check_names("DeepLabV3", ["num_classes"], ["backbone", "classes"])
        Traceback (most recent call last):
        ValueError: DeepLabV3 has no argument 'num_classes'; did you mean 'classes'? It has ['backbone', 'classes'].
    """
    known = list(known)
    for name in names:
        if name in known:
            continue
        meant = [MEANT[name]] if MEANT.get(name) in known else nearest(name, known)
        hint = f"; did you mean {meant[0]!r}?" if meant else "."
        hint = f". {NO_ACTIVATION}." if name in ("activation", "final_activation", "classifier_activation") else hint
        raise ValueError(f"{kind} has no argument {name!r}{hint} It has {known}.")


def resolve_labels(classes: int | None, labels) -> LabelSpec:
    """The label specification that `classes` and `labels` mean together; 21 unnamed classes when both are left out.

    Raises:
        ValueError: If they contradict each other.
    """
    if labels is None:
        return label_spec(21 if classes is None else classes)
    spec = label_spec(labels)
    if classes is not None and classes != spec.classes:
        raise ValueError(
            f"classes={classes} contradicts the label specification {spec.name!r} of {spec.classes} classes. "
            "Give one of the two."
        )
    return spec
