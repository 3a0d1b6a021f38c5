"""What a run's settings and data came to, for its record."""

from __future__ import annotations

import platform
from collections.abc import Sequence

import keras
import tensorflow as tf

import deeplab_tf
from deeplab_tf.datasets import DataSet
from deeplab_tf.datasets.pipeline.prepared import record_of
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.models import SegmentationModel
from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.data import splits_of, val_split
from deeplab_tf.training.optimisation.balance import Balance


def resolved(
    config: TrainConfig,
    dataset: DataSet | ImageData,
    model: SegmentationModel,
    weights: Balance,
    recalibrated: Sequence[str],
) -> dict:
    """What `config.json` holds beside the settings, JSON-ready.

    Args:
        config: The settings.
        dataset: The data.
        model: The model.
        weights: What classes and images weigh.
        recalibrated: Names of the layers whose statistics were measured.
    """
    return {
        "model": type(model).__name__,
        **{name: value for name, value in model.settings.items() if name not in ("labels", "classes")},
        "eval_every": config.eval_steps,
        "val_split": val_split(config, dataset),
        "recalibrated_layers": len(recalibrated),
        "class_weights": None if weights.class_weights is None else weights.class_weights.tolist(),
        "images": {split: dataset.count(split) for split in sorted(dataset.splits)},
        "data": {split: record_of(dataset, split) for split in splits_of(config, dataset)},
        "labels": dataset.labels.to_dict(),
        "versions": {**versions(), "python": platform.python_version()},
    }


def versions() -> dict[str, str]:
    """Those that decide on a run's numbers."""
    return {"deeplab_tf": deeplab_tf.__version__, "tensorflow": tf.__version__, "keras": keras.__version__}
