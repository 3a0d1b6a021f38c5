"""`deeplab-tf train`."""

from __future__ import annotations

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.setting_option import SettingsCommand, setting_options
from deeplab_tf.training.config import GROUPS


@cli.command(cls=SettingsCommand)
@click.option("--resume", is_flag=True, help="Go on with the run in --output.")
@click.option("--overwrite", is_flag=True, help="Replace the run in --output by a new one.")
@setting_options(GROUPS)
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
    if "output" not in given:
        raise click.UsageError("Give --output, the run folder.")
    if resume:
        result = training.resume(given.pop("output"), **given)
    elif "data" not in given:
        raise click.UsageError("Give --data, the folder of TFRecords, or --resume.")
    else:
        result = training.train(training.TrainConfig(**given), overwrite=overwrite)
    click.echo(result)
