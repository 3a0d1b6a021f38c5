"""Measuring models on labelled images."""

from __future__ import annotations

import contextlib
import functools
from pathlib import Path

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import PATH, Ids, labelled_options, opening_options


@cli.command()
@click.argument("models", type=PATH, nargs=-1, required=True)
@click.option("--data", type=PATH, required=True, help="Folder of TFRecords, of images and masks, or of TFDS.")
@labelled_options
@click.option("--report", type=PATH, help="Folder to write a page with pictures to, and CSV and JSON files.")
@click.option("--json", "json_path", type=PATH, help="Write the metrics as JSON too.")
@click.option("--csv", "csv_path", type=PATH, help="Write the per-class table as CSV too.")
@click.option("--metric", "metrics", multiple=True, help="trimap, boundary_iou or boundary_f1 too; repeat.")
@click.option("--trimap-widths", type=Ids(), help="Widths of the trimap's bands in pixels: 1,5,20.")
@click.option("--skip-bad", is_flag=True, help="Leave out images whose labels do not fit, and list them.")
@opening_options
def evaluate(
    models,
    data,
    masks,
    mask_suffix,
    ids,
    split,
    labels,
    report,
    json_path,
    csv_path,
    metrics,
    trimap_widths,
    skip_bad,
    crf,
    **opening,
) -> None:
    """Mean IoU of a .keras file, a run folder, an export, a released file or a name of the zoo; or two compared.

    With --crf one model is compared with itself without it.

    \b
    Examples:
      deeplab-tf evaluate runs/voc --data voc --report report
      deeplab-tf evaluate before.keras after.keras --data photos --masks masks --report changes
      deeplab-tf evaluate voc.keras --data voc --output-stride 8 --scales 0.5,0.75,1,1.25,1.5,1.75 --flip
      deeplab-tf evaluate voc.keras --data voc --crf v2_resnet_101 --report crf     without and with it
      deeplab-tf evaluate voc.keras --data voc --metric boundary_iou --metric trimap --trimap-widths 1,5,20
    """
    from deeplab_tf import datasets
    from deeplab_tf.evaluation import (
        Report,
        TrimapIoU,
        comparison_table,
        evaluate_all,
        save_csv,
        save_json,
        short_names,
    )
    from deeplab_tf.files import check_output_file
    from deeplab_tf.inference import Refined, Remembered, open_predictor
    from deeplab_tf.training.same_data import warn_of_training_images

    if len(models) > 2:
        raise click.UsageError(f"Received {len(models)} models; expected one, or two to compare.")
    for path in (json_path, csv_path):
        if path is not None:
            check_output_file(path, models)
    names = short_names([str(model) for model in models])
    with_and_without = crf is not None and len(models) == 1
    predictors = [open_predictor(model, crf=None if with_and_without else crf, **opening) for model in models]
    words = {}
    if with_and_without:
        # The network runs once for both.
        plain = Remembered(predictors[0])
        predictors, names = [plain, Refined(plain, crf)], [names[0], f"{names[0]} + CRF {Path(crf).name}"]
        words = {"heading": "What the dense CRF changes", "letters": ("plain", "refined")}
    asked = list(dict.fromkeys([*metrics, *(Report.metrics if report else ())]))
    if trimap_widths is not None:
        asked = [*(name for name in asked if name != "trimap"), functools.partial(TrimapIoU, widths=trimap_widths)]
    for model in models:
        warn_of_training_images(model, data)
    options = {"masks": masks, "mask_suffix": mask_suffix, "ids": ids, "otherwise": predictors[0].labels}
    with contextlib.ExitStack() as stack:
        images, spec = stack.enter_context(datasets.labelled_images(data, split, labels, **options))
        written = stack.enter_context(Report(report, spec, names, **words)) if report else None
        on_image = written.add if written else None
        found = evaluate_all(predictors, images, spec, metrics=asked, skip_bad=skip_bad, on_image=on_image)
        page = written.finish(found) if written else None
    results = dict(zip(names, found))
    click.echo(found[0].table() if len(found) == 1 else comparison_table(results))
    if json_path:
        save_json(json_path, results)
    if csv_path:
        save_csv(csv_path, results)
    if page:
        click.echo(f"Report: {page}")
