"""`deeplab-tf search`."""

from __future__ import annotations

import click

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
@setting_options({"search": SearchSettings})
def search(recipe, **options) -> None:
    """Search a network for a data set, as Auto-DeepLab does: its cell and its path through the strides.

    The folder ends up with genotype.json, which train and AutoDeepLab take, genotype.png, curves.png and log.csv; all
    of them after each epoch. After Ctrl-C or a kill the same command goes on.

    \b
    Examples:
      deeplab-tf search --recipe minutes_cpu --data camvid --output searches/first
      deeplab-tf search --recipe hour_cpu --data camvid --output searches/1 --seed 1
      deeplab-tf search --data cityscapes --output searches/published
      deeplab-tf train --genotype searches/1/genotype.json --data camvid --output runs/found
    """
    from deeplab_tf import nas

    if missing := [f"--{name}" for name in ("data", "output") if options[name] is None]:
        raise click.UsageError(f"Give {' and '.join(missing)}.")
    click.echo(nas.search(search_settings(recipe, **given_options(options))))


@cli.command("search-report")
@click.argument("runs", type=PATH, nargs=-1, required=True)
@click.option("--output", type=PATH, required=True, help="Folder of the report.")
@click.option(
    "--base-filters", type=click.IntRange(1),
    help="Width of the networks whose cost is counted.  [default: that of each search]",
)  # fmt: skip
def search_report(runs, output, base_filters) -> None:
    """Show several searches on one page: curves, paths, cells, and what the networks cost.

    RUNS are folders of searches, done or not. The folder has report.html, trials.csv and curves.png.

    \b
    Example:
      deeplab-tf search-report searches/1 searches/2 searches/3 --output report
    """
    from deeplab_tf import nas

    click.echo(nas.search_report(runs, output, base_filters=base_filters))
