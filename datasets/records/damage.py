"""Finding the damaged file behind an error of a `tf.data` pipeline."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from deeplab_tf.datasets.records.dataset import DataSet
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.datasets.records.record import count_records, decode_image, decode_label, parse
from deeplab_tf.progress import counted, track

_REMEDY = "Restore the file or convert the split again with overwrite."
# TensorFlow quotes what it cannot parse, and where that is no text, raising its error fails with the second.
DATA_ERRORS = (tf.errors.OpError, UnicodeDecodeError)


def check_split(dataset: DataSet, split: str) -> list[int]:
    """Checks that the shards of a split are all there, whole, and hold as many images as the data set says.

    Only the records' headers are read: some 35 microseconds an image on a busy machine with a local disk.

    Returns:
        Number of images of every shard.

    Raises:
        ValueError: If there is no such split, a shard is missing or truncated, or the number is another.
    """
    files = dataset.files(split)
    counts = [count_records(path) for path in files]
    if sum(counts) != dataset.count(split):
        # Which of them it is nobody can know, except of one that holds nothing.
        odd = [path.name for path, count in zip(files, counts) if not count] or [path.name for path in files]
        raise ValueError(
            f"{dataset.path} should have {counted(dataset.count(split), 'image')} in split {split!r}; its shards hold "
            f"{sum(counts)} ({', '.join(odd[:3])}). {_REMEDY}"
        )
    return counts


def explain_data_error(dataset: DataSet | ImageData, split: str, error: Exception) -> Exception:
    """The error to raise in place of what a pipeline over `split` raised.

    Reads the whole split again, record by record, until it finds what cannot be read.

    Args:
        dataset: The data set that the pipeline reads.
        split: The split that it reads.
        error: What it raised.

    Returns:
        A `ValueError` that names the damaged file, of TFRecords the shard, and, where it is only one image or mask,
        that image; or `error` itself where the split reads without fault.

    Example:
        >>> try:
        ...     model.fit(training_batches(dataset, batch_size=8), steps_per_epoch=100)
        ... except tf.errors.OpError as error:
        ...     raise explain_data_error(dataset, "train", error) from error
    """
    if isinstance(dataset, ImageData):
        return dataset.explain(split, error)
    try:
        check_split(dataset, split)
        for path in track(dataset.files(split), len(dataset.files(split)), f"look for damage in {split}", "shard"):
            _read_through(path)
    except ValueError as found:
        return found
    return error


@contextlib.contextmanager
def explained_data(dataset: DataSet | ImageData, split: str) -> Iterator[None]:
    """Raises, in place of what a pipeline over `split` raises in the block, what `explain_data_error` makes of it.

    Args:
        dataset: The data set that the block reads.
        split: The split that it reads.

    Raises:
        ValueError: If a file is damaged; the message names it.

    Example:
        >>> with explained_data(dataset, "val"):
        ...     evaluate("model.keras", evaluation_images(dataset, "val"))
    """
    try:
        yield
    except DATA_ERRORS as error:
        raise explain_data_error(dataset, split, error) from error


def _read_through(path: Path) -> None:
    records = iter(tf.data.TFRecordDataset(os.fsencode(path)))
    for number in range(1, count_records(path) + 1):
        try:
            serialized = next(records)
        except (*DATA_ERRORS, StopIteration) as error:
            raise ValueError(f"{path} is damaged at record {number}: its checksum is wrong. {_REMEDY}") from error
        try:
            fields = parse(serialized)
        except DATA_ERRORS as error:
            raise ValueError(
                f"{path}: record {number} is not an image record in the known schema. {_REMEDY}"
            ) from error
        _decode_through(f"{path}: record {number} ({fields['filename'].numpy().decode(errors='replace')})", fields)


def _decode_through(where: str, fields: dict[str, tf.Tensor]) -> None:
    sizes = []
    for part, decode in (("image", decode_image), ("label", decode_label)):
        if part == "label" and not fields[part].numpy():
            raise ValueError(f"{where} has no mask. Train and evaluate on a split that has masks.")
        try:
            sizes.append(decode(fields[part]).shape[:2].as_list())
        except DATA_ERRORS as error:
            raise ValueError(f"{where}: its {part} cannot be decoded. {_REMEDY}") from error
    if sizes[0] != sizes[1]:
        raise ValueError(f"{where}: image and mask differ in size, {sizes[0]} against {sizes[1]}. {_REMEDY}")
