"""`deeplab-tf search`."""

from __future__ import annotations

import click

from deeplab_tf import interrupts
from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import PATH
from deeplab_tf.cli.setting_option import SettingsCommand, given_options, setting_options
from deeplab_tf.lazy import choose_for_small_operations
from deeplab_tf.nas.search_settings import SEARCHES, SearchSettings, search_settings


class SearchCommand(SettingsCommand):
    """A command whose TensorFlow runs many small operations."""

    def invoke(self, ctx):
        choose_for_small_operations()
        return super().invoke(ctx)


@cli.command(cls=SearchCommand)
@click.option(
    "--recipe", type=click.Choice(list(SEARCHES)), default="published", show_default=True,
    help="Where the settings come from that are not given.",
)  # fmt: skip
@click.option("--trials", type=int, help="Search so often, with the seeds from --seed on, in folders within --output.")
@click.option("--workers", type=int, help="Trials at a time.  [default: 1]")
@click.option("--end-with-stdin", is_flag=True, hidden=True)
@setting_options({"search": SearchSettings})
def search(recipe, trials, workers, end_with_stdin, **options) -> None:
    """Search a network for a data set, as Auto-DeepLab does: its cell and its path through the strides.

    The folder ends up with genotype.json, which train and AutoDeepLab take, genotype.png, curves.png and log.csv; all
    of them after each epoch. After Ctrl-C or a kill the same command goes on. With --trials the folder has one for each
    trial, with its log beside it, and in the end a report of all.

    \b
    Examples:
      deeplab-tf search --recipe minutes_cpu --data camvid --output searches/first
      deeplab-tf search --recipe hour_cpu --data camvid --output searches/1 --seed 1
      deeplab-tf search --recipe hour_cpu --data camvid --output searches --trials 10 --workers 2
      deeplab-tf search --data cityscapes --output searches/published
      deeplab-tf train --genotype searches/1/genotype.json --data camvid --output runs/found
    """
    from deeplab_tf import nas

    if end_with_stdin:
        interrupts.end_with_stdin()
    if missing := [f"--{name}" for name in ("data", "output") if options[name] is None]:
        raise click.UsageError(f"Give {' and '.join(missing)}.")
    if workers is not None and trials is None:
        raise click.UsageError("--workers is for several trials. Give --trials too.")
    settings = search_settings(recipe, **given_options(options))
    if trials is None:
        click.echo(nas.search(settings))
        return
    found = nas.search_trials(settings, trials, workers=1 if workers is None else workers)
    click.echo(found)
    if found.failed:
        raise ValueError(f"{', '.join(found.failed)} failed, of {trials} trials. The same command tries again.")


@cli.command("search-report")
@click.argument("runs", type=PATH, nargs=-1, required=True)
@click.option("--output", type=PATH, required=True, help="Folder of the report.")
@click.option(
    "--base-filters", type=click.IntRange(1),
    help="Width of the networks whose cost is counted.  [default: that of each search]",
)  # fmt: skip
def search_report(runs, output, base_filters) -> None:
    """Show several searches on one page: curves, paths, cells, and what the networks cost.

    RUNS are folders of searches, done or not, or folders that have some in them. The folder of the report has
    report.html, trials.csv and curves.png.

    \b
    Example:
      deeplab-tf search-report searches/1 searches/2 searches/3 --output report
      deeplab-tf search-report searches --output report
    """
    from deeplab_tf import nas

    click.echo(nas.search_report(runs, output, base_filters=base_filters))
