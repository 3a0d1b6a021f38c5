"""Reads checkpoints of TensorFlow 1: their files, the variables that belong to the network, and values."""

from __future__ import annotations

import collections
import dataclasses
import math
import os
import re
from pathlib import Path

import numpy as np
import tensorflow as tf

from deeplab_tf.files.reading import reading, reason, shown
from deeplab_tf.models.saving import RUN_MODEL
from deeplab_tf.weights.formats.variable_names import DEPTHWISE, KERNELS, LEAVES

PART = re.compile(r"(.+)\.(?:index|data-\d{5}-of-\d{5})$")
SHARD = re.compile(r".+\.data-(\d{5})-of-(\d{5})$")
STATE_FILE = "checkpoint"
# Data that were merely cut off are named when they are read.
SMALL = 2**28
# Of training, not of the network, wherever they stand: the step, Adam's powers, ranges of simulated quantisation.
TRAINING = re.compile(r"(?:.*/)?(global_step|beta[12]_power)$")
QUANTIZATION = re.compile(r"(?:.*/)?\w*quant\w*/(?:.*/)?(?:min|max)(?:/\w+)?$")


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose values are still in its file.

    Args:
        path: Its prefix, such as `model.ckpt-30000`; of the oldest format, its only file.
        shapes: Of each variable of the network, by name.
        ignored: Number of further variables by what they are: an optimiser's copies of the network's variables
            (`Momentum`, `Adam`), their running averages (`ExponentialMovingAverage`), `global_step`, and ranges of
            simulated quantisation.
    """

    path: Path
    shapes: dict[str, tuple[int, ...]]
    ignored: dict[str, int]
    _reader: object = dataclasses.field(repr=False, compare=False)

    def read(self, name: str) -> np.ndarray:
        """One variable's value.

        Raises:
            ValueError: If its data is damaged or cut off; the message names the file.
        """
        files = ", ".join(shown(shard) for shard in _shards(self.path)) or shown(self.path)
        try:
            values = self._reader.get_tensor(name)
        except Exception as error:
            # TensorFlow's reader raises whatever the content provokes.
            raise ValueError(
                f"{files}: the data of {name!r} cannot be read ({reason(error)}). The file is damaged or cut off; "
                "copy or download it again."
            ) from error
        if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
            raise ValueError(
                f"{files}: the values of {name!r} are not finite. Training diverged, or the file is damaged; take "
                "another checkpoint."
            )
        return values

    def kernels(self) -> dict[str, tuple[int, ...]]:
        """The shape of each convolution's kernel, by scope; of a separable one, of its depthwise part."""
        found = {}
        for name, shape in self.shapes.items():
            scope, _, leaf = name.rpartition("/")
            if leaf in KERNELS and (scope not in found or leaf == DEPTHWISE):
                found[scope] = shape
        return found


def is_checkpoint(path: str | os.PathLike) -> bool:
    """Whether a path means a checkpoint: its prefix, one of its files, or a folder with one, except a run folder."""
    path = Path(path)
    if path.is_dir():
        return not (path / RUN_MODEL).is_file() and bool(_in_folder(path) or (path / STATE_FILE).is_file())
    return bool(PART.match(path.name) or ".ckpt" in path.name or _index(path).is_file() or _shards(path))


