"""The data of a run: opened as the settings say, as training batches and as images to validate on."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf

from deeplab_tf.datasets import DataSet, batch_files, evaluation_images, open_data, training_batches
from deeplab_tf.datasets.pipeline.sources import open_source
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.models import SegmentationModel
from deeplab_tf.training.config import FAST_STEPS, TrainConfig
from deeplab_tf.training.errors import explained

_log = logging.getLogger(__name__)


@contextlib.contextmanager
def opened_data(config: TrainConfig) -> Iterator[DataSet | ImageData]:
    """The data that the settings name, while the block lasts.

    Raises:
        ValueError: As `open_data`.
    """
    asked = config.data
    with open_data(
        asked.folder,
        asked.train_split,
        asked.val_split,
        labels=asked.labels,
        masks=asked.masks,
        mask_suffix=asked.mask_suffix,
        ids=asked.ids or (),
        val_data=asked.val_data,
        val_masks=asked.val_masks,
        val_share=asked.val_share,
    ) as dataset:
        yield dataset


def splits_of(config: TrainConfig, dataset: DataSet | ImageData) -> list[str]:
    """The splits that the run reads."""
    validation = val_split(config, dataset)
    return [config.train_split] if validation is None else [config.train_split, validation]


def val_split(config: TrainConfig, dataset: DataSet | ImageData) -> str | None:
    """The split to validate on: the one that is asked for, else `val` where there is one.

    Raises:
        ValueError: If the data set has no split of the name that is asked for.
    """
    if config.val_split is not None:
        dataset.count(config.val_split)
        return config.val_split
    return "val" if "val" in dataset.splits else None


def batches_of(
    config: TrainConfig,
    dataset: DataSet | ImageData,
    model: SegmentationModel,
    start_step: int = 0,
    image_weights: Sequence[float] | np.ndarray | None = None,
    part: tuple[int, int] = (0, 1),
) -> tf.data.Dataset:
    """The run's endless training batches from step `start_step` on, or a part of each, as `training_batches` does."""
    return training_batches(
        dataset,
        config.train_split,
        batch_size=config.batch_size,
        crop_size=config.data.crop,
        max_side=config.max_side,
        augmentation=config.augmentation,
        pad_value=model.pad_value,
        seed=config.seed,
        start_step=start_step,
        image_weights=image_weights,
        part=part,
    )


def files_of(
    config: TrainConfig, dataset: DataSet | ImageData, image_weights: Sequence[float] | np.ndarray | None = None
) -> Callable[[int], list[str]]:
    """What gives the files, or names, of the images in a batch of `batches_of`, counted from 0, by `batch_files`."""
    return functools.partial(
        batch_files,
        dataset,
        split=config.train_split,
        batch_size=config.batch_size,
        seed=config.seed,
        image_weights=image_weights,
        paths=True,
    )


def warn_of_no_labels(config: TrainConfig, dataset: DataSet | ImageData) -> None:
    """Logs which of the splits that the run reads have no labelled pixel; reads as far as the first one.

    Raises:
        ValueError: If a file is damaged.
    """
    ignored = dataset.labels.ignore_label
    for split in splits_of(config, dataset):
        source = open_source(dataset, split, None, default=split, labelled=True)
        masks = (source.decode(element)["label"] for _, element in source.ordered())
        with explained(config, dataset, split):
            if all(bool(tf.reduce_all(mask == ignored)) for mask in masks):
                _log.warning(
                    "%s: no mask has a labelled pixel, only %d (ignore). %s Look at the masks, and at the labels given "
                    "with them: `deeplab-tf inspect` shows both.",
                    source.name, ignored,
                    "Training learns nothing from them." if split == config.train_split else "Nothing is measured.",
                )  # fmt: skip


def validation_images(config: TrainConfig, dataset: DataSet | ImageData) -> tf.data.Dataset | None:
    """What to validate on, as `evaluation_images` gives it, or None.

    Raises:
        ValueError: If there is no such split, it has no masks, or there is none and the settings need one.
    """
    split = val_split(config, dataset)
    if split is None:
        if config.patience is not None or config.best_by not in ("miou", "loss"):
            raise ValueError(
                f"{dataset.path} has no split to validate on, which patience={config.patience} and "
                f"best_by={config.best_by!r} ask for. Name a val_split, give val_share, or leave the two out."
            )
        return None
    images = evaluation_images(dataset, split)
    if "label" not in images.element_spec:
        raise ValueError(f"{dataset.path}: split {split!r} has no masks to validate on. Name another val_split.")
    return images.take(FAST_STEPS) if config.fast_dev_run else images
