"""`deeplab-tf convert`: images and masks into TFRecords, a command for each data set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from deeplab_tf.cli.group import QuietCommand, QuietGroup, cli
from deeplab_tf.cli.options import LABELS, PATH, Side, mask_options
from deeplab_tf.datasets.data_source import DataSource, Option
from deeplab_tf.datasets.registry import DATA_SETS, source_help
from deeplab_tf.labels.known import SPECS


class _DataSets(QuietGroup):
    """A group that has a command for every data set of the registry, whose short names it knows too."""

    def list_commands(self, ctx):
        return sorted({*self.commands, *DATA_SETS})

    def get_command(self, ctx, cmd_name):
        name = next((name for name, source in DATA_SETS.items() if source.short == cmd_name), cmd_name)
        written = super().get_command(ctx, name)
        return _command(DATA_SETS[name]) if written is None and name in DATA_SETS else written


@cli.group(cls=_DataSets)
def convert() -> None:
    """Turn images and masks into TFRecords."""


def conversion_options(command):
    """Adds the options that every conversion takes."""
    command = click.option("--max-side", type=Side(), help="Scale larger images down: side or HEIGHTxWIDTH.")(command)
    return _output_options(click.option("--skip-bad", is_flag=True, help="Leave bad pairs out and list them.")(command))


def _output_options(command):
    for option in (
        click.option("--overwrite", is_flag=True, help="Replace splits that are there already."),
        click.option("--workers", type=click.IntRange(1), help="Parallel workers.  [default: one per core]"),
        click.option("--shards", type=click.IntRange(1), help="Files per split.  [default: one for 256 images]"),
        click.option("--output", type=PATH, required=True, help="Folder of the data set."),
    ):
        command = option(command)
    return command


def division_options(
    share: float = 0.0, *, text: str = "Fraction to set aside as val.", seeds: str = "the choice of val images"
) -> Callable:
    """Adds how many of the images become val, and the seed that chooses them."""
    val_share = click.option(
        "--val-share", type=click.FloatRange(0, 1, max_open=True), default=share, show_default=True, help=text
    )
    seed = click.option("--seed", type=int, default=0, show_default=True, help=f"Seed of {seeds}.")
    return lambda command: val_share(seed(command))


def _command(source: DataSource) -> click.Command:
    """The command of a data set, which takes its folder and splits."""

    def run(root, splits, output, **chosen) -> None:
        from deeplab_tf import datasets

        click.echo(datasets.convert_dataset(source.name, root, splits, output, **chosen))

    for option in (
        conversion_options,
        *map(own_option, reversed(source.options)),
        click.option("--split", "splits", multiple=True, required=True, help=f"{', '.join(source.splits)}; repeat."),
        click.option("--root", type=PATH, required=True, help="The data set's folder, as above."),
    ):
        run = option(run)
    root, output = source.example
    splits = " ".join(f"--split {split}" for split in list(source.splits)[:2])
    example = f"\b\nExample:\n  deeplab-tf convert {source.name} --root {root} {splits} --output {output}"
    text = f"{source.title}.\n\n\b\n{source_help(source.name)}\n\n{example}"
    return click.command(source.name, cls=QuietCommand, help=text)(run)


def own_option(option: Option) -> Callable:
    """The command line's form of a data set's own option."""
    if option.choices:
        kind = click.Choice(option.choices)
    elif option.between:
        kind = click.FloatRange(*option.between, min_open=True, max_open=True)
    elif option.least is not None:
        kind = click.IntRange(option.least)
    else:
        kind = PATH if option.kind is Path else option.kind
    shown = {} if option.default is None else {"default": option.default, "show_default": True}
    return click.option(f"--{option.name.replace('_', '-')}", type=kind, help=option.help, **shown)


@convert.command("labelme")
@click.option("--folder", type=PATH, required=True, help="Folder of labelme's JSON files, with their images.")
@click.option("--split", default="train", show_default=True, help="Split that the images become.")
@division_options()
@click.option("--class-names", type=PATH, help="labelme's labels.txt.  [default: all labels of the files]")
@click.option("--ignore-unknown", is_flag=True, help="Ignore shapes of other labels, instead of failing.")
@click.option("--line-width", type=click.IntRange(1), default=10, show_default=True, help="Pixels across lines.")
@click.option("--point-radius", type=click.IntRange(1), default=5, show_default=True, help="Pixels around points.")
@conversion_options
def convert_labelme(**options) -> None:
    """Images labelled with labelme or X-AnyLabeling.

    \b
    From: labelme itself (pip install labelme), or a program that writes its format
    Folder: *.json of version 3 or later, at any depth, each beside its image or with the image inside

    \b
    Example:
      deeplab-tf convert labelme --folder photos --class-names labels.txt --val-share 0.2 --output mine
    """
    from deeplab_tf import datasets

    click.echo(datasets.convert_labelme(**options))


@convert.command("shapes")
@click.option("--images", type=click.IntRange(1), default=200, show_default=True, help="How many to draw.")
@division_options(0.2, text="Fraction that is val.", seeds="the drawing")
@_output_options
def convert_shapes(**options) -> None:
    """Drawn shapes on a mottled background: 6 classes, nothing to download.

    \b
    Example:
      deeplab-tf convert shapes --images 200 --output shapes
    """
    from deeplab_tf import datasets

    click.echo(datasets.convert_shapes(**options))


@convert.command("folder")
@click.option("--images", type=PATH, required=True, help="Folder of images.")
@click.option("--masks", type=PATH, help="Folder of masks of the same names.  [default: they lie beside the images]")
@mask_options
@click.option("--split", default="train", show_default=True, help="Split that the images become.")
@division_options()
@click.option("--class-names", type=PATH, help="Text file: one class name per line, perhaps with its R G B.")
@click.option("--labels", type=LABELS, help=f"A known label set instead: {', '.join(SPECS)}; or a number of classes.")
@click.option(
    "--ignore-label", type=click.IntRange(0, 65535), help="The id to ignore.  [default: 255, or the label set's]"
)
@conversion_options
def convert_folder(**options) -> None:
    """Your own images and masks.

    Masks are palette or grey PNGs whose values are class ids, of 16 bits where there are more than 256 classes; or RGB
    PNGs in the colours of --class-names or --labels. Without either, the classes are counted from the masks.

    \b
    Examples:
      deeplab-tf convert folder --images images --masks masks --class-names names.txt --val-share 0.2 --output mine
      deeplab-tf convert folder --images photos --mask-suffix _mask --ids 0,255 --output mine
    """
    from deeplab_tf import datasets

    click.echo(datasets.convert_folder(**options))
