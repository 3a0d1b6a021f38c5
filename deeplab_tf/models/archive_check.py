"""What a `.keras` archive states, looked at before Keras builds anything of it."""

from __future__ import annotations

import contextlib
import inspect
import json
import math
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import keras
import tensorflow as tf

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
# Far above what any of this package's networks needs to be described.
LARGEST_CONFIG = 64 * 2**20
# Keras stores members as they are; one that was compressed afterwards shrinks to no less than that.
LARGEST_EXPANSION, SMALL = 100, 2**20
# Seeds and counters, which files need not hold.
SLACK = 2**20
# Layers that run or read whatever a file names.
REFUSED = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "StringLookup", "IntegerLookup",
           "TextVectorization", "FeatureSpace")  # fmt: skip


def check_archive(path: str | os.PathLike, base: type) -> int:
    """Refuses an archive that cannot be a model of this package, by its table of contents and its configuration.

    Args:
        path: The archive.
        base: What its class must derive from.

    Returns:
        The size of the weights in the archive, in bytes.

    Raises:
        ValueError: If the sizes that it states are not possible, or the class or a layer is not one to build.
    """
    with zipfile.ZipFile(path) as archive:
        _check_sizes(archive, os.path.getsize(path))
        if archive.getinfo(CONFIG).file_size > LARGEST_CONFIG:
            raise ValueError(f"its {CONFIG} states {archive.getinfo(CONFIG).file_size} bytes")
        config = json.loads(archive.read(CONFIG))
        weights = archive.getinfo(WEIGHTS).file_size
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise ValueError(f"its {CONFIG} describes no model")
    kind = keras.saving.get_registered_object(config.get("registered_name"))
    if not (isinstance(kind, type) and issubclass(kind, base)):
        raise ValueError(
            f"{Path(path)} holds a {config.get('class_name')} from elsewhere, not a DeepLab model of this package. "
            "Released DeepLab files (.tflite, .pb) are read by load_released."
        )
    _check_settings(config["config"])
    return weights


def _check_sizes(archive: zipfile.ZipFile, size: int) -> None:
    members = archive.infolist()
    if sum(member.compress_size for member in members) > size:
        raise ValueError(f"its table of contents states more bytes than the {size} of the file")
    for member in members:
        if member.file_size > SMALL + LARGEST_EXPANSION * member.compress_size:
            raise ValueError(
                f"its member {member.filename} states {member.file_size} bytes, of which {member.compress_size} are "
                "in the file"
            )


def _check_settings(config: Mapping) -> None:
    if config.get("weights") is not None:
        raise ValueError(f"its configuration names weights to load, {config['weights']!r}")
    if isinstance(config.get("genotype"), str) and config["genotype"].endswith(".json"):
        raise ValueError(f"its configuration names a file to read, {config['genotype']!r}")
    for layer in config.get("layers", ()):
        if layer.get("class_name") in REFUSED:
            raise ValueError(f"it holds a layer {layer['class_name']}, which may run or read anything")


@contextlib.contextmanager
def memory_limit(size: int) -> Iterator[None]:
    """Variables made in the block hold at most `size` bytes together; the one beyond is not allocated.

    Raises:
        ValueError: If they ask for more.
    """
    left = size + SLACK

    def creator(make, **kwargs):
        nonlocal left
        value, shape, dtype = (kwargs.get(name) for name in ("initial_value", "shape", "dtype"))
        shape = _stated_shape(value) if callable(value) else getattr(value, "shape", shape)
        left -= (
            math.prod(side or 0 for side in tf.TensorShape(shape))
            * tf.as_dtype(dtype or getattr(value, "dtype", tf.float32)).size
        )
        if left < 0:
            raise ValueError(f"its configuration describes a network larger than the {size} bytes of its weights")
        return make(**kwargs)

    with tf.variable_creator_scope(creator):
        yield


def _stated_shape(initializer: Callable) -> tf.TensorShape:
    """The shape of what an initialiser would give, without the memory for it.

    Keras's variables pass a function that knows them, which Keras does not promise: another one is traced, not run.
    """
    owner = inspect.getclosurevars(initializer).nonlocals.get("self")
    if isinstance(owner, keras.Variable):
        return tf.TensorShape(owner.shape)
    return tf.function(initializer).get_concrete_function().structured_outputs.shape
