"""The folder of a search: settings, checkpoint, log, genotypes and pictures."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from deeplab_tf.backbones.genotype import Genotype
from deeplab_tf.backbones.genotype import genotype as read_genotype
from deeplab_tf.checks import listing, plain
from deeplab_tf.files import read_json, replacing, write_json
from deeplab_tf.files.reading import reading, shown
from deeplab_tf.nas.curves import draw_search
from deeplab_tf.nas.drawing import draw_genotype
from deeplab_tf.nas.search_settings import SearchSettings
from deeplab_tf.training.callbacks.events import events

WHAT, REMEDY = "the checkpoint of a search", "Remove the folder to search again."
STATE = "state"
# What a search that goes on need not keep.
DEVICES = ("strategy", "devices")
FREE = ("data", "masks", "output", "checkpoint_minutes", *DEVICES)
COLUMNS = (
    "epoch", "step", "loss", "architecture_loss", "learning_rate", "miou", "alpha_entropy", "beta_entropy", "seconds"
)  # fmt: skip
WHOLE = ("epoch", "step")


@dataclasses.dataclass
class SearchState:
    """How far a search is.

    Args:
        epoch: Epochs that are whole.
        step: Steps done in the one that is not.
        sums: Sums of the losses of weights and architecture over these steps.
        seconds: Spent until now.
        rows: One for each whole epoch, with the `COLUMNS` as keys.
    """

    epoch: int = 0
    step: int = 0
    sums: list[float] = dataclasses.field(default_factory=lambda: [0.0, 0.0])
    seconds: float = 0.0
    rows: list[dict] = dataclasses.field(default_factory=list)


class SearchFolder:
    """Where a search keeps its files.

    Args:
        path: The folder; it is there, and locked where it is written.

    Attributes:
        picture: What shows the genotype, after the first epoch.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        self._settings, self._checkpoint = self.path / "search.json", self.path / "checkpoint.npz"
        self._log, self._genotype = self.path / "log.csv", self.path / "genotype.json"
        self.picture = self.path / "genotype.png"

    @property
    def is_begun(self) -> bool:
        """Whether a search has begun here."""
        return self._settings.is_file()

    def begin(self, settings: SearchSettings, data: Mapping) -> None:
        """Keeps what the search is of, or compares it with what is kept, where there is a checkpoint to go on from.

        Raises:
            ValueError: As `check` does.
        """
        self.check(settings, data)
        if not self._checkpoint.is_file():
            write_json(self._settings, _kept(settings, data))

    def check(self, settings: SearchSettings, data: Mapping) -> None:
        """Makes sure that such a search may begin or go on here.

        Raises:
            ValueError: If the folder holds something else, or a search with other settings or data.
        """
        others = sorted(path.name for path in self.path.iterdir() if not path.name.startswith("."))
        if others and not self.is_begun:
            raise ValueError(
                f"{shown(self.path)} is not the folder of a search and not empty: it holds {listing(others, 3)}. "
                "Choose a new folder."
            )
        if not self._checkpoint.is_file():
            return
        now = _kept(settings, data)
        kept = read_json(self._settings)
        with reading(self._settings, "the settings of a search", "Choose another folder."):
            other = [
                f"{name} was {kept[name]!r} and is {now[name]!r}"
                for name in now
                if name not in FREE and kept[name] != now[name]
            ]
        if other:
            raise ValueError(
                f"{shown(self.path)} holds a search with other settings: {listing(other, 5)}. Give those of before to "
                "go on with it, or choose another folder."
            )

    def read_settings(self) -> tuple[SearchSettings, int]:
        """What the search here is of, and the number of its classes.

        Raises:
            ValueError: If there is none, or its settings are damaged; the message names it.
        """
        if not self.is_begun:
            raise ValueError(
                f"{shown(self.path)} is not the folder of a search: it has no {self._settings.name}. Give what "
                "deeplab-tf search has written."
            )
        kept = read_json(self._settings)
        with reading(self._settings, "the settings of a search", "Give what deeplab-tf search has written."):
            # Where steps were done does not count here, and searches of before do not say it.
            names = [field.name for field in dataclasses.fields(SearchSettings)]
            given = {name: kept[name] for name in names if name not in DEVICES}
            return SearchSettings(**given), len(kept["classes"])

    def read_rows(self) -> list[dict]:
        """The log's rows, one for each whole epoch, as in the `SearchState`.

        Raises:
            ValueError: If it is damaged; the message names it.
        """
        if not self._log.is_file():
            return []
        with (
            reading(self._log, "the log of a search", "Restore it, or leave this search out."),
            open(self._log, newline="", encoding="utf-8") as file,
        ):
            return [
                {name: (int if name in WHOLE else float)(row[name]) if row[name] else None for name in COLUMNS}
                for row in csv.DictReader(file)
            ]

    def read_genotype(self) -> Genotype | None:
        """What is decoded so far; None before the end of the first epoch.

        Raises:
            ValueError: If its file is damaged; the message names it.
        """
        return read_genotype(self._genotype) if self._genotype.is_file() else None

    def save(self, state: SearchState, variables: Sequence) -> None:
        """Writes the checkpoint, in one move."""
        packed = json.dumps(dataclasses.asdict(state)).encode()
        arrays = {str(index): np.asarray(variable) for index, variable in enumerate(variables)}
        with replacing(self._checkpoint) as temporary, open(temporary, "wb") as file:
            np.savez(file, **arrays, **{STATE: np.frombuffer(packed, np.uint8)})

    def restore(self, variables: Sequence) -> SearchState:
        """Sets the variables to those of the checkpoint, and gives its state; a new one where there is none.

        Raises:
            ValueError: If the checkpoint is damaged, or of another search; the message names it.
        """
        if not self._checkpoint.is_file():
            return SearchState()
        with reading(self._checkpoint, WHAT, REMEDY):
            with np.load(io.BytesIO(self._checkpoint.read_bytes()), allow_pickle=False) as file:
                state = SearchState(**json.loads(file[STATE].tobytes()))
                arrays = [file[str(index)] for index in range(len(file.files) - 1)]
            if [array.shape for array in arrays] != [tuple(variable.shape) for variable in variables]:
                raise ValueError("its variables are not those of this search")
        for variable, array in zip(variables, arrays):
            variable.assign(array)
        return state

    def write_epoch(self, rows: Sequence[dict], genes: Genotype, beta: np.ndarray) -> None:
        """What a person looks at after an epoch: log, curves, the genotype so far and its picture."""
        with replacing(self._log) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        text = genes.to_json()
        for path in (self.path / "genotypes" / f"epoch_{rows[-1]['epoch']:03d}.json", self._genotype):
            path.parent.mkdir(exist_ok=True)
            with replacing(path) as temporary:
                Path(temporary).write_text(text, encoding="utf-8")
        draw_genotype(genes, self.picture, beta=beta)
        with events(self.path / "tensorboard", rows[-1]["epoch"]):
            for name, value in rows[-1].items():
                if name != "epoch" and value is not None:
                    tf.summary.scalar(name, value)
            tf.summary.image("genotype", tf.io.decode_png(self.picture.read_bytes(), 3)[None])
        draw_search(self.path / "curves.png", rows, self.path.name)


def _kept(settings: SearchSettings, data: Mapping) -> dict:
    """What is kept of a search's settings and data, as JSON gives it back."""
    return json.loads(json.dumps(plain({**dataclasses.asdict(settings), **data})))
