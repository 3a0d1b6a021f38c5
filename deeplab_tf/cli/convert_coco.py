"""`deeplab-tf convert coco`: COCO's own files by root and split, and annotation tools' by path."""

from __future__ import annotations

import click

from deeplab_tf.cli.convert import conversion_options, convert, division_options, own_option
from deeplab_tf.cli.options import PATH
from deeplab_tf.datasets.registry import DATA_SETS, source_help

_OWN = {option.name: option for option in DATA_SETS["coco"].options}
_KINDS = _OWN["annotations"].choices
_OF_ROOT = ("root", *(name for name in _OWN if name != "annotations"))
_OF_PATH = ("images", "crowds", "val_share", "seed")


def _help() -> str:
    return f"""COCO 2017, or COCO JSON that an annotation tool exported.

    \b
    {source_help("coco").replace(chr(10), chr(10) + "    ")}

    An export of CVAT, Roboflow or Label Studio is given by the path of its JSON, or of its folder, with --annotations;
    its own categories become the classes.

    \b
    Examples:
      deeplab-tf convert coco --root coco --split train --split val --output coco-voc
      deeplab-tf convert coco --annotations cvat/annotations/instances_default.json --output mine
      deeplab-tf convert coco --annotations labels.json --images photos --val-share 0.2 --output mine
      deeplab-tf convert coco --annotations roboflow --output mine
    """


@convert.command("coco", help=_help())
@click.option("--root", type=PATH, help="COCO's folder, as above.")
@click.option(
    "--split", "splits", multiple=True, help="train, val; repeat. With a path: the split that its images become."
)
@click.option(
    "--annotations",
    default=_OWN["annotations"].default,
    show_default=True,
    metavar="KIND|PATH",
    help=f"Under --root: {', '.join(_KINDS)}. Or a JSON file, or the folder of an export.",
)
@click.option("--images", type=PATH, help="With a path: folder of its images.  [default: where the export has them]")
@click.option(
    "--crowds",
    type=click.Choice(["class", "ignore"]),
    default="class",
    show_default=True,
    help="With a path: what to make of annotations marked iscrowd, as CVAT marks brushed masks.",
)
@division_options(text="With a path: fraction to set aside as val.")
@own_option(_OWN["classes"])
@own_option(_OWN["min_pixels"])
@own_option(_OWN["year"])
@conversion_options
@click.pass_context
def convert_coco(ctx, splits, annotations, output, **options) -> None:
    """Converts COCO, or an export in its form; the help text is made from the rows above."""
    from deeplab_tf import datasets

    of_kind = annotations in _KINDS
    for name in _OF_PATH if of_kind else _OF_ROOT:
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise ValueError(
                f"--annotations {annotations} takes no --{name.replace('_', '-')}. See --help: COCO's own "
                "files and JSON files given by path have different options."
            )
        del options[name]
    if of_kind:
        root = options.pop("root")
        if root is None or not splits:
            raise ValueError(
                "COCO's own files need --root and --split. For a JSON file give its path as --annotations."
            )
        click.echo(datasets.convert_coco(root, splits, output, annotations=annotations, **options))
        return
    if len(splits) > 1:
        raise ValueError(f"A JSON file is one split; received --split {' and '.join(splits)}. Name one, or none.")
    split = splits[0] if splits else None
    click.echo(datasets.convert_coco_export(annotations, output, split=split, **options))
