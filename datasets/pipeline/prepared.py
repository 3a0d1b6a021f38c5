"""Data sets that TFDS has prepared, and splits that lie in different places, as one data set."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deeplab_tf.datasets.pipeline.image_sizes import sampled_sizes
from deeplab_tf.datasets.pipeline.sources import Source, open_source
from deeplab_tf.datasets.records.damage import explain_data_error
from deeplab_tf.datasets.records.dataset import DataSet
from deeplab_tf.datasets.records.image_data import ImageData
from deeplab_tf.files.reading import reason, shown
from deeplab_tf.labels import LabelSpec, label_spec

# What TFDS writes into the folder of a prepared data set.
_FILES = ("dataset_info.json", "features.json")


def is_prepared(path: Path) -> bool:
    """Whether a folder is one that TFDS has prepared, with its version."""
    return all((path / name).is_file() for name in _FILES)


@dataclasses.dataclass(frozen=True)
class PreparedData(ImageData):
    """The folder of a data set that TFDS has prepared; `open_prepared` makes it.

    Args:
        path: The folder, with its version.
        labels: What the label ids mean.
        builder: TFDS's builder.
    """

    path: Path
    labels: LabelSpec
    builder: Any

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(self.builder.info.splits)

    def count(self, split: str) -> int:
        self._check_split(split)
        return self.builder.info.splits[split].num_examples

    def sizes(self, split: str, most: int) -> Iterator[tuple[int, int]]:
        source = self.source(split, False)
        for _, element in source.ordered().take(most):
            height, width = element["image"].shape[:2]
            yield height, width

    def source(self, split: str, labelled: bool) -> Source:
        return open_source(self.builder, split, self.labels, default=split, labelled=labelled)

    def explain(self, split: str, error: Exception) -> Exception:
        return ValueError(
            f"{shown(self.path)}: an image or mask of split {split!r} does not fit ({reason(error)}). Prepare the data "
            "set again, or give the labels that it was made with."
        )

    def record(self, split: str) -> dict:
        return {"kind": "TFDS", "path": shown(self.path), "images": self.count(split)}


def open_prepared(path: Path, labels: LabelSpec | Mapping | str | int | None, otherwise: Any = None) -> PreparedData:
    """A data set that TFDS has prepared.

    Args:
        path: Its folder, with its version.
        labels: What the label ids mean, where the data do not say it.
        otherwise: The same, where neither the data nor `labels` say it.

    Raises:
        ImportError: If TFDS is not installed.
        ValueError: If nothing says what the label ids mean.
    """
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise ImportError(f"{path} was prepared by TFDS. pip install 'deeplab-tf[tfds]' to read it.") from error
    builder = tfds.builder_from_directory(path)
    told = (builder.info.metadata or {}).get("labels")
    meant: Any = next((given for given in (labels, told, otherwise) if given is not None), None)
    return PreparedData(path, label_spec(meant), builder)


@dataclasses.dataclass(frozen=True)
class JoinedData(ImageData):
    """Splits of several data sets under names of their own, as training images and those to validate on may be.

    Args:
        parts: By the split's name here, the data set and its name there. All have the same classes.
    """

    parts: Mapping[str, tuple[DataSet | ImageData, str]]

    @property
    def path(self) -> Path:
        return next(iter(self.parts.values()))[0].path

    @property
    def labels(self) -> LabelSpec:
        return next(iter(self.parts.values()))[0].labels

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(self.parts)

    def _part(self, split: str) -> tuple[DataSet | ImageData, str]:
        self._check_split(split)
        return self.parts[split]

    def count(self, split: str) -> int:
        data, name = self._part(split)
        return data.count(name)

    def sizes(self, split: str, most: int) -> Iterator[tuple[int, int]]:
        data, name = self._part(split)
        return itertools.islice(sampled_sizes(data, name), most)

    def source(self, split: str, labelled: bool) -> Source:
        data, name = self._part(split)
        return open_source(data, name, None, default=name, labelled=labelled)

    def explain(self, split: str, error: Exception) -> Exception:
        data, name = self._part(split)
        return explain_data_error(data, name, error)

    def record(self, split: str) -> dict:
        return record_of(*self._part(split))


def record_of(data: DataSet | ImageData, split: str) -> dict:
    """Where a split comes from, JSON-ready."""
    if isinstance(data, ImageData):
        return data.record(split)
    return {"kind": "TFRecords", "path": shown(data.path), "split": split, "images": data.count(split)}
