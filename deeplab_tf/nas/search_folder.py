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
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from deeplab_tf.backbones.genotype import Genotype
from deeplab_tf.checks import listing, plain
from deeplab_tf.files import read_json, replacing, write_json
from deeplab_tf.files.reading import reading, shown
from deeplab_tf.nas.drawing import draw_genotype
from deeplab_tf.nas.search_settings import SearchSettings

WHAT, REMEDY = "the checkpoint of a search", "Remove the folder to search again."
STATE = "state"
# What a search that goes on need not keep.
FREE = ("data", "masks", "output", "checkpoint_minutes")
COLUMNS = (
    "epoch", "step", "loss", "architecture_loss", "learning_rate", "miou", "alpha_entropy", "beta_entropy", "seconds"
)  # fmt: skip


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
        path: The folder; it is there and locked.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        self._settings, self._checkpoint = self.path / "search.json", self.path / "checkpoint.npz"

    def begin(self, settings: SearchSettings, data: Mapping) -> None:
        """Keeps what the search is of, or compares it with what is kept.

        Raises:
            ValueError: If the folder holds something else, or a search with other settings or data.
        """
        now = json.loads(json.dumps(plain({**dataclasses.asdict(settings), **data})))
        if not self._settings.is_file():
            if others := sorted(path.name for path in self.path.iterdir() if not path.name.startswith(".")):
                raise ValueError(
                    f"{shown(self.path)} is not the folder of a search and not empty: it holds {listing(others, 3)}. "
                    "Choose a new folder."
                )
            write_json(self._settings, now)
            return
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
        with replacing(self.path / "log.csv") as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        text = genes.to_json()
        for path in (self.path / "genotypes" / f"epoch_{rows[-1]['epoch']:03d}.json", self.path / "genotype.json"):
            path.parent.mkdir(exist_ok=True)
            with replacing(path) as temporary:
                Path(temporary).write_text(text, encoding="utf-8")
        draw_genotype(genes, self.path / "genotype.png", beta=beta)
        draw_search(self.path / "curves.png", rows, self.path.name)


def draw_search(path: str | os.PathLike, rows: Sequence[dict], title: str) -> None:
    """Draws losses, mean IoU of the supernet and entropies over the epochs.

    Args:
        path: A `.png` file, written in one move.
        rows: As in the `SearchState`.
        title: Stands above.
    """
    figure = Figure(figsize=(13, 3.8), dpi=110, layout="constrained")
    panels = {
        "loss": (("loss", "weights", "-"), ("architecture_loss", "architecture", "--")),
        "mean IoU of the supernet": (("miou", "", "-"),),
        "entropy, of its greatest": (("alpha_entropy", "operations", "-"), ("beta_entropy", "links", "--")),
    }
    for axes, (name, lines) in zip(figure.subplots(1, len(panels)), panels.items()):
        for column, label, style in lines:
            found = [(row["epoch"], row[column]) for row in rows if row[column] is not None]
            axes.plot(
                *zip(*found) if found else ((), ()),
                style,
                label=label,
                color="black",
                marker="." if len(found) < 9 else None,
            )
        axes.set_title(name, loc="left")
        axes.set_xlabel("epoch")
        axes.set_xlim(0, rows[-1]["epoch"] * 1.03)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set_ylim(bottom=0, top=1.02 if name.startswith("entropy") else None)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        if len(lines) > 1:
            axes.legend(frameon=False)
    figure.suptitle(title, x=0.01, ha="left", weight="bold")
    FigureCanvasAgg(figure)
    with replacing(path) as temporary:
        figure.savefig(temporary)
