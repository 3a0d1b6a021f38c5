"""Genotypes: what a searched network is made of, and how it looks."""

from __future__ import annotations

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import PATH, refuse_existing


@cli.command()
@click.argument("genotype", metavar="NAME_OR_FILE")
@click.option("--output", type=PATH, help="Draw path and cell into this .png, .pdf or .svg file.")
@click.option("--json", "json_file", type=PATH, help="Write the genotype into this .json file, to be changed.")
@click.option("--overwrite", is_flag=True, help="Replace existing files.")
def genotype(genotype, output, json_file, overwrite) -> None:
    """Show the cell and the path of a searched network.

    NAME_OR_FILE is auto_deeplab, another name that AutoDeepLab takes, or the .json file of a genotype.

    \b
    Examples:
      deeplab-tf genotype auto_deeplab --output auto_deeplab.png
      deeplab-tf genotype found.json
    """
    from deeplab_tf.cost import check_drawing_path
    from deeplab_tf.files import check_output_file
    from deeplab_tf.nas import draw_genotype, genotype_table
    from deeplab_tf.nas import genotype as known

    for path in filter(None, (output, json_file)):
        refuse_existing(path, overwrite)
        check_output_file(path, [genotype])
    if output:
        check_drawing_path(output)
    genes = known(genotype)
    click.echo(genotype_table(genes))
    if output:
        draw_genotype(genes, output)
        click.echo(f"Drawing: {output}")
    if json_file:
        genes.save(json_file)
        click.echo(f"Genotype: {json_file}")
