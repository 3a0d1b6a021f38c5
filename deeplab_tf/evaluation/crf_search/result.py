"""What a search for a dense CRF's parameters found: numbers, text, files."""

from __future__ import annotations

import csv
import dataclasses
import os
from pathlib import Path

from deeplab_tf.checks import number
from deeplab_tf.crf import CRFParameters, crf_parameters
from deeplab_tf.evaluation.crf_search.picture import search_picture
from deeplab_tf.evaluation.evaluation import write_table
from deeplab_tf.files import replacing
from deeplab_tf.files.reading import reading
from deeplab_tf.progress import counted

COLUMNS = ("stage", "crf", "miou")
# A smaller gain on a few images says nothing about others.
WORTH_IT = 0.001
SHOWN = 5


@dataclasses.dataclass(frozen=True)
class CRFTrial:
    """One set of parameters that was tried.

    Args:
        stage: The stage of the search, from 1: each halves the steps of the one before.
        parameters: The CRF's.
        miou: Mean IoU with it, 0-1, to six places.
    """

    stage: int
    parameters: CRFParameters
    miou: float


@dataclasses.dataclass(frozen=True)
class CRFSearch:
    """What a search found.

    Args:
        without: Mean IoU without a CRF, on the same images, 0-1.
        trials: All sets of parameters tried, in the order in which they were.
        images: Number of images.
        iterations: Of mean field.

    Example:
        >>> example = Example(np.zeros((4, 6, 3), np.uint8), np.full((4, 6, 2), 0.5), np.zeros((4, 6), int))
        >>> found = search_crf_parameters([example], grid=CRFGrid((3,), (40,), (3,)), iterations=1)
        >>> found.best.parameters.text, found.pays
        ('3,40,3,3,3,after', False)
        >>> found.save_csv("tried.csv")
    """

    without: float
    trials: tuple[CRFTrial, ...]
    images: int
    iterations: int

    @property
    def best(self) -> CRFTrial:
        """The trial of the highest mean IoU; of equals the first."""
        return max(self.trials, key=lambda trial: trial.miou)

    @property
    def gain(self) -> float:
        """What the best parameters add to the mean IoU, -1 to 1."""
        return self.best.miou - self.without

    @property
    def pays(self) -> bool:
        """Whether a CRF is worth its time: whether the best one gains 0.1 points of mean IoU or more."""
        return self.gain >= WORTH_IT

    @property
    def verdict(self) -> str:
        """What to do, in one line."""
        if self.pays:
            return f"Best: --crf {self.best.parameters.text}"
        return (
            f"A dense CRF does not pay here: the best of {len(self.trials)} changes mean IoU by {self.gain:+.4f}, "
            "so leave it out."
        )

    def table(self, count: int = SHOWN) -> str:
        """The best parameters and what they give, as text.

        Args:
            count: How many sets, the best first, above 0.

        Returns:
            An aligned table, and the verdict.
        """
        ranked = sorted(self.trials, key=lambda trial: -trial.miou)
        width = max(len(trial.parameters.text) for trial in ranked[:count])
        lines = [f"{'mean IoU':>8}  gain     --crf", f"{self.without:8.4f}           without"]
        lines += [
            f"{trial.miou:8.4f}  {trial.miou - self.without:+.4f}  {trial.parameters.text:<{width}}"
            for trial in ranked[:count]
        ]
        tried = f"{counted(len(ranked), 'set')} of parameters on {counted(self.images, 'image')}"
        spent = f"{tried}, {counted(self.iterations, 'iteration')}"
        return "\n".join([*(line.rstrip() for line in lines), spent, self.verdict])

    def to_dict(self) -> dict:
        """The best parameters and what they give, as JSON-ready values; `--crf` takes `crf`."""
        best = self.best
        return {
            "crf": best.parameters.text,
            "miou": best.miou,
            "miou_without": self.without,
            "pays": self.pays,
            "images": self.images,
            "iterations": self.iterations,
            "tried": len(self.trials),
            **dataclasses.asdict(best.parameters),
        }

    def save_csv(self, path: str | os.PathLike) -> None:
        """Writes `stage,crf,miou` of all trials, and first without a CRF, in one move.

        Args:
            path: The file; one that is there is replaced.

        Raises:
            ValueError: If the file cannot be written.
        """
        rows = ((trial.stage, trial.parameters.text, trial.miou) for trial in self.trials)
        write_table(path, COLUMNS, [(0, "", self.without), *rows])

    def save_picture(self, path: str | os.PathLike) -> None:
        """Draws mean IoU over the widths, with the stage of each trial, and over the weights; a PNG, in one move.

        Args:
            path: The file; one that is there is replaced.

        Raises:
            ValueError: If the file cannot be written.
        """
        with replacing(path) as temporary:
            temporary.write_bytes(search_picture(self.trials, self.best, self.without))


def read_trials(path: Path, images: int, iterations: int) -> CRFSearch:
    """What `CRFSearch.save_csv` wrote.

    Raises:
        ValueError: If the file is damaged; the message names it.
    """
    with reading(path, "the results of a CRF search", "Restore it, or remove it to search from the start."):
        with open(path, newline="", encoding="utf-8") as file:
            first, *others = csv.DictReader(file, strict=True)
        if first["stage"] != "0":
            raise ValueError("its first row is not that without a CRF")
        trials = (CRFTrial(int(row["stage"]), crf_parameters(row["crf"]), _miou(row)) for row in others)
        return CRFSearch(_miou(first), tuple(trials), images, iterations)


def _miou(row: dict[str, str]) -> float:
    return number("miou", float(row["miou"]), least=0, most=1, remedy="Search again.")
