"""What the pipeline asks of data that are not a folder of TFRecords."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deeplab_tf.labels import LabelSpec


class ImageData(abc.ABC):
    """Images with masks in splits; `training_batches` and whatever else takes a `DataSet` takes this too.

    Attributes:
        path: Where they lie, for messages.
        labels: What the label ids mean.

    Example:
        >>> with open_data("images", masks="masks", val_share=0.2) as data:
        ...     isinstance(data, ImageData), data.splits
        (True, ('train', 'val'))
    """

    path: Path
    labels: LabelSpec

    @property
    @abc.abstractmethod
    def splits(self) -> tuple[str, ...]:
        """The names of the splits."""

    @abc.abstractmethod
    def count(self, split: str) -> int:
        """Number of images in `split`.

        Raises:
            ValueError: If there is no such split.
        """

    @abc.abstractmethod
    def sizes(self, split: str, most: int) -> Iterator[tuple[int, int]]:
        """(height, width) of at most so many images of `split`, spread over it."""

    @abc.abstractmethod
    def source(self, split: str, labelled: bool) -> Any:
        """`split` as a `Source` of the pipeline; `labelled` as for `open_source`."""

    @abc.abstractmethod
    def explain(self, split: str, error: Exception) -> Exception:
        """What to raise in place of an error of a pipeline over `split`: one that names the file, or `error`."""

    @abc.abstractmethod
    def record(self, split: str) -> dict:
        """Where `split` comes from, JSON-ready, for the record of a run."""

    def _check_split(self, split: str) -> None:
        if split not in self.splits:
            raise ValueError(f"{self.path} has no split {split!r}; it has {sorted(self.splits)}. Name one of them.")
