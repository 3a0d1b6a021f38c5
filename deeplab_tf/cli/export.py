"""The command `export`: one row for each format, with what writes it and the options that are its own."""

from __future__ import annotations

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import PATH, Side, page_options, precision_options

# By format, the function of `deeplab_tf.export` and its own options.
FORMATS = {
    "saved_model": ("export_saved_model", ("versioned", "serving_kit")),
    "tflite": ("export_tflite", ("size", "outputs", "precision", "calibration")),
    "browser": ("export_browser", ("size", "precision", "calibration", "runtime", "sample")),
}


@cli.command()
@click.argument("model", type=PATH)
@click.option("--format", "kind", type=click.Choice(list(FORMATS)), required=True, help="What to write.")
@click.option("--output", type=PATH, required=True, help="SavedModel folder, .tflite file, or folder of the page.")
@click.option("--size", type=Side(), help="TFLite, browser: fixed input size.  [default: the model's canvas, or 513]")
@click.option(
    "--outputs",
    type=click.Choice(["labels", "probabilities", "logits", "low_logits"]),
    help="TFLite only; low_logits are at the network's own stride, for MediaPipe and Edge TPU.  [default: labels]",
)
@precision_options
@page_options
@click.option("--versioned", is_flag=True, default=None, help="SavedModel only: --output holds versions, add the next.")
@click.option(
    "--serving-kit", is_flag=True, default=None, help="SavedModel only: the same, with all that a server needs."
)
@click.option("--images", type=PATH, multiple=True, help="Images, or folders, to compare on; repeat.")
@click.option("--overwrite", is_flag=True, help="Replace an existing export.")
def export(model, kind, output, images, overwrite, **own) -> None:
    """Write a SavedModel, a TFLite file, or a page for browsers, after comparing it with the model.

    MODEL is a .keras file, a run folder, a released file, or a name that deeplab-tf zoo lists.

    \b
    Examples:
      deeplab-tf export runs/voc --format saved_model --output serving/voc --serving-kit
      deeplab-tf export runs/voc --format tflite --output voc.tflite --images photos
      deeplab-tf export runs/voc --format tflite --output int8.tflite --precision int8 --calibration photos
      deeplab-tf export runs/voc --format browser --output page --sample photo.jpg
    """
    own = {name: value for name, value in own.items() if value not in (None, ())}
    _refuse_others(kind, own)

    import deeplab_tf.export
    from deeplab_tf.inference.segmented_files import find_images

    write = getattr(deeplab_tf.export, FORMATS[kind][0])
    images = find_images(images) if images else None
    click.echo(write(model, output, images=images, overwrite=overwrite, **own))


def _refuse_others(kind: str, given: dict) -> None:
    for name in given:
        takers = [format for format, (_, names) in FORMATS.items() if name in names]
        if kind not in takers:
            option = "--" + name.replace("_", "-")
            raise click.UsageError(f"{option} is for --format {' or '.join(takers)}; received --format {kind}.")
