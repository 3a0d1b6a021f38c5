"""What to know about data before training on it."""

from __future__ import annotations

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import PATH


@cli.command()
@click.argument("data", type=PATH)
@click.option("--split", help="Only this split.")
@click.option("--labels", help="Label set of TFRecords without a dataset.json, for instance pascal_voc.")
@click.option("--contact-sheet", type=PATH, help="PNG to draw.  [default: DATA/contact_sheet.png]")
@click.option("--json", "json_path", type=PATH, help="Write the findings as JSON too.")
def inspect(data, split, labels, contact_sheet, json_path) -> None:
    """Say what is in a data set, and draw it.

    \b
    Example:
      deeplab-tf inspect voc
    """
    from deeplab_tf import datasets
    from deeplab_tf.files import write_json

    sheet = contact_sheet or data / "contact_sheet.png"
    found = datasets.inspect_dataset(data, split=split, labels=labels, contact_sheet=sheet)
    click.echo(found.table())
    click.echo(f"Contact sheet: {sheet}")
    if json_path:
        write_json(json_path, found.to_dict())
