"""Which classes lie in which image, and how many pixels each has: what balances training."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from deeplab_tf.datasets.pipeline.class_weights import class_weights
from deeplab_tf.datasets.pipeline.sources import open_source
from deeplab_tf.datasets.pipeline.stream import untuned
from deeplab_tf.datasets.records.damage import explained_data
from deeplab_tf.datasets.records.dataset import DataSet
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.labels import LabelSpec
from deeplab_tf.progress import track


@dataclasses.dataclass(frozen=True)
class ClassCounts:
    """What `count_classes` counted.

    Args:
        pixels: Pixels of every class, int64 `[classes]`.
        image_pixels: All pixels of the images in which the class occurs, int64 `[classes]`.
        present: Whether the class occurs in the image, boolean `[images, classes]`, in the split's order.

    Example:
        >>> counts = count_classes(open_dataset("voc-tfrecords"))
        >>> batches = training_batches(dataset, batch_size=8, image_weights=counts.image_weights())
    """

    pixels: np.ndarray
    image_pixels: np.ndarray
    present: np.ndarray

    def class_weights(self, method: str = "median_frequency") -> np.ndarray:
        """Weights of the classes in a loss; `deeplab_tf.datasets.pipeline.class_weights` has the formulas.

        Args:
            method: `median_frequency`, `root_median_frequency`, `inverse_log` or `inverse_frequency`.

        Returns:
            float64 `[classes]`, above 0; 1 for a class without pixels.

        Raises:
            ValueError: If there is no such method.
        """
        return class_weights(self.pixels, method, self.image_pixels)

    def image_weights(self) -> np.ndarray:
        """Chances of the images, float64 `[images]`, of sum 1, that make each class's turn as frequent as any other's.

        They are those of drawing a class and then one of the images in which it occurs, each evenly. Images without
        a labelled pixel are never drawn.
        """
        images = self.present.sum(axis=0)
        chances = np.divide(1.0, images, out=np.zeros(len(images)), where=images > 0)
        return self.present @ chances / np.count_nonzero(images)


def count_classes(
    dataset, split: str | None = None, *, labels: LabelSpec | Mapping | str | int | None = None
) -> ClassCounts:
    """Counts the classes of a split, in one pass over its masks.

    Args:
        dataset: As for `training_batches`.
        split: The split to read, `train` when left out.
        labels: As for `training_batches`.

    Returns:
        The counts. They take a byte an image and class of memory.

    Raises:
        TypeError: If `dataset` is of another kind.
        ValueError: As `evaluation_images`, or if there are no masks, or no labelled pixel in any.

    Example:
        >>> count_classes(open_dataset("voc-tfrecords")).class_weights().round(1)[:3]
        array([0.3, 3.5, 5.9])
    """
    source = open_source(dataset, split, labels, default="train", once=True)
    if not source.labelled:
        raise ValueError(f"{source.name} has no masks to count classes in. Name a split that has.")

    values = source.labels.mask_values

    def histogram(number: tf.Tensor, element) -> tf.Tensor:
        # The graph drops the decoding of the image, which nothing here needs.
        label = tf.reshape(source.decode(element)["label"], (-1,))
        return tf.math.bincount(tf.cast(label, tf.int32), minlength=values, maxlength=values, dtype=tf.int64)

    histograms = source.ordered().map(histogram, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    pixels, image_pixels, present = np.zeros(values, np.int64), np.zeros(values, np.int64), []
    told = isinstance(dataset, DataSet | ImageData)
    with explained_data(dataset, split or "train") if told else contextlib.nullcontext():
        for counts in track(untuned(histograms).as_numpy_iterator(), source.count, "count classes"):
            pixels += counts
            image_pixels += np.where(counts > 0, counts.sum(), 0)
            present.append(counts[: source.labels.classes] > 0)
    # In ADE20K the ignore label is the id of a class, which nothing is then labelled with.
    counted = np.arange(source.labels.classes) != source.labels.ignore_label
    present = np.stack(present) & counted
    if not present.any():
        raise ValueError(
            f"No pixel of {source.name} is of one of its {source.labels.classes} classes. Check the labels and the "
            f"ignore label {source.labels.ignore_label}."
        )
    pixels, image_pixels = (sums[: source.labels.classes] * counted for sums in (pixels, image_pixels))
    return ClassCounts(pixels, image_pixels, present)
