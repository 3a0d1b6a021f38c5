"""`deeplab-tf recipes`."""

from __future__ import annotations

import inspect

import click

from deeplab_tf.cli.group import cli


@cli.command()
@click.argument("name", required=False)
def recipes(name: str | None) -> None:
    """List the recipes of `train --recipe`, or show what one of them is.

    \b
    Examples:
      deeplab-tf recipes
      deeplab-tf recipes v3plus_voc
      deeplab-tf train --recipe v3plus_voc --print-config
    """
    from deeplab_tf.checks import one_of
    from deeplab_tf.training.recipes import RECIPES, own_settings, summary

    if name is None:
        width = max(map(len, RECIPES))
        for one, function in RECIPES.items():
            click.echo(f"{one:<{width}}  {summary(function)}")
        return
    function = RECIPES[one_of("recipe", name, RECIPES)]
    click.echo(inspect.getdoc(function))
    if own := own_settings(function):
        click.echo(f"\nSettings of its own (--set-recipe NAME=VALUE): {', '.join(own)}")
