"""Searches beside each other: how far each is, what it has found, and what the decoded network costs."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from deeplab_tf.backbones.genotype import Genotype
from deeplab_tf.cost import ModelCost, model_cost
from deeplab_tf.evaluation import short_names
from deeplab_tf.models import AutoDeepLab
from deeplab_tf.models.without_values import without_values
from deeplab_tf.nas.notation import short_name
from deeplab_tf.nas.search_folder import SearchFolder
from deeplab_tf.nas.search_settings import SearchSettings
from deeplab_tf.progress import track


@dataclasses.dataclass(frozen=True)
class Trial:
    """A search, as far as it is.

    Args:
        name: What tells it from the others.
        folder: Where it is.
        settings: What it is of.
        classes: How many its data have.
        rows: Its log, a row for each whole epoch, as `log.csv` has it.
        genotype: The one decoded last; None before the end of the first epoch.
        cost: Of its network, for one crop.
    """

    name: str
    folder: Path
    settings: SearchSettings
    classes: int
    rows: Sequence[dict]
    genotype: Genotype | None
    cost: ModelCost | None = None

    @property
    def epochs(self) -> str:
        """Whole epochs, and those of the whole search where it is not done."""
        done = self.rows[-1]["epoch"] if self.rows else 0
        return str(done) if done == self.settings.epochs else f"{done} of {self.settings.epochs}"

    @property
    def miou(self) -> float | None:
        """Mean IoU of the supernet after the last whole epoch, 0-1."""
        return self.rows[-1]["miou"] if self.rows else None

    @property
    def strides(self) -> str:
        """Those of the path."""
        genes = self.genotype
        return " ".join(map(str, genes.strides)) if genes else ""

    @property
    def operations(self) -> str:
        """What each block adds."""
        names = list(map(short_name, self.genotype.operations)) if self.genotype else []
        return ", ".join(f"{left} + {right}" for left, right in zip(names[::2], names[1::2]))

    def to_row(self) -> dict:
        """The trial as a row of a table; what is not known yet is None."""
        last = self.rows[-1] if self.rows else {}
        return {
            "trial": self.name,
            "seed": self.settings.seed,
            "epochs": self.epochs,
            "miou": self.miou,
            "alpha_entropy": last.get("alpha_entropy"),
            "beta_entropy": last.get("beta_entropy"),
            "strides": self.strides,
            "operations": self.operations,
            "parameters": self.cost and self.cost.parameters,
            "multiply_adds": self.cost and self.cost.multiply_adds,
        }


def read_trials(folders: Sequence[str | os.PathLike], base_filters: int | None = None) -> list[Trial]:
    """Reads searches; none of them has to be done.

    Args:
        folders: Theirs.
        base_filters: Width of the networks whose cost is counted; that of each search when left out.

    Raises:
        ValueError: If a folder is none of a search, or a file in it is damaged; the message names it.
    """
    # A path such as `.` has no name.
    paths = [Path(os.path.abspath(folder)) for folder in folders]
    trials = []
    for name, path in zip(short_names(list(map(str, paths))), paths):
        folder = SearchFolder(path)
        settings, classes = folder.read_settings()
        trials.append(Trial(name, path, settings, classes, folder.read_rows(), folder.read_genotype()))
    decoded = [(trial, trial.genotype) for trial in trials if trial.genotype]
    costs = {
        trial.folder: _cost(trial, genes, base_filters)
        for trial, genes in track(decoded, len(decoded), "count", "network")
    }
    return [dataclasses.replace(trial, cost=costs.get(trial.folder)) for trial in trials]


def _cost(trial: Trial, genes: Genotype, base_filters: int | None) -> ModelCost:
    filters = base_filters or trial.settings.filters
    network = without_values(lambda: AutoDeepLab(genes, filters, classes=trial.classes))
    return model_cost(network, trial.settings.crop)
