"""A folder of TFRecords with its label specification and its splits."""

from __future__ import annotations

import dataclasses
import os
import re
import reprlib
from collections.abc import Mapping
from pathlib import Path

from deeplab_tf.checks import is_whole
from deeplab_tf.datasets.records.publication import finish_publication
from deeplab_tf.datasets.records.record import count_records, shard_name
from deeplab_tf.files import read_json, write_json
from deeplab_tf.files.reading import reading
from deeplab_tf.labels import LabelSpec, label_spec

INDEX_NAME = "dataset.json"
# Shards are numbered by five digits.
MOST_SHARDS, MOST_IMAGES = 99999, 10**12
# A file's name has 255 bytes at most, of which numbers and suffix take 30.
LONGEST_NAME = 200
_SHARD = re.compile(r"(?P<split>[^.].*)-\d{5}-of-(?P<shards>\d{5})(\.tfrecord)?")


@dataclasses.dataclass(frozen=True)
class Split:
    """One part of a data set: its number of images and of shard files."""

    images: int
    shards: int


@dataclasses.dataclass(frozen=True)
class DataSet:
    """A folder of TFRecords; `open_dataset` makes it.

    Args:
        path: The folder.
        labels: What the label ids mean.
        splits: The parts, by name.

    Example:
        >>> voc = open_dataset("voc-tfrecords")
        >>> voc.count("train"), voc.labels.classes
        (1464, 21)
    """

    path: Path
    labels: LabelSpec
    splits: Mapping[str, Split]

    def _split(self, name: str) -> Split:
        if name not in self.splits:
            raise ValueError(
                f"{self.path} has no split {name!r}; it has {sorted(self.splits)}. Name one of them or convert it."
            )
        return self.splits[name]

    def count(self, split: str) -> int:
        """Number of images in a split.

        Args:
            split: Its name.

        Returns:
            The number.

        Raises:
            ValueError: If there is no such split.
        """
        return self._split(split).images

    def files(self, split: str) -> list[Path]:
        """The shard files of a split.

        Args:
            split: Its name.

        Returns:
            Their paths, in order.

        Raises:
            ValueError: If there is no such split or a shard is missing.
        """
        shards = self._split(split).shards
        # The release's own files may come without the suffix.
        named = [self.path / shard_name(split, index, shards) for index in range(shards)]
        paths = [path if path.is_file() else path.with_suffix("") for path in named]
        missing = [path.name for path, bare in zip(named, paths) if not bare.is_file()]
        if missing:
            raise ValueError(
                f"{self.path} lacks {len(missing)} of the {shards} shards of split {split!r}: "
                f"{', '.join(missing[:3])}. Restore them or convert the split again with overwrite."
            )
        return paths


def open_dataset(path: str | os.PathLike, labels: LabelSpec | Mapping | str | int | None = None) -> DataSet:
    """Opens a folder of TFRecords, after finishing a conversion that was killed while it published them.

    Args:
        path: A folder that this package converted (it holds `dataset.json`), or one of TFRecords that the
            original release's scripts wrote.
        labels: The label specification, or what `label_spec` takes for one. Needed for a folder without
            `dataset.json`; for another it must agree with it.

    Returns:
        The data set. Images of a folder without `dataset.json` are counted by walking through its files.

    Raises:
        ValueError: If the folder is missing, empty or damaged, or the labels are missing or do not agree.

    Example:
        >>> open_dataset("release-tfrecords", labels="pascal_voc").count("val")
        1449
    """
    path = Path(path)
    if not path.is_dir():
        raise ValueError(f"{path} is not a folder. Give the folder that `deeplab-tf convert` wrote.")
    given = None if labels is None else label_spec(labels)
    finish_publication(path)
    if not (path / INDEX_NAME).is_file():
        # A conversion may have begun to publish since.
        finish_publication(path)
    if (path / INDEX_NAME).is_file():
        dataset = _read_index(path)
        if given is not None and given != dataset.labels:
            raise ValueError(
                f"{path / INDEX_NAME} says {dataset.labels.classes} classes of {dataset.labels.name!r}, ignoring "
                f"{dataset.labels.ignore_label}; received other labels: {given.classes} classes of {given.name!r}, "
                f"ignoring {given.ignore_label}. Leave the labels out."
            )
        return dataset
    splits = _scan(path)
    if not splits:
        raise ValueError(
            f"{path} holds neither {INDEX_NAME} nor TFRecords named like {shard_name('train', 0, 1)}. "
            "Convert a data set into it first."
        )
    if given is None:
        raise ValueError(
            f"{path} has TFRecords but no {INDEX_NAME}, so the meaning of the label ids is unknown. "
            "Give labels, for instance 'pascal_voc' or the number of classes."
        )
    return DataSet(path, given, splits)


def write_index(dataset: DataSet, path: Path) -> None:
    """Writes what `dataset.json` says of `dataset` to `path`, in one move."""
    splits = {name: dataclasses.asdict(split) for name, split in sorted(dataset.splits.items())}
    write_json(path, {"labels": dataset.labels.to_dict(), "splits": splits})


def _read_index(path: Path) -> DataSet:
    file = path / INDEX_NAME
    with reading(file, "the index of a data set", "Convert the data set again into a new folder."):
        index = read_json(file)
        splits = {name: _stored_split(name, split) for name, split in index["splits"].items()}
        return DataSet(path, LabelSpec.from_dict(index["labels"]), splits)


def _stored_split(name: str, fields: Mapping) -> Split:
    images, shards = fields["images"], fields["shards"]
    # Of any other name shards would lie in another folder.
    if (
        "\0" in name
        or len(name.encode()) > LONGEST_NAME
        or not _SHARD.fullmatch(shard_name(name, 0, 1))
        or Path(name).name != name
    ):
        raise ValueError(f"{name!r} is not the name of a split")
    for what, count, least, most in (("images", images, 0, MOST_IMAGES), ("shards", shards, 1, MOST_SHARDS)):
        if not is_whole(count, least, most):
            raise ValueError(f"the split {name!r} has {reprlib.repr(count)} {what}, not {least} to {most}")
    return Split(images, shards)


def _scan(path: Path) -> dict[str, Split]:
    found: dict[str, list[tuple[Path, int]]] = {}
    for file in sorted(path.iterdir()):
        if file.is_file() and (match := _SHARD.fullmatch(file.name)):
            found.setdefault(match["split"], []).append((file, int(match["shards"])))
    return {
        name: Split(sum(count_records(file) for file, _ in files), max(shards for _, shards in files))
        for name, files in found.items()
    }
