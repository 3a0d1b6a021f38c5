"""The images of a search with the network's probabilities, computed once and kept in files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from deeplab_tf.files import replacing
from deeplab_tf.files.reading import reading


class Example(NamedTuple):
    """An image, what a network says of it, and the truth.

    Args:
        image: RGB, uint8 `[H, W, 3]`.
        probabilities: Float `[H, W, classes]`, sums of 1.
        labels: Integer `[H, W]`: class ids, or the ignore label.

    Example:
        >>> example = Example(np.zeros((4, 6, 3), np.uint8), np.full((4, 6, 2), 0.5), np.zeros((4, 6), int))
        >>> search_crf_parameters([example], grid=CRFGrid((3,), (40,), (3,)), iterations=1).gain
        0.0
    """

    image: np.ndarray
    probabilities: np.ndarray
    labels: np.ndarray


class StoredExamples(Sequence[Example]):
    """Examples in files, of which those that are worked on are in memory.

    Probabilities are kept in half precision, 2 bytes for each pixel and class: 8 MB for an image of PASCAL VOC.

    Args:
        folder: Where the files are.
        count: How many examples there are.
    """

    def __init__(self, folder: Path, count: int):
        self._folder, self._count = folder, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index):
        path = self._path(range(self._count)[index])
        with reading(path, "an example of a CRF search", "Remove it and run the search again."), np.load(path) as file:
            return Example(*(file[name] for name in Example._fields))

    def has(self, index: int) -> bool:
        """Whether the example is there already."""
        return self._path(index).is_file()

    def write(self, index: int, example: Example) -> None:
        """Writes an example, in one move."""
        half = example._replace(probabilities=example.probabilities.astype(np.float16))
        with replacing(self._path(index), durable=False) as temporary:
            np.savez(temporary, **half._asdict())

    def clear(self) -> None:
        """Removes all of them."""
        for index in range(self._count):
            self._path(index).unlink(missing_ok=True)

    def _path(self, index: int) -> Path:
        return self._folder / f"example-{index:04d}.npz"
