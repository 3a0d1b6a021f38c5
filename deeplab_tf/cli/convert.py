"""`deeplab-tf convert`: images and masks into TFRecords, a command for each data set."""

from __future__ import annotations

from collections.abc import Callable

import click

from deeplab_tf.cli.group import QuietGroup, cli
from deeplab_tf.cli.options import LABELS, PATH, Side, mask_options
from deeplab_tf.labels.known import SPECS
from deeplab_tf.labels.sources import SOURCES, source_help

SHORT = {"voc": "pascal_voc"}


class _ShortNames(QuietGroup):
    """A group whose commands answer to the names that people say, too."""

    def get_command(self, ctx, cmd_name):
        return super().get_command(ctx, SHORT.get(cmd_name, cmd_name))


@cli.group(cls=_ShortNames)
def convert() -> None:
    """Turn images and masks into TFRecords."""


def conversion_options(command):
    command = click.option("--max-side", type=Side(), help="Scale larger images down: side or HEIGHTxWIDTH.")(command)
    return _output_options(click.option("--skip-bad", is_flag=True, help="Leave bad pairs out and list them.")(command))


def _output_options(command):
    for option in (
        click.option("--overwrite", is_flag=True, help="Replace splits that are there already."),
        click.option("--workers", type=click.IntRange(1), help="Parallel workers.  [default: one a core]"),
        click.option("--shards", type=click.IntRange(1), help="Files a split.  [default: one for 256 images]"),
        click.option("--output", type=PATH, required=True, help="Folder of the data set."),
    ):
        command = option(command)
    return command


def _data_set(name: str, converter: str, example: str, *options: Callable) -> None:
    """Adds the command of one of `SOURCES`.

    Args:
        name: Its name there.
        converter: The function of `deeplab_tf.datasets` that takes its folder and a split.
        example: What the help shows behind the command's name.
        *options: Its own options, besides those that all have.
    """
    source = SOURCES[name]

    def run(root, splits, **chosen) -> None:
        from deeplab_tf import datasets

        click.echo(getattr(datasets, converter)(root, splits, **chosen))

    splits_help = f"{', '.join(source.splits)}; repeat."
    for option in (
        conversion_options,
        *reversed(options),
        click.option("--split", "splits", multiple=True, required=True, help=splits_help),
        click.option("--root", type=PATH, required=True, help="The data set's folder, as above."),
    ):
        run = option(run)
    example = f"\b\nExample:\n  deeplab-tf convert {name} {example}"
    convert.command(name, help=f"{source.title}.\n\n\b\n{source_help(name)}\n\n{example}")(run)


_data_set(
    "pascal_voc",
    "convert_voc",
    "--root VOCdevkit/VOC2012 --split train --split val --output voc",
    click.option("--sbd", type=PATH, help="For train_aug: SBD's folder, with cls/*.mat, train.txt and val.txt."),
)
_data_set(
    "cityscapes",
    "convert_cityscapes",
    "--root cityscapes --split train --split val --output cityscapes-tfrecords",
    click.option(
        "--ids",
        type=click.Choice(["auto", "train", "label"]),
        default="auto",
        show_default=True,
        help="Masks to read: labelTrainIds, labelIds, or the former where all are there.",
    ),
)
_data_set("ade20k", "convert_ade20k", "--root ADEChallengeData2016 --split train --split val --output ade20k")
_data_set(
    "camvid",
    "convert_camvid",
    "--root CamVid --split train --split val --output camvid-tfrecords",
    click.option(
        "--classes",
        type=int,
        default=11,
        show_default=True,
        help="11 or 32, which need the original colour masks.",
    ),
)
_data_set(
    "stanford_background",
    "convert_stanford_background",
    "--root iccv09Data --split train --split val --output stanford",
    click.option("--seed", type=int, default=0, show_default=True, help="Draws the val images."),
    click.option(
        "--val-share",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        default=0.2,
        show_default=True,
        help="Share that is val: there is no official split.",
    ),
)

_data_set(
    "pascal_context",
    "convert_pascal_context",
    "--root pascal-context --split train --split val --output context",
    click.option(
        "--classes", type=int, default=60, show_default=True, help="60: 59 and background; 59; or 459, all there are."
    ),
    click.option("--voc", type=PATH, help="Folder VOC2010 of the devkit.  [default: looked for under --root]"),
)


@convert.command("labelme")
@click.option("--folder", type=PATH, required=True, help="Folder of labelme's JSON files, with their images.")
@click.option("--split", default="train", show_default=True, help="What the images are.")
@click.option("--val-share", type=click.FloatRange(0, 1, max_open=True), default=0.0, help="Share to set aside as val.")
@click.option("--class-names", type=PATH, help="labelme's labels.txt.  [default: all labels of the files]")
@click.option("--ignore-unknown", is_flag=True, help="Ignore shapes of other labels, instead of failing.")
@click.option("--line-width", type=click.IntRange(1), default=10, show_default=True, help="Pixels across lines.")
@click.option("--point-radius", type=click.IntRange(1), default=5, show_default=True, help="Pixels around points.")
@click.option("--seed", type=int, default=0, show_default=True, help="Draws the val images.")
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
@click.option(
    "--val-share", type=click.FloatRange(0, 1, max_open=True), default=0.2, show_default=True, help="Share that is val."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Draws the images.")
@_output_options
def convert_shapes(**options) -> None:
    """Drawn shapes on mottled ground: 6 classes, nothing to download.

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
@click.option("--split", default="train", show_default=True, help="What the images are.")
@click.option("--val-share", type=click.FloatRange(0, 1, max_open=True), default=0.0, help="Share to set aside as val.")
@click.option("--class-names", type=PATH, help="Text file: a class name a line, perhaps with its R G B.")
@click.option("--labels", type=LABELS, help=f"A known label set instead: {', '.join(SPECS)}; or a number of classes.")
@click.option("--ignore-label", type=click.IntRange(0, 65535), default=255, show_default=True, help="The id to ignore.")
@click.option("--seed", type=int, default=0, show_default=True, help="Draws the val images.")
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
