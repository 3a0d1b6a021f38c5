"""`deeplab-tf train`."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import Assignment
from deeplab_tf.cli.setting_option import SettingOption, SettingsCommand, given_options, setting_options
from deeplab_tf.training.config import GROUPS

# What stands for the two that a recipe is shown without.
UNNAMED = {"data": "DATA", "output": "OUTPUT"}
# The model that a genotype is of.
SEARCHED = "auto_deeplab"


@cli.command(cls=SettingsCommand)
@click.option("--resume", is_flag=True, help="Go on with the run in --output, or with its stages.")
@click.option("--overwrite", is_flag=True, help="Replace the run in --output by a new one.")
@click.option(
    "--set-recipe",
    "own",
    type=Assignment(),
    multiple=True,
    help="A setting of the recipe itself, such as coco=DIR; repeat.",
)
@click.option("--print-config", is_flag=True, help="Show the settings as they come out, and end.")
@setting_options(GROUPS)
@click.option(
    "--genotype", metavar="FILE|NAME", cls=SettingOption, title="Network",
    help=f"What a search has found, for {SEARCHED}: --model {SEARCHED} --set genotype=...",
)  # fmt: skip
def train(resume, overwrite, own, print_config, genotype, **options) -> None:
    """Train a model into a run folder.

    \b
    Examples:
      deeplab-tf train --data voc --model v3plus --backbone mobilenet_v2 --output runs/voc
      deeplab-tf train --data photos --masks masks --val-share 0.2 --recipe few_images_cpu --output runs/mine
      deeplab-tf train --data mine --weights deeplabv3_mnv2_pascal_quant.tflite --steps 600 --output runs/mine
      deeplab-tf train --data camvid --class-weights median_frequency --color-jitter 0.4 --output runs/camvid
      deeplab-tf train --data voc --backbone resnet_50_beta --set multi_grid=[1,2,4] --output runs/grid
      deeplab-tf train --recipe v3_voc --data voc --output runs/v3 --fast-dev-run
      deeplab-tf train --data camvid --genotype searches/1/genotype.json --output runs/found
      deeplab-tf train --resume --output runs/mine
    """
    from deeplab_tf import training
    from deeplab_tf.files.scratch import scratch_folder

    given = _searched(genotype, given_options(options))
    if resume and overwrite:
        raise click.UsageError(
            "Received both --resume, which goes on with the run in --output, and --overwrite, which replaces it. Leave "
            "one of them out."
        )
    named = given.pop("recipe", None)
    with contextlib.ExitStack() as stack:
        if "output" not in given and given.get("fast_dev_run") and not (print_config or resume):
            given["output"] = str(stack.enter_context(scratch_folder()) / "run")
            click.echo("Fast dev run into a temporary folder; nothing of it is kept.")
        if print_config and not resume:
            click.echo(json.dumps(_shown(_settings({**UNNAMED, **given}, named, dict(own))), indent=2))
            return
        if "output" not in given:
            raise click.UsageError("Give --output, the run folder.")
        if resume:
            if named or own or print_config:
                raise click.UsageError("--resume goes on with the settings of the run. Leave the recipe's options out.")
            result = training.resume(given.pop("output"), **given)
        elif "data" not in given:
            raise click.UsageError("Give --data, the folder of images or TFRecords, or --resume.")
        else:
            result = training.train(_settings(given, named, dict(own)), overwrite=overwrite)
        click.echo(result)


def _searched(genotype: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """The settings with the network of a genotype, where there is one."""
    if genotype is None:
        return given
    model, network = given.get("model", SEARCHED), given.get("network", {})
    if model != SEARCHED:
        raise click.UsageError(f"--genotype is of --model {SEARCHED}; received --model {model}. Leave one of them out.")
    if "genotype" in network:
        raise click.UsageError("Received both --genotype and --set genotype=.... Leave one of them out.")
    return {**given, "model": model, "network": {**network, "genotype": genotype}}


def _settings(given: dict[str, Any], named: str | None, own: dict[str, Any]):
    """The `TrainConfig`, or those of the stages."""
    from deeplab_tf import training

    if named is None and own:
        raise click.UsageError("--set-recipe is for a recipe. Give --recipe too.")
    made = training.TrainConfig(**given) if named is None else training.recipe(named, own, **given)
    for config in [made] if isinstance(made, training.TrainConfig) else made:
        config.check_said_once([name for name, value in given.items() if value is not None])
    return made


def _shown(configs) -> dict:
    from deeplab_tf.training import TrainConfig
    from deeplab_tf.training.start import settled

    if isinstance(configs, TrainConfig):
        return settled(configs).to_dict()
    return {"stages": [settled(config).to_dict() for config in configs]}
