"""The settings of a network inside the layers that Keras saves and clones, and the precision of these."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence

import keras

from deeplab_tf.layers import ImageNormalization


def write_network(model: keras.Model, settings: Mapping) -> None:
    """Gives the settings to the layer that normalises the images."""
    _carrier(model).network = json.dumps(settings)


def read_network(model: keras.Model) -> dict:
    """The settings that a model's layers carry.

    Raises:
        ValueError: If none does.
    """
    carrier = _carrier(model)
    if not (carrier and carrier.network):
        raise ValueError(
            "None of these layers carries the settings of a model of this package. When cloning, let clone_function "
            "copy the layer that normalises the images as it is: type(layer).from_config(layer.get_config())."
        )
    return json.loads(carrier.network)


def _carrier(model: keras.Model) -> ImageNormalization | None:
    return next((layer for layer in model.layers if isinstance(layer, ImageNormalization)), None)


def describes(layers: Sequence[Mapping], settings: Mapping, current: Callable[[dict], dict]) -> bool:
    """Whether described layers are those that the settings give: not, if somebody changed a setting since.

    Args:
        layers: Keras's descriptions.
        settings: The constructor's arguments now.
        current: Makes settings of an earlier version those of this one.
    """
    for layer in layers:
        if layer.get("class_name") == ImageNormalization.__name__:
            network = current(json.loads(layer["config"]["network"]))
            built, asked = (json.loads(json.dumps(values, default=repr)) for values in (network, settings))
            return all(built[name] == value for name, value in asked.items() if name in built)
    return False


@contextlib.contextmanager
def built_in(dtype: str | None) -> Iterator[None]:
    """Layers that are made in the block have this precision; with None, the one that is set."""
    before = keras.config.dtype_policy()
    if dtype is not None:
        keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
