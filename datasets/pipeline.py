"""Training batches and evaluation images from a data set, as `tf.data` pipelines."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from deeplab_tf.datasets.augment import Augmentation
from deeplab_tf.datasets.damage import check_split
from deeplab_tf.datasets.dataset import DataSet
from deeplab_tf.datasets.records import decode_image, decode_label, parse
from deeplab_tf.datasets.stream import record_stream

IMAGES_AHEAD = 16


def training_batches(
    dataset: DataSet,
    split: str = "train",
    *,
    batch_size: int,
    crop_size: tuple[int, int] = (257, 257),
    min_scale: float = 0.5,
    max_scale: float = 2.0,
    scale_step: float = 0.25,
    flip: bool = True,
    pad_value: float | Sequence[float] = 127.5,
    seed: int = 0,
    start_step: int = 0,
    shuffle_buffer: int = 1000,
) -> tf.data.Dataset:
    """Endless batches of randomly scaled, cropped and flipped images.

    Batch k is a function of the arguments and k alone, to the last bit: a pipeline made with `start_step=k` continues
    one that was cut off after k batches, whatever the number of threads. Epochs follow each other without a gap, so
    that every batch is full.

    Args:
        dataset: From `open_dataset`.
        split: The split to train on.
        batch_size: Images a batch.
        crop_size: Rows and columns of the crops.
        min_scale: Smallest scale that is drawn.
        max_scale: Largest scale that is drawn.
        scale_step: Distance of the scales drawn from; 0 draws any scale in between.
        flip: Whether half of the crops are mirrored left to right.
        pad_value: Grey value or RGB triple, 0-255, of what lies beyond an image smaller than the crop.
        seed: Seed of the order and the augmentation.
        start_step: Number of the first batch.
        shuffle_buffer: Number of encoded images held in memory, among which the next one is drawn.

    Returns:
        Pairs of the images, float32 `[batch_size, h, w, 3]` in 0-255, and their labels, int32 `[batch_size, h, w]`.

    Raises:
        ValueError: If an argument makes no sense, there is no such split, or a shard is missing or damaged. Damage
            that shows only in reading comes as a TensorFlow error; `explain_data_error` says where it is.

    Example:
        >>> batches = training_batches(open_dataset("voc-tfrecords"), batch_size=8)
        >>> for images, labels in batches.take(100): ...
    """
    for name, value, least in (
        ("batch_size", batch_size, 1),
        ("start_step", start_step, 0),
        ("shuffle_buffer", shuffle_buffer, 1),
    ):
        if value < least:
            raise ValueError(f"{name} must be at least {least}; received {value}. Give a larger number.")
    augment = Augmentation(crop_size, min_scale, max_scale, scale_step, flip, pad_value, dataset.labels.ignore_label)
    check_split(dataset, split)

    def example(index: tf.Tensor, serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image, label = _decode(parse(serialized))
        return augment(image, label, tf.stack([tf.constant(seed, tf.int64), index]))

    records = record_stream(dataset, split, seed=seed, start=start_step * batch_size, shuffle_buffer=shuffle_buffer)
    examples = records.map(example, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return examples.batch(batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def evaluation_images(dataset: DataSet, split: str = "val") -> tf.data.Dataset:
    """The images of a split at their own sizes, once, in the order of its files.

    Args:
        dataset: From `open_dataset`.
        split: The split to read.

    Returns:
        Dictionaries of `image`, uint8 `[H, W, 3]`, `label`, uint8 `[H, W]`, and `filename`, a string. A split without
        masks has no `label`.

    Raises:
        ValueError: If there is no such split, or a shard is missing or damaged. Damage that shows only in reading
            comes as a TensorFlow error; `explain_data_error` says where it is.

    Example:
        >>> for example in evaluation_images(open_dataset("voc-tfrecords")):
        ...     print(example["filename"].numpy().decode(), example["image"].shape)
    """
    check_split(dataset, split)
    records = tf.data.TFRecordDataset([str(path) for path in dataset.files(split)])
    labelled = all(bool(parse(record)["label"] != b"") for record in records.take(1))

    def example(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        fields = parse(serialized)
        if not labelled:
            return {"image": decode_image(fields["image"]), "filename": fields["filename"]}
        image, label = _decode(fields)
        return {"image": image, "label": label, "filename": fields["filename"]}

    return records.map(example, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(IMAGES_AHEAD)


def _decode(fields: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    image, label = decode_image(fields["image"]), decode_label(fields["label"])
    with tf.control_dependencies([tf.debugging.assert_equal(tf.shape(image)[:2], tf.shape(label))]):
        return tf.identity(image), tf.identity(label)
