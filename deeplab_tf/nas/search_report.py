"""Several searches as one page: their curves, what each has found, and a table of the decoded networks."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Sequence
from pathlib import Path

from deeplab_tf.backbones.genotype import Genotype
from deeplab_tf.checks import expect, listing, whole
from deeplab_tf.evaluation.evaluation import write_table
from deeplab_tf.evaluation.report.charts import as_png
from deeplab_tf.files import check_writable, replacing
from deeplab_tf.files.reading import shown
from deeplab_tf.nas.curves import trials_picture
from deeplab_tf.nas.drawing import genotype_figure
from deeplab_tf.nas.search_folder import FREE, SearchFolder
from deeplab_tf.nas.trials import Trial, read_trials
from deeplab_tf.page import data_uri, write_page
from deeplab_tf.progress import counted

PAGE, TABLE, CURVES = "report.html", "trials.csv", "curves.png"


@dataclasses.dataclass(frozen=True)
class SearchReport:
    """What `search_report` wrote, and of which searches.

    Args:
        page: The page.
        trials: The searches.
    """

    page: Path
    trials: Sequence[Trial]

    @property
    def best(self) -> Trial | None:
        """The one of the highest mean IoU of its supernet; None where no search has a whole epoch."""
        measured = [trial for trial in self.trials if trial.miou is not None and not math.isnan(trial.miou)]
        return max(measured, key=lambda trial: trial.miou or 0.0, default=None)

    def table(self) -> str:
        """An aligned table for people."""
        rows = [("trial", "seed", "epochs", "mIoU", "parameters", "multiply-adds", "strides"), *map(_told, self.trials)]
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:-1], widths[1:-1]), row[-1]]) for row in rows
        ]
        return "\n".join(line.rstrip() for line in lines)

    def __str__(self) -> str:
        best = [f"Best by mIoU: {self.best.name}"] if self.best and len(self.trials) > 1 else []
        return "\n".join([self.table(), *best, f"Report: {self.page}"])


def search_report(
    runs: Sequence[str | os.PathLike], output: str | os.PathLike, *, base_filters: int | None = None
) -> SearchReport:
    """Writes a page about several searches, done or not, as the Auto-DeepLab paper's figure 4 has its ten.

    The folder ends up with `report.html`, which needs no other file, `trials.csv` and `curves.png`.

    Args:
        runs: Folders of searches, or folders that have some in them, as `search_trials` makes one.
        output: Folder of the report; files of an earlier one are replaced.
        base_filters: Width of the networks whose parameters and multiply-adds are counted, as `AutoDeepLab` takes it;
            that of each search when left out.

    Returns:
        The path of the page, and the searches on it.

    Raises:
        ValueError: If there are no searches, one of the folders is none of a search, a file is damaged, or `output`
            is a search's own folder.

    Example:
        >>> print(search_report(["searches/1", "searches/2"], "report").table())
    """
    runs = [runs] if isinstance(runs, str | os.PathLike) else list(runs)
    runs = [folder for run in runs for folder in _searches(Path(run))]
    expect(bool(runs), "runs", runs, "folders of searches", "Give at least one.")
    if base_filters is not None:
        whole("base_filters", base_filters, remedy="The paper has 20, 32 and 48.")
    if SearchFolder(output).is_begun:
        raise ValueError(f"{shown(output)} is the folder of a search. Choose another one for the report.")
    trials = read_trials(runs, base_filters)
    folder = check_writable(output)
    report = SearchReport(folder / PAGE, trials)
    begun = {trial.settings.architecture_epoch for trial in trials}
    curves = trials_picture({trial.name: trial.rows for trial in trials}, begun.pop() if len(begun) == 1 else None)
    with replacing(folder / CURVES) as temporary:
        temporary.write_bytes(curves)
    table = [trial.to_row() for trial in trials]
    write_table(folder / TABLE, table[0], (row.values() for row in table))
    drawn = [(trial, _picture(trial.folder, trial.genotype)) for trial in trials if trial.genotype]
    write_page(
        report.page,
        _PAGE,
        title=counted(len(trials), "search").capitalize(),
        header=_HEADER,
        rows=[(trial is report.best, (*_told(trial), trial.operations or "-")) for trial in trials],
        setup=_setup(trials[0]),
        differing=listing(_differing(trials), 5),
        width=base_filters,
        curves=data_uri(curves, "png"),
        cells=[(f"{trial.name}: {_summary(trial)}", data_uri(picture, "png")) for trial, picture in drawn],
        table=TABLE,
    )
    return report


def _searches(folder: Path) -> list[Path]:
    """Those in a folder that is not one itself; the folder where there are none, for the message to name it."""
    if SearchFolder(folder).is_begun or not folder.is_dir():
        return [folder]
    return sorted(path for path in folder.iterdir() if SearchFolder(path).is_begun) or [folder]


_HEADER = ("Trial", "Seed", "Epochs", "mIoU", "Parameters", "Multiply-adds", "Strides", "Operations")


def _told(trial: Trial) -> tuple[str, ...]:
    """The cells of a table's row."""
    cost = trial.cost
    return (
        trial.name, str(trial.settings.seed), trial.epochs, "-" if trial.miou is None else f"{trial.miou:.4f}",
        f"{cost.parameters / 1e6:.2f} M" if cost else "-", f"{cost.multiply_adds / 1e9:.2f} G" if cost else "-",
        trial.strides or "-",
    )  # fmt: skip


