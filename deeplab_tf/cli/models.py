"""Models: importing released ones, and what a model is made of."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import PATH, Assignment, Side, refuse_existing


@cli.command("import")
@click.argument("file", type=PATH, metavar="NAME_OR_FILE")
@click.option("--output", type=PATH, required=True, help="The .keras file to write.")
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
def import_(file, output, overwrite) -> None:
    """Turn a released model into a Keras model.

    NAME_OR_FILE is a name of the release's model zoo (deeplab-tf zoo), which is downloaded, or a released file: an
    archive of the zoo (.tar.gz), a checkpoint, a frozen graph (.pb) or a .tflite.

    \b
    Examples:
      deeplab-tf import mobilenetv2_coco_voc_trainaug --output voc.keras
      deeplab-tf import deeplabv3_mnv2_pascal_quant.tflite --output voc.keras
    """
    from deeplab_tf.files import check_output_file
    from deeplab_tf.models import check_model_path, save_model
    from deeplab_tf.weights import load_released

    refuse_existing(output, overwrite)
    check_model_path(output)
    check_output_file(output, [file])
    model = load_released(file)
    save_model(model, output)
    multiplier = model.settings.get("depth_multiplier")
    width = f"depth multiplier {multiplier:g}, " if multiplier else ""
    click.echo(
        f"{output}: {type(model).__name__} {model.backbone_name}, {width}"
        f"output stride {model.output_stride}, {model.classes} classes ({model.labels.name}), "
        f"{model.count_params():,} parameters"
    )


@cli.command()
@click.option("--urls", is_flag=True, help="List where each file lies instead, for downloads by hand.")
def zoo(urls) -> None:
    """List the original release's models, which can be downloaded by name.

    A file fetched by hand serves as well: deeplab-tf import FILE.tar.gz.

    \b
    Examples:
      deeplab-tf zoo
      deeplab-tf zoo --urls
    """
    from deeplab_tf.weights import zoo_table, zoo_urls

    # A pipe gets whole lines, for grep and awk.
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    click.echo(zoo_urls() if urls else zoo_table(width))


@cli.command()
@click.argument("model")
@click.option("--size", type=Side(), default=513, show_default=True, help="Image size: a side, or HEIGHTxWIDTH.")
@click.option("--set", "settings", type=Assignment(), multiple=True, help="An argument of a named model; repeat.")
@click.option("--layers", is_flag=True, help="A row for each layer with weights, not for each block.")
@click.option("--output", type=PATH, help="Draw the network into this .png, .pdf or .svg file.")
@click.option("--json", "json_file", type=PATH, help="Write every count into this file.")
@click.option("--overwrite", is_flag=True, help="Replace existing files.")
def describe(model, size, settings, layers, output, json_file, overwrite) -> None:
    """Say what a model is made of: strides, channels, rates, parameters, multiply-adds.

    MODEL is a .keras file or a run folder, a released file (.tar.gz, .tflite, .pb, a checkpoint), a kind and a backbone
    such as v3plus:xception_65, or a name of the release's zoo, whose weights are not needed.

    \b
    Examples:
      deeplab-tf describe voc.keras --output voc.png
      deeplab-tf describe v3plus:xception_65 --set output_stride=8 --size 1025x2049
      deeplab-tf describe v3:mobilenet_v2 --set atrous_rates=[] --layers --json cost.json
    """
    from deeplab_tf.cost import check_drawing_path, draw_network, model_cost, skeleton
    from deeplab_tf.files import check_output_file, write_json
    from deeplab_tf.weights import identify

    for path in filter(None, (output, json_file)):
        refuse_existing(path, overwrite)
        check_output_file(path, [model])
    if output:
        check_drawing_path(output)
    if is_model_file(model):
        if settings:
            raise ValueError(f"{model} has its settings already; --set is for a named model such as v3:mobilenet_v2.")
        network = identify(model).load()
    else:
        network = skeleton(model, dict(settings))
    cost = model_cost(network, (size, size) if isinstance(size, int) else size)
    click.echo(cost.table(layers=layers))
    if output:
        draw_network(cost, output)
        click.echo(f"Drawing: {output}")
    if json_file:
        write_json(json_file, cost.to_dict())
        click.echo(f"All counts: {json_file}")


def is_model_file(text: str) -> bool:
    """Whether `text` is meant as a path, not as the name of a network."""
    from deeplab_tf.models import MODELS
    from deeplab_tf.weights.sources import kind_of

    kind, (word, colon, _) = kind_of(text), text.partition(":")
    if Path(text).exists():
        return True
    # What stands behind the colon may be the path of a genotype.
    return not (colon and word in MODELS) and ("/" in text or (kind is not None and kind.name != "zoo"))
