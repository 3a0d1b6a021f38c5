"""What to know about data before training on it."""

from __future__ import annotations

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import LABELS, PATH, mask_options
from deeplab_tf.datasets.registry import DATA_SETS

_HELP = f"""Say what is in a data set and what is wrong with its labels, before or after conversion.

    DATA is a folder of TFRecords; that of a known data set
    ({", ".join(row.title for row in DATA_SETS.values() if row.tfds_name)}); one of images and masks;
    one of labelme's or X-AnyLabeling's JSON files; or a COCO export of CVAT, Roboflow or Label Studio (or its JSON
    file). Errors are pairs that conversion refuses and --skip-bad leaves out; warnings are kept. Nothing is written
    into DATA unless it is a folder of TFRecords.

    \b
    Examples:
      deeplab-tf inspect VOCdevkit/VOC2012 --html audit.html
      deeplab-tf inspect photos --masks masks --class-names names.txt --json audit.json --strict
      deeplab-tf inspect labelled --class-names labels.txt
      deeplab-tf inspect voc
    """


@cli.command(help=_HELP)
@click.argument("data", type=PATH)
@click.option("--split", "splits", multiple=True, help="Only this split; repeat.")
@click.option("--masks", type=PATH, help="Folder of the masks, where DATA is a folder of images.")
@mask_options
@click.option("--labels", type=LABELS, help="Label set where DATA does not say its own: pascal_voc, ..., or a number.")
@click.option(
    "--class-names", type=PATH, help="The same as a text file: one class name per line, perhaps with its R G B."
)
@click.option("--contact-sheet", type=PATH, help="PNG to draw.  [default: DATA/contact_sheet.png of TFRecords]")
@click.option("--html", "page", type=PATH, help="Page to write.  [default: DATA/audit.html of TFRecords]")
@click.option("--json", "json_path", type=PATH, help="Write the findings as JSON too.")
@click.option("--workers", type=click.IntRange(1), help="Parallel workers.  [default: one per core]")
@click.option("--strict", is_flag=True, help="End with 1 if there are errors.")
def inspect(data, splits, masks, labels, class_names, contact_sheet, page, json_path, workers, strict, **mask) -> int:
    """Inspects a data set; the help text is made from the rows above."""
    from deeplab_tf import datasets
    from deeplab_tf.datasets.audit.raw_source import has_records
    from deeplab_tf.datasets.builders.class_names import read_class_names
    from deeplab_tf.files import check_output_file, write_json

    if class_names is not None:
        if labels is not None:
            raise ValueError("Received both --labels and --class-names; they say the same thing. Give one of them.")
        labels = read_class_names(class_names)
    for output in (json_path, page, contact_sheet):
        if output is not None:
            check_output_file(output, [data])
    if masks is None and has_records(data):
        contact_sheet, page = contact_sheet or data / "contact_sheet.png", page or data / "audit.html"
    found = datasets.inspect_dataset(
        data, list(splits) or None, labels, contact_sheet, masks=masks, page=page, workers=workers, **mask
    )
    click.echo(found.table())
    if json_path:
        write_json(json_path, found.to_dict())
    for what, path in (("Contact sheet", contact_sheet), ("Page", page), ("JSON", json_path)):
        if path:
            click.echo(f"{what}: {path}")
    return 1 if strict and found.errors else 0
