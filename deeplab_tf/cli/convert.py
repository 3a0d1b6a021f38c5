"""`deeplab-tf convert`: images and masks into TFRecords, a command for each data set."""

from __future__ import annotations

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import PATH


@cli.group()
def convert() -> None:
    """Turn images and masks into TFRecords."""


def _conversion_options(command):
    for option in (
        click.option("--overwrite", is_flag=True, help="Replace splits that are there already."),
        click.option("--skip-bad", is_flag=True, help="Leave bad pairs out and list them."),
        click.option("--workers", type=click.IntRange(1), help="Parallel workers.  [default: one a core]"),
        click.option("--shards", type=click.IntRange(1), help="Files a split.  [default: one for 256 images]"),
        click.option("--output", type=PATH, required=True, help="Folder of the data set."),
    ):
        command = option(command)
    return command


@convert.command("voc")
@click.option("--root", type=PATH, required=True, help="Folder with JPEGImages, SegmentationClass, ImageSets.")
@click.option("--split", "splits", multiple=True, required=True, help="A list in ImageSets/Segmentation; repeat.")
@_conversion_options
def convert_voc(root, splits, **options) -> None:
    """PASCAL VOC, or data laid out like it.

    \b
    Example:
      deeplab-tf convert voc --root VOCdevkit/VOC2012 --split train --split val --output voc
    """
    from deeplab_tf import datasets

    for split in splits:
        click.echo(datasets.convert_voc(root, split, **options))


@convert.command("folder")
@click.option("--images", type=PATH, required=True, help="Folder of images.")
@click.option("--masks", type=PATH, required=True, help="Folder of masks of the same names: 8-bit class ids.")
@click.option("--split", default="train", show_default=True, help="What the images are.")
@click.option("--val-share", type=click.FloatRange(0, 1, max_open=True), default=0.0, help="Share to set aside as val.")
@click.option("--class-names", type=PATH, help="Text file: a class name a line, perhaps with its R G B.")
@click.option("--labels", help="A known label set instead: pascal_voc, cityscapes, camvid.")
@click.option("--ignore-label", type=click.IntRange(0, 255), default=255, show_default=True, help="The id to ignore.")
@click.option("--seed", type=int, default=0, show_default=True, help="Draws the val images.")
@_conversion_options
def convert_folder(**options) -> None:
    """Your own images and masks.

    \b
    Example:
      deeplab-tf convert folder --images images --masks masks --class-names names.txt --val-share 0.2 --output mine
    """
    from deeplab_tf import datasets

    click.echo(datasets.convert_folder(**options))
