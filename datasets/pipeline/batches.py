"""Training batches and evaluation images from a data set, as `tf.data` pipelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from deeplab_tf import checks
from deeplab_tf.datasets.pipeline.augmentation import Augmentation
from deeplab_tf.datasets.pipeline.augmenter import Augmenter
from deeplab_tf.datasets.pipeline.sources import open_source
from deeplab_tf.datasets.pipeline.stream import example_stream, untuned
from deeplab_tf.images.scaling import fitted_pair, limit_of
from deeplab_tf.labels import LabelSpec

IMAGES_AHEAD = 16


def training_batches(
    dataset,
    split: str | None = None,
    *,
    batch_size: int,
    labels: LabelSpec | Mapping | str | int | None = None,
    crop_size: tuple[int, int] = (257, 257),
    augmentation: Augmentation | None = None,
    pad_value: float | Sequence[float] = 127.5,
    seed: int = 0,
    start_step: int = 0,
    shuffle_buffer: int | None = None,
    image_weights: Sequence[float] | np.ndarray | None = None,
    max_side: int | Sequence[int] | None = None,
    part: tuple[int, int] = (0, 1),
) -> tf.data.Dataset:
    """Endless batches of randomly scaled, cropped and flipped images.

    Of TFRecords and of files, batch k is a function of the arguments and k alone, to the last bit: a pipeline made with
    `start_step=k` continues one that was cut off after k batches, whatever the number of threads. Of a TFDS builder
    that holds too. Of a `tf.data.Dataset` it holds as far as the data set itself gives the same elements in the same
    order each time that it is read, so do not shuffle or draw at random in it: order and augmentation are made here.
    Epochs follow each other without a gap, so that every batch is full.

    Args:
        dataset: From `open_dataset` or `open_data`; or a TFDS builder whose data are prepared; or a `tf.data.Dataset`
            of single pairs (image, label), or of dictionaries with `image` and `label`: uint8 `[H, W, 3]`, RGB, and
            integer `[H, W]` or `[H, W, 1]`.
        split: The split to train on, `train` when left out. A `tf.data.Dataset` has none.
        batch_size: Images a batch.
        labels: What the label ids mean, or what `label_spec` takes for it. Needed for a `tf.data.Dataset`, and for a
            builder that is not this package's.
        crop_size: Rows and columns of the crops.
        augmentation: How the crops are varied; as released when left out.
        pad_value: Grey value or RGB triple, 0-255, of what lies beyond an image smaller than the crop.
        seed: Seed of the order and the augmentation.
        start_step: Number of the first batch.
        shuffle_buffer: Number of images held in memory, among which the next one is drawn. When left out 1000 of
            TFRecords, which are held encoded, and of files; 100 of other data.
        image_weights: How often every image is drawn in relation to the others, in the split's order; see
            `count_classes`. When left out every image comes once an epoch.
        max_side: Larger images are scaled down to this side, or to fit this (height, width), before all else: the
            image antialiased, labels by the nearest pixel.
        part: (k, n) gives the k-th, from 0, of n equal parts of every batch, as the workers of one training take them;
            the others' images are neither decoded nor augmented.

    Returns:
        Pairs of the images, float32 `[batch_size / n, h, w, 3]` in 0-255, and their labels, int32
        `[batch_size / n, h, w]`.

    Raises:
        TypeError: If `dataset` is none of these.
        ValueError: If an argument makes no sense, there is no such split, the elements are no images with labels, or a
            shard is missing or damaged. Damage that shows only in reading comes as a TensorFlow error;
            `explained_data` says where it is in TFRecords.

    Example:
        >>> batches = training_batches(open_dataset("voc-tfrecords"), batch_size=8)
        >>> for images, labels in batches.take(100): ...
        >>> own = tf.data.Dataset.from_tensor_slices(files).map(read_image_and_mask)
        >>> model.fit(training_batches(own, labels=3, batch_size=8), steps_per_epoch=100)
    """
    source = open_source(dataset, split, labels, default="train", labelled=True)
    shuffle_buffer = source.shuffle_buffer if shuffle_buffer is None else shuffle_buffer
    batch_size = checks.whole("batch_size", batch_size, remedy="Try 8.")
    start_step = checks.whole("start_step", start_step, least=0, remedy="Give the steps that were done before.")
    shuffle_buffer = checks.whole("shuffle_buffer", shuffle_buffer, remedy="Leave it out for a fitting number.")
    augment = Augmenter(augmentation or Augmentation(), crop_size, pad_value, source.labels.ignore_label)
    limit = limit_of(max_side)
    number, rows = _part(part, batch_size)

    def example(index: tf.Tensor, element) -> tuple[tf.Tensor, tf.Tensor]:
        found = source.decode(element)
        image, label = found["image"], found["label"]
        if limit is not None:
            image, label = fitted_pair(image, label, limit)
        return augment(image, label, tf.stack([tf.constant(seed, tf.int64), index]))

    stream = example_stream(
        source,
        seed=seed,
        start=start_step * batch_size,
        shuffle_buffer=shuffle_buffer,
        image_weights=image_weights,
    )
    if rows < batch_size:
        stream = stream.filter(lambda index, element: index % batch_size // rows == number)
    examples = stream.map(example, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    batches = examples.batch(rows, drop_remainder=True)
    # So that Keras asks for steps_per_epoch, instead of waiting for an epoch to end.
    endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
    return untuned(batches.apply(endless).prefetch(tf.data.AUTOTUNE))


def batch_files(
    dataset,
    number: int,
    *,
    batch_size: int,
    split: str | None = None,
    labels: LabelSpec | Mapping | str | int | None = None,
    seed: int = 0,
    shuffle_buffer: int | None = None,
    image_weights: Sequence[float] | np.ndarray | None = None,
    paths: bool = False,
) -> list[str]:
    """The names of the images in one of the batches of `training_batches`, none of which is decoded for it.

    Args:
        dataset: As for `training_batches`, with which all that is named must agree.
        number: Of the batch, counted from 0: a training from scratch sees it in step `number + 1`.
        batch_size: Images a batch.
        split: The split to train on.
        labels: What the label ids mean, where the data do not say it.
        seed: Seed of the order.
        shuffle_buffer: Number of images held in memory.
        image_weights: How often every image is drawn.
        paths: Whether to give their files' paths instead, where each has a file of its own.

    Returns:
        The images' names without their endings, as the data set has them, in the batch's order.

    Raises:
        TypeError: As for `training_batches`.
        ValueError: As for `training_batches`.

    Example:
        >>> batch_files(open_dataset("voc-tfrecords"), 41, batch_size=2)
        ['2007_000480', '2008_003709']
    """
    source = open_source(dataset, split, labels, default="train")
    stream = example_stream(
        source,
        seed=seed,
        start=number * batch_size,
        shuffle_buffer=source.shuffle_buffer if shuffle_buffer is None else shuffle_buffer,
        image_weights=image_weights,
    )
    named = source.file if paths and source.file is not None else source.filename
    names = stream.take(batch_size).map(lambda index, element: named(element))
    return [name.decode("utf-8", "surrogateescape") for name in names.as_numpy_iterator()]


def _part(part: tuple[int, int], batch_size: int) -> tuple[int, int]:
    """Which part of every batch is read, and its images."""
    number, parts = checks.whole_numbers("part", part, least=0, length=2, remedy="Try (0, 1).")
    if not 0 <= number < parts or batch_size % parts:
        raise ValueError(
            f"part must be (k, n) with k below n, and n divide batch_size {batch_size}; received {part}. Take a "
            "batch_size that is a multiple of the parts."
        )
    return number, batch_size // parts


def evaluation_images(
    dataset, split: str | None = None, *, labels: LabelSpec | Mapping | str | int | None = None
) -> tf.data.Dataset:
    """The images of a split at their own sizes, once, in the order of its files.

    Args:
        dataset: As for `training_batches`.
        split: The split to read, `val` when left out. A `tf.data.Dataset` has none.
        labels: As for `training_batches`.

    Returns:
        Dictionaries of `image`, uint8 `[H, W, 3]`, `label`, an integer `[H, W]`, and `filename`, a string. Data
        without masks have no `label`.

    Raises:
        TypeError: If `dataset` is of another kind.
        ValueError: If there is no such split, the elements are no images or have no end, or a shard is missing or
            damaged. Damage that shows only in reading comes as a TensorFlow error; `explained_data` says where it is
            in TFRecords.

    Example:
        >>> for example in evaluation_images(open_dataset("voc-tfrecords")):
        ...     print(example["filename"].numpy().decode(), example["image"].shape)
    """
    source = open_source(dataset, split, labels, default="val", once=True)
    examples = source.ordered().map(
        lambda number, element: source.decode(element), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
    )
    return untuned(examples.prefetch(IMAGES_AHEAD))
