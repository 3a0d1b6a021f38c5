"""`deeplab-tf train`."""

from __future__ import annotations

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import MaxSide, Numbers, Rates, Setting, Side
from deeplab_tf.cli.setting_option import SettingOption


def _train_options(command):
    from_config = [
        (
            "--model",
            click.Choice(["v1", "v2", "v3", "v3plus", "lr_aspp", "auto_deeplab"]),
            "DeepLab version.  [default: that of --weights, or v3]",
        ),
        ("--backbone", str, "Feature extractor.  [default: that of --weights, or mobilenet_v2]"),
        ("--depth-multiplier", float, "Width of the backbone.  [default: that of --weights, or 1]"),
        ("--output-stride", int, "8, 16 or 32.  [default: that of --weights, or 16]"),
        (
            "--atrous-rates",
            Rates(),
            "ASPP rates, such as 6,12,18, or none.  [default: as --weights, or by crop]",
        ),
        ("--weights", str, "Start: a .keras file, a run folder, a released file, a name of the zoo, or imagenet."),
        ("--labels", str, "Label set of TFRecords without a dataset.json, for instance pascal_voc."),
        ("--steps", int, "Optimiser steps."),
        ("--batch-size", int, "Images per step."),
        ("--crop-size", Side(), "Side or HEIGHTxWIDTH of the crops."),
        ("--max-side", MaxSide(), "Scale larger images down to this side first."),
        ("--learning-rate", float, "At the start.  [default: 0.01; 0.001 from a DeepLab's --weights, for v1, v2]"),
        ("--weight-decay", float, "L2 on convolution kernels."),
        ("--momentum", float, "Of SGD."),
        ("--batch-norm", click.Choice(["train", "frozen"]), "Batch statistics: train or keep."),
        ("--recalibrate", int, "Images to measure folded batch statistics on; 0 for never.  [default: 200]"),
        ("--min-scale", float, "Least random scale."),
        ("--max-scale", float, "Greatest random scale."),
        ("--scale-step", float, "Step of the random scale; 0 for any."),
        ("--rotate", float, "Greatest random rotation in degrees."),
        (
            "--color-jitter",
            Numbers(),
            "Greatest random change of colours, such as 0.4, or of brightness,contrast,saturation,hue.",
        ),
        ("--blur", float, "Largest random Gaussian blur, a standard deviation in pixels."),
        ("--sampling", click.Choice(["uniform", "class_balanced"]), "How images are drawn."),
        ("--eval-every", int, "Steps between checkpoints.  [default: a tenth of the steps, 100 to 2000]"),
        ("--checkpoint-minutes", float, "Minutes between checkpoints to resume from; 0 for none."),
        ("--train-split", str, "Split to train on."),
        ("--val-split", str, "Split to validate on.  [default: val, if there]"),
        ("--seed", int, "Of everything random."),
    ]
    for name, kind, text in reversed(from_config):
        command = click.option(name, type=kind, help=text, cls=SettingOption)(command)
    command = click.option(
        "--set",
        "network",
        type=Setting(),
        multiple=True,
        callback=lambda ctx, param, value: dict(value) or None,
        help="A further argument of the model's constructor, such as multi_grid=[1,2,4]; repeat.",
    )(command)
    command = click.option("--no-flip", "flip", flag_value=False, default=None, help="No random mirroring.")(command)
    command = click.option(
        "--class-weights",
        metavar="METHOD|FILE.json|none",
        callback=lambda ctx, param, value: None if value == "none" else value,
        help="Weigh classes in the loss: median_frequency, inverse_log, inverse_frequency, or a file's numbers.",
    )(command)
    return click.option("--mixed-precision", is_flag=True, default=None, help="Compute in 16 bits.")(command)


@cli.command()
@click.option("--data", type=str, help="Folder of TFRecords.")
@click.option("--output", type=str, required=True, help="Run folder.")
@click.option("--resume", is_flag=True, help="Go on with the run in --output.")
@click.option("--overwrite", is_flag=True, help="Replace the run in --output by a new one.")
@_train_options
def train(resume, overwrite, **options) -> None:
    """Train a model into a run folder.

    \b
    Examples:
      deeplab-tf train --data voc --model v3plus --backbone mobilenet_v2 --output runs/voc
      deeplab-tf train --data mine --weights deeplabv3_mnv2_pascal_quant.tflite --steps 600 --output runs/mine
      deeplab-tf train --data camvid --class-weights median_frequency --color-jitter 0.4 --output runs/camvid
      deeplab-tf train --data voc --backbone resnet_50_beta --set multi_grid=[1,2,4] --output runs/grid
      deeplab-tf train --resume --output runs/mine
    """
    from deeplab_tf import training

    given = {name: value for name, value in options.items() if value is not None}
    if resume:
        result = training.resume(given.pop("output"), **given)
    elif "data" not in given:
        raise click.UsageError("Give --data, the folder of TFRecords, or --resume.")
    else:
        result = training.train(training.TrainConfig(**given), overwrite=overwrite)
    click.echo(result)
