"""What makes rare classes count in a run: how often images are drawn, and what pixels weigh in the loss."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from deeplab_tf.datasets import DataSet, count_classes
from deeplab_tf.datasets.pipeline.class_weights import METHODS, check_class_weights, read_class_weights
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.training.config import TrainConfig
from deeplab_tf.training.errors import explained


@dataclasses.dataclass(frozen=True)
class Balance:
    """Weights of classes and images.

    Args:
        class_weights: What a pixel of every class weighs in the loss, float64 `[classes]`; None where all weigh alike.
        image_weights: How often every training image is drawn, float64 `[images]`; None where all come alike.
    """

    class_weights: np.ndarray | None = None
    image_weights: np.ndarray | None = None


def balance(config: TrainConfig, dataset: DataSet | ImageData, class_weights: Sequence[float] | None = None) -> Balance:
    """The weights that `config` asks for; counts classes in the training masks where they are needed.

    Args:
        config: The settings.
        dataset: The data.
        class_weights: Those that the run began with, in place of what the settings come to now.

    Raises:
        FileNotFoundError: If there is no such file of class weights.
        ValueError: If the file is not such a list, or the data are damaged or without labelled pixels.
    """
    asked = config.class_weights if class_weights is None else class_weights
    classes = dataset.labels.classes
    counted = isinstance(asked, str) and asked in METHODS
    counts = None
    if counted or config.sampling == "class_balanced":
        with explained(config, dataset, config.train_split):
            counts = count_classes(dataset, config.train_split)
    if counted:
        weights = counts.class_weights(asked)
    elif isinstance(asked, str):
        weights = read_class_weights(asked, classes)
    else:
        weights = None if asked is None else check_class_weights(asked, classes)
    return Balance(weights, counts.image_weights() if config.sampling == "class_balanced" else None)
