"""Networks named in a few words, built without values: enough to be counted and drawn."""

from __future__ import annotations

from collections.abc import Mapping

from deeplab_tf.models import MODELS, SegmentationModel, model_class
from deeplab_tf.models.registry import check_settings, first_argument
from deeplab_tf.models.without_values import without_values
from deeplab_tf.weights.zoo.catalogue import ZOO


def named_model(text: str, settings: Mapping | None = None) -> SegmentationModel:
    """The model that a short name means, freshly initialised.

    Args:
        text: A kind and its first argument, such as `"v3plus:xception_65"`, `"v1:large_fov"` or `"auto_deeplab"`, or
            a name of the release's model zoo, whose network alone is meant.
        settings: Further arguments of the constructor.

    Returns:
        The model, not compiled.

    Raises:
        ValueError: If the name or an argument is unknown or not possible.

    Example:
        >>> named_model("v3:mobilenet_v2", {"atrous_rates": ()}).count_params()
        2146645
    """
    settings = dict(settings or {})
    if text in ZOO and (arguments := ZOO[text].arguments):
        kind = model_class(arguments.pop("model"))
    else:
        word, _, first = text.partition(":")
        if text in ZOO:
            raise ValueError(
                f"{text} is a start for training, weights of the backbone {ZOO[text].backbone}, and no model. Name one "
                f"with that backbone, for instance v3plus:{ZOO[text].backbone}."
            )
        if word not in MODELS:
            raise ValueError(
                f"Unknown model {text!r}. Give one of {', '.join(MODELS)} with a colon and a "
                "backbone (of v1 a variant, of auto_deeplab a genotype), for instance v3plus:xception_65, or a name "
                f"of the release's zoo: {', '.join(name for name in ZOO if ZOO[name].model)}."
            )
        kind = MODELS[word]
        arguments = {first_argument(kind): first} if first else {}
    check_settings(kind, settings, without=["weights"])
    if "classes" in settings:
        arguments.pop("labels", None)
    return kind(**{**arguments, **settings})


def skeleton(text: str, settings: Mapping | None = None) -> SegmentationModel:
    """As `named_model`, but without values in its weights: to be counted and drawn, not to be run.

    Args:
        text: The network, as for `named_model`.
        settings: Further arguments of its constructor.

    Returns:
        The model, which takes next to no memory.

    Raises:
        ValueError: As for `named_model`.

    Example:
        >>> model_cost(skeleton("v3plus:xception_65")).parameters
        41055413
    """
    return without_values(lambda: named_model(text, settings))
