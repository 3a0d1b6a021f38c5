"""The folder of a search, which one that was cut off goes on from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deeplab_tf.checks import listing, plain
from deeplab_tf.evaluation.crf_search.examples import StoredExamples
from deeplab_tf.evaluation.crf_search.result import CRFSearch, read_trials
from deeplab_tf.files import read_json, write_json
from deeplab_tf.files.reading import reading, shown

SETTINGS, TRIED, BEST, PICTURE = "search.json", "tried.csv", "best.json", "search.png"
# What mean probabilities may differ by, from one machine to another.
SAME = 5e-4


class SearchFolder:
    """Settings, examples, trials and results of a search.

    Args:
        path: The folder; it is there and locked.
        images: How many images are searched on.
        iterations: Of mean field.

    Attributes:
        examples: The network's probabilities.
    """

    def __init__(self, path: Path, images: int, iterations: int):
        self._path, self._images, self._iterations = path, images, iterations
        self.examples = StoredExamples(path, images)

    def begin(self, settings: Mapping[str, Any], looks: np.ndarray) -> None:
        """Keeps what the search is of, or compares it with what is kept.

        Args:
            settings: What must be the same.
            looks: Mean probability of each class in an image, by which another model is recognised.

        Raises:
            ValueError: If the folder holds something else.
        """
        # As JSON gives it back.
        settings = json.loads(json.dumps(plain(dict(settings))))
        file = self._path / SETTINGS
        if not file.is_file():
            if others := sorted(path.name for path in self._path.iterdir() if not path.name.startswith(".")):
                raise ValueError(
                    f"{shown(self._path)} is not the folder of a CRF search and not empty: it holds "
                    f"{listing(others, 3)}. Choose a new folder."
                )
            write_json(file, {**settings, "looks": [round(float(value), 6) for value in looks]})
            return
        kept = read_json(file)
        with reading(file, "the settings of a CRF search", "Choose another folder."):
            other = [name for name in settings if kept[name] != settings[name]]
            before = np.array(kept["looks"], float)
            if before.shape != looks.shape or np.abs(before - looks).max() > SAME:
                other.append("model")
        if other:
            raise ValueError(
                f"{shown(self._path)} holds a CRF search with another {' and another '.join(other)}. Choose another "
                "folder, or remove this one to search again."
            )

    def tried(self) -> CRFSearch | None:
        """What was found before, or None."""
        path = self._path / TRIED
        return read_trials(path, self._images, self._iterations) if path.is_file() else None

    def record(self, found: CRFSearch) -> None:
        """Keeps what was found so far."""
        found.save_csv(self._path / TRIED)

    def finish(self, found: CRFSearch) -> None:
        """Writes the results and removes what they no longer need."""
        write_json(self._path / BEST, found.to_dict())
        found.save_picture(self._path / PICTURE)
        self.examples.clear()
