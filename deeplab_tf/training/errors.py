"""What TensorFlow raises in training, said in terms of the user's files and settings."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from deeplab_tf.datasets import DataSet, explain_data_error
from deeplab_tf.datasets.records.damage import DATA_ERRORS
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.files.disk import DiskFull, writing
from deeplab_tf.training.config import TrainConfig


class BadData(ValueError):
    """Data that cannot be read or do not fit.

    Args:
        message: Which file, and what to do.
        split: The split that it is in.
    """

    def __init__(self, message: str, split: str):
        super().__init__(message)
        self.split = split


@contextlib.contextmanager
def explained(config: TrainConfig, dataset: DataSet | ImageData, split: str) -> Iterator[None]:
    """Turns TensorFlow's errors of the block, which reads `split`, into those that a user can act on.

    Raises:
        BadData: A `ValueError`, if a file is damaged or a label is not a class; the message says what to do.
        ValueError: If memory ran out.
        DiskFull: If the run's disk is full.
        tf.errors.OpError: If it is none of these.

    Example:
        >>> with explained(config, dataset, "train"):
        ...     trainer.fit(batches)
    """
    try:
        # TensorFlow says of a full disk what it says of memory.
        with writing(config.output):
            yield
    except DiskFull:
        raise
    except tf.errors.ResourceExhaustedError as error:
        height, width = config.data.crop
        raise ValueError(
            f"Memory ran out at batch_size {config.batch_size} and crop_size {height}x{width}. Lower one of them, "
            "or take a smaller network."
        ) from error
    except DATA_ERRORS as error:
        found = explain_data_error(dataset, split, error)
        if found is error and "label value" in str(error):
            labels = dataset.labels
            found = ValueError(
                f"{dataset.path} has labels in split {split!r} that are neither one of its {labels.classes} classes "
                f"({labels.name!r}) nor {labels.ignore_label}. Give the labels that the data set was made with."
            )
        raise found if found is error else BadData(str(found), split) from error
