"""Measuring models on labelled images."""

from __future__ import annotations

import functools

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import PATH, Ids, opening_options


@cli.command()
@click.argument("model", type=PATH)
@click.option("--data", type=PATH, required=True, help="Folder of TFRecords.")
@click.option("--split", default="val", show_default=True, help="Split to evaluate on.")
@click.option("--labels", help="Label set of TFRecords without a dataset.json, for instance pascal_voc.")
@click.option("--json", "json_path", type=PATH, help="Write the metrics as JSON too.")
@click.option("--csv", "csv_path", type=PATH, help="Write the per-class table as CSV too.")
@click.option("--metric", "metrics", multiple=True, help="trimap, boundary_iou or boundary_f1 too; repeat.")
@click.option("--trimap-widths", type=Ids(), help="Widths of the trimap's bands in pixels: 1,5,20.")
@click.option("--skip-bad", is_flag=True, help="Leave out images whose labels do not fit, and list them.")
@opening_options
def evaluate(model, data, split, labels, json_path, csv_path, metrics, trimap_widths, skip_bad, **opening) -> None:
    """Mean IoU of a .keras file, a run folder, a SavedModel or a .tflite.

    \b
    Examples:
      deeplab-tf evaluate runs/voc --data voc --json metrics.json
      deeplab-tf evaluate voc.keras --data voc --output-stride 8 --scales 0.5,0.75,1,1.25,1.5,1.75 --flip
      deeplab-tf evaluate voc.keras --data voc --metric boundary_iou --metric trimap --trimap-widths 1,5,20
    """
    from deeplab_tf import datasets
    from deeplab_tf.evaluation import TrimapIoU
    from deeplab_tf.evaluation import evaluate as evaluate_model
    from deeplab_tf.inference import open_predictor

    if trimap_widths is not None:
        metrics = [*(name for name in metrics if name != "trimap"), functools.partial(TrimapIoU, widths=trimap_widths)]
    model = open_predictor(model, **opening)
    dataset = datasets.open_dataset(data, labels)
    images = datasets.evaluation_images(dataset, split)
    with datasets.explained_data(dataset, split):
        result = evaluate_model(model, images, dataset.labels, metrics=metrics, skip_bad=skip_bad)
    click.echo(result.table())
    if json_path:
        result.save_json(json_path)
    if csv_path:
        result.save_csv(csv_path)
