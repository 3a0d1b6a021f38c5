"""What is in a data set: sizes, pixels and images of every class, wrong values, and a contact sheet."""

from __future__ import annotations

import collections
import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from deeplab_tf.datasets.contact_sheet import thumbnails, write_contact_sheet
from deeplab_tf.datasets.damage import explain_data_error
from deeplab_tf.datasets.dataset import DataSet, open_dataset
from deeplab_tf.datasets.inspection import Inspection
from deeplab_tf.datasets.pipeline import evaluation_images
from deeplab_tf.labels import IGNORE_COLOR, LabelSpec
from deeplab_tf.progress import track

SAMPLES = 12


def inspect_dataset(
    path: str | os.PathLike,
    split: str | None = None,
    labels: LabelSpec | Mapping | str | int | None = None,
    contact_sheet: str | os.PathLike | None = None,
) -> Inspection:
    """Reads a data set through and says what is in it.

    Args:
        path: A folder of TFRecords, see `open_dataset`.
        split: The split to read; all when left out.
        labels: As for `open_dataset`.
        contact_sheet: A PNG file to write, of up to 12 images evenly drawn from the data set, with their masks.

    Returns:
        The findings.

    Raises:
        ValueError: If the folder, the split or a file is missing or damaged, or the sheet cannot be written.

    Example:
        >>> print(inspect_dataset("voc-tfrecords", contact_sheet="voc.png").table())
    """
    dataset = open_dataset(path, labels)
    splits = sorted(dataset.splits) if split is None else [split]
    total = sum(dataset.count(name) for name in splits)
    if not total:
        raise ValueError(f"{dataset.path} has no images in {splits}. Convert a data set into it first.")
    shown = set(np.linspace(0, total - 1, min(SAMPLES, total)).round().astype(int).tolist())
    found = _Tally(dataset.labels)
    samples = []
    for index, (name, example) in enumerate(track(_examples(dataset, splits), total, "inspect")):
        image, label = example["image"], example.get("label")
        filename = example["filename"].decode(errors="replace")
        found.add(filename, image.shape[:2], label)
        if contact_sheet is not None and index in shown:
            samples.append((f"{name}: {filename}", thumbnails(image, label, dataset.labels)))
    inspection = found.result(dataset.path, {name: dataset.count(name) for name in splits})
    if contact_sheet is not None:
        legend = [
            (name, color)
            for name, color, images in zip(dataset.labels.names, dataset.labels.colors, inspection.class_images)
            if images
        ]
        if inspection.ignore_pixels:
            legend.append(("ignored", IGNORE_COLOR))
        title = f"{Path(path).resolve().name}: {total} images, {dataset.labels.classes} classes"
        write_contact_sheet(contact_sheet, title, samples, legend)
    return inspection


def _examples(dataset: DataSet, splits: list[str]):
    """The examples of the splits as NumPy values; a file that cannot be read is named."""
    for split in splits:
        try:
            for example in evaluation_images(dataset, split).as_numpy_iterator():
                yield split, example
        except tf.errors.OpError as error:
            raise explain_data_error(dataset, split, error) from error


@dataclasses.dataclass
class _Tally:
    """Counts while the images pass by."""

    labels: LabelSpec

    def __post_init__(self):
        self.sizes = collections.Counter()
        self.pixels = np.zeros(256, np.int64)
        self.images = np.zeros(256, np.int64)
        self.unexpected: list[tuple[str, tuple[int, ...]]] = []

    def add(self, filename: str, size: tuple[int, int], label: np.ndarray | None) -> None:
        self.sizes[size] += 1
        if label is None:
            return
        counts = np.bincount(label.ravel(), minlength=256)
        self.pixels += counts
        self.images += counts > 0
        values = np.flatnonzero(counts)
        wrong = values[~self.labels.is_valid(values)]
        if wrong.size:
            self.unexpected.append((filename, tuple(wrong.tolist())))

    def result(self, path: Path, splits: dict[str, int]) -> Inspection:
        classes = self.labels.classes
        # In ADE20K the ignore label is the id of the first class: it is counted once, as ignored.
        counted = np.arange(classes) != self.labels.ignore_label
        return Inspection(
            path=path,
            labels=self.labels,
            splits=splits,
            sizes=dict(self.sizes.most_common()),
            class_pixels=tuple(np.where(counted, self.pixels[:classes], 0).tolist()),
            class_images=tuple(np.where(counted, self.images[:classes], 0).tolist()),
            ignore_pixels=int(self.pixels[self.labels.ignore_label]),
            pixels=int(self.pixels.sum()),
            unexpected=tuple(self.unexpected),
        )