def read_checkpoint(path: str | os.PathLike) -> Checkpoint:
    """Opens a checkpoint of TensorFlow 1.

    Where the network's variables have running averages beside them, the plain ones are taken, as the release's own
    training, evaluation and export do.

    Args:
        path: Its prefix (`model.ckpt-30000`), its `.index` file or one of its `.data-...` files, or a folder: with one
            checkpoint, or with several and a file `checkpoint` that names the latest.

    Returns:
        The checkpoint; values are read one by one when asked for.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If a file of it is missing or damaged; the message names it.

    Example:
        >>> checkpoint = read_checkpoint("deeplabv3_mnv2_pascal_train_aug/model.ckpt-30000")
        >>> len(checkpoint.shapes), checkpoint.ignored
        (272, {'Momentum': 164, 'global_step': 1})
    """
    prefix = _prefix(Path(path))
    file = _index(prefix) if _index(prefix).is_file() else prefix
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        every = {name: tuple(shape) for name, shape in sorted(reader.get_variable_to_shape_map().items())}
        _check_sizes(prefix, every, reader.get_variable_to_dtype_map())
    except Exception as error:
        # TensorFlow's reader raises whatever the content provokes.
        raise ValueError(
            f"{shown(file)} is not a checkpoint of TensorFlow, or it is damaged ({reason(error)}). Copy or download it "
            "again."
        ) from error
    kinds = {name: _training_kind(name) for name in every}
    ignored = collections.Counter(kind for kind in kinds.values() if kind)
    shapes = {name: shape for name, shape in every.items() if not kinds[name]}
    return Checkpoint(prefix, shapes, dict(ignored.most_common()), reader)


def _check_sizes(prefix: Path, shapes: dict, dtypes: dict) -> None:
    """Refuses sizes for which the data are far too short, before a network of these sizes is built."""
    shards = _shards(prefix)
    needed = sum(math.prod(shape) * dtypes[name].size for name, shape in shapes.items())
    there = sum(shard.stat().st_size for shard in shards)
    if shards and needed > max(SMALL, 4 * there):
        raise ValueError(f"its variables need {needed} bytes, and there are {there}")


def _training_kind(name: str) -> str | None:
    """What a variable belongs to, if not to the network."""
    *scope, last = name.split("/")
    if LEAVES.intersection(scope):
        return re.sub(r"_\d+$", "", last)
    if found := TRAINING.match(name):
        return found[1]
    return "quantisation range" if QUANTIZATION.match(name) else None


def _prefix(path: Path) -> Path:
    if path.is_dir():
        path = _chosen(path)
    elif found := PART.match(path.name):
        path = path.with_name(found[1])
    shards = _shards(path)
    if not _index(path).is_file():
        if shards:
            raise ValueError(
                f"{_index(path)} is missing: it says where in {shards[0].name} the variables lie. "
                "Copy all files of the checkpoint."
            )
        if path.is_file():
            return path
        raise FileNotFoundError(f"There is no checkpoint {path}; expected {_index(path)} and {path}.data-....")
    count = int(SHARD.match(shards[0].name)[2]) if shards else 1
    for number in range(count):
        shard = path.with_name(f"{path.name}.data-{number:05d}-of-{count:05d}")
        if not shard.is_file():
            raise ValueError(f"{shard} is missing: it holds the variables' values. Copy all files of the checkpoint.")
    return path


def _chosen(folder: Path) -> Path:
    """The checkpoint of a folder."""
    found = _in_folder(folder)
    if len(found) == 1:
        return found[0]
    with reading(folder / STATE_FILE, "the list of checkpoints", "Give one of them by its prefix."):
        state = tf.train.get_checkpoint_state(str(folder)) if (folder / STATE_FILE).is_file() else None
    # The path in it is that of the machine which trained.
    latest = folder / Path(state.model_checkpoint_path).name if state else None
    if latest in found:
        return latest
    if not found:
        raise FileNotFoundError(f"There is no checkpoint in {folder}; expected a file that ends in .index.")
    raise ValueError(
        f"{folder} holds {len(found)} checkpoints: {', '.join(prefix.name for prefix in found[:5])}. Give one of them."
    )


def _in_folder(folder: Path) -> list[Path]:
    return sorted(index.with_name(index.name.removesuffix(".index")) for index in folder.glob("*.index"))


def _index(prefix: Path) -> Path:
    return prefix.with_name(f"{prefix.name}.index")


def _shards(prefix: Path) -> list[Path]:
    beside = prefix.parent.iterdir() if prefix.parent.is_dir() else ()
    return sorted(file for file in beside if file.name.startswith(f"{prefix.name}.data-") and SHARD.match(file.name))