def _summary(trial: Trial) -> str:
    last = trial.rows[-1] if trial.rows else None
    if last is None:
        return f"seed {trial.settings.seed}"
    return (
        f"seed {trial.settings.seed}, supernet mIoU {last['miou']:.4f}, entropy of operations "
        f"{last['alpha_entropy']:.3f}, of links {last['beta_entropy']:.3f}"
    )


def _setup(trial: Trial) -> str:
    """What was searched, in a line."""
    settings = trial.settings
    return (
        f"{Path(settings.data).name}: {counted(settings.layers, 'layer')}, {counted(settings.blocks, 'block')}, "
        f"{counted(settings.filters, 'filter')}, crops of {settings.crop[0]}x{settings.crop[1]}, "
        f"{counted(settings.epochs, 'epoch')}"
    )


def _differing(trials: Sequence[Trial]) -> list[str]:
    """The settings, besides the seed, that are not the same everywhere."""
    kept = [dataclasses.asdict(trial.settings) for trial in trials]
    same = ("seed", *(name for name in FREE if name != "data"))
    return [name for name in kept[0] if name not in same and any(one[name] != kept[0][name] for one in kept)]


def _picture(folder: Path, genes: Genotype) -> bytes:
    """Path and cell: the search's own picture, where it is there, shows how probable the links are too."""
    picture = SearchFolder(folder).picture
    return picture.read_bytes() if picture.is_file() else as_png(genotype_figure(genes))


_PAGE = """{% block title %}{{ title }}{% endblock %}
{% block body %}
<h1>{{ title }}</h1>
<p class="note">{{ setup }}.
{% if differing %}
The searches differ in {{ differing }} too: their numbers are not those of the same task.{% endif %}</p>
<div class="wide"><table>
<tr>{% for name in header %}<th{% if loop.index0 in (0, 6, 7) %} class="l"{% endif %}>{{ name }}{% endfor %}</tr>
{% for best, fields in rows %}
<tr{% if best %} style="font-weight:600"{% endif %}>
{% for cell in fields %}<td{% if loop.index0 in (0, 6, 7) %} class="l"{% endif %}
{%- if loop.last %} style="white-space:normal"{% endif %}>{{ cell }}{% endfor %}</tr>
{% endfor %}</table></div>
<p class="note">mIoU: of the supernet on crops of the architecture's half, after the last whole epoch; the highest is
bold. Parameters and multiply-adds: of AutoDeepLab with the genotype and
{% if width %}{{ width }} base filters{% else %}as many base filters as the search{% endif %}, for one crop.
Also in <a href="{{ table }}">{{ table }}</a>.</p>
<h2>Curves</h2>
<img class="plain" src="{{ curves }}" alt="Mean IoU of the supernet and entropies over the epochs">
{% if cells %}
<h2>Paths and cells</h2>
{{ gallery(cells, "Path and cell", "whole") }}
{% endif %}
{% endblock %}
"""
