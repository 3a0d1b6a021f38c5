"""Searching the dense CRF's parameters."""

from __future__ import annotations

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import LABELS, PATH, Numbers, mask_options, predicting_options


@cli.command("crf-search")
@click.argument("model", type=PATH)
@click.option("--data", type=PATH, required=True, help="Folder of TFRecords, of images and masks, or of TFDS.")
@click.option("--masks", type=PATH, help="Folder of the masks, where --data is a folder of images.")
@mask_options
@click.option("--split", default="train", show_default=True, help="Split to search on.")
@click.option("--labels", type=LABELS, help="Label set where --data does not say its own, for instance pascal_voc.")
@click.option("--images", type=int, default=40, show_default=True, help="Images to search on, drawn evenly.")
@click.option("--output", type=PATH, required=True, help="Folder of the search; one that was cut off goes on.")
@click.option("--iterations", type=int, default=10, show_default=True, help="Of mean field.")
@click.option("--bilateral-weights", type=Numbers(), help="To choose from.  [default: 1,2,3,4,6,8]")
@click.option("--sigma-alphas", type=Numbers(), help="In pixels, to choose from.  [default: 20,30,40,50,60,80,100]")
@click.option("--sigma-betas", type=Numbers(), help="In colours, to choose from.  [default: 3,4,5,6,8,10]")
@click.option("--spatial-weight", type=float, default=3, show_default=True, help="Of the spatial kernel.")
@click.option("--sigma-gamma", type=float, default=3, show_default=True, help="Of the spatial kernel, in pixels.")
@click.option(
    "--normalization",
    type=click.Choice(["after", "symmetric"]),
    default="after",
    show_default=True,
    help="As the papers' code has it, or pydensecrf.",
)
@click.option("--workers", type=int, help="Images at a time.  [default: one per core]")
@predicting_options
def crf_search(
    model,
    data,
    split,
    labels,
    masks,
    mask_suffix,
    ids,
    images,
    output,
    iterations,
    bilateral_weights,
    sigma_alphas,
    sigma_betas,
    spatial_weight,
    sigma_gamma,
    normalization,
    workers,
    **opening,
) -> None:
    """Search the dense CRF that gives a model the highest mean IoU on a few labelled images, coarse to fine.

    The spatial kernel stays, as in the papers. The folder ends up with tried.csv, best.json, which --crf takes, and
    search.png. After Ctrl-C or a kill the same command goes on.

    \b
    Examples:
      deeplab-tf crf-search voc.keras --data voc --output crf
      deeplab-tf crf-search runs/mine --data photos --masks masks --images 20 --output crf
      deeplab-tf crf-search voc.keras --data voc --output-stride 32 --sigma-alphas 10,20,30 --output crf-32
      deeplab-tf evaluate voc.keras --data voc --crf crf/best.json
    """
    from deeplab_tf import datasets
    from deeplab_tf.evaluation import CRFGrid, search_crf
    from deeplab_tf.inference import open_predictor

    given = {"bilateral_weights": bilateral_weights, "sigma_alphas": sigma_alphas, "sigma_betas": sigma_betas}
    chosen = {name: _several(values) for name, values in given.items() if values is not None}
    grid = CRFGrid(**chosen, spatial_weight=spatial_weight, sigma_gamma=sigma_gamma, normalization=normalization)
    predictor = open_predictor(model, **opening)
    options = {"masks": masks, "mask_suffix": mask_suffix, "ids": ids, "otherwise": predictor.labels}
    with datasets.labelled_images(data, split, labels, **options) as (found, spec):
        search = {"count": images, "grid": grid, "iterations": iterations, "workers": workers}
        click.echo(search_crf(predictor, found, spec, output=output, **search).table())


def _several(values: float | tuple[float, ...]) -> tuple[float, ...]:
    return values if isinstance(values, tuple) else (values,)
