"""Released files into models."""

from __future__ import annotations

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import PATH, refuse_existing


@cli.command("import")
@click.argument("file", type=PATH)
@click.option("--output", type=PATH, required=True, help="The .keras file to write.")
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
def import_(file, output, overwrite) -> None:
    """Turn a released file (.tflite, frozen .pb) into a Keras model.

    \b
    Example:
      deeplab-tf import deeplabv3_mnv2_pascal_quant.tflite --output voc.keras
    """
    from deeplab_tf.models import save_model
    from deeplab_tf.weights import load_released

    refuse_existing(output, overwrite)
    model = load_released(file)
    save_model(model, output)
    config = model.get_config()
    click.echo(
        f"{output}: {type(model).__name__} {model.backbone_name}, depth multiplier {config.get('depth_multiplier')}, "
        f"output stride {model.output_stride}, {model.classes} classes ({model.labels.name}), "
        f"{model.count_params():,} parameters"
    )
