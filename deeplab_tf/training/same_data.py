"""Data that must be the same, of the workers of one run, and that should not: to learn from and to measure on."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import zlib
from pathlib import Path

import numpy as np
import tensorflow as tf

from deeplab_tf.checks import listing
from deeplab_tf.datasets import DataSet
from deeplab_tf.datasets.pipeline.prepared import record_of
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.files.reading import shown
from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.data import splits_of
from deeplab_tf.training.run_folder import RunFolder
from deeplab_tf.training.strategy import OneDevice

_log = logging.getLogger(__name__)
_HALF = 1 << 16


def check_same_everywhere(devices: OneDevice, config: TrainConfig, dataset: DataSet | ImageData) -> None:
    """Makes sure that all workers read the same data: else each would take its part of another batch.

    Args:
        devices: Where the steps are done; without several workers there is nothing to compare.
        config: The settings.
        dataset: What this worker has opened.

    Raises:
        ValueError: On all workers, if numbers of images, labels or, of folders of images, names or sizes differ.
    """
    workers = devices.workers
    if workers is None:
        return
    counts = {split: dataset.count(split) for split in splits_of(config, dataset)}
    seen = [counts, [record_of(dataset, split).get("files") for split in counts], dataset.labels.to_dict()]
    own = np.zeros((len(workers.tasks), 3), np.float32)
    # float32 holds half of it exactly, also as often as a worker has devices.
    own[workers.number] = 1, *divmod(zlib.crc32(json.dumps(seen).encode()), _HALF)
    sums = devices.sum(tf.constant(own)).numpy()
    halves = sums[:, 1:] / sums[:, :1]
    if others := [workers.name(number) for number in np.flatnonzero((halves != halves[0]).any(1))]:
        raise ValueError(
            f"{listing(others)} read other data than {workers.name(0)}: numbers of images, labels, or names or sizes "
            f"of files differ. Here {dataset.path} has {counts} images. Give all workers the same data."
        )


def warn_of_training_images(model: str | os.PathLike, data: str | os.PathLike) -> None:
    """Logs where a model is a run and `data` the folder of which it has trained on a part, drawn by itself."""
    folder = RunFolder(model)
    with contextlib.suppress(ValueError, OSError, KeyError, TypeError, AttributeError):
        record = folder.read_resolved()["data"][folder.read_config().train_split]
        if Path(record["path"]).resolve() == Path(data).resolve():
            seen, every = record["images"], record["drawn"]["of"]
            _log.warning(
                "%s is measured as a whole, and %d of its %d images are those that %s was trained on. The result of "
                "the others alone is in %s.",
                shown(data), seen, every, shown(model), shown(folder.per_class_csv),
            )  # fmt: skip
