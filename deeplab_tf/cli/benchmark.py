"""Models and exported files beside each other."""

from __future__ import annotations

import contextlib

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import PATH, Side, labelled_options, predicting_options


@cli.command()
@click.argument("models", metavar="FILE...", type=PATH, nargs=-1, required=True)
@click.option("--images", type=PATH, multiple=True, help="Images, or folders, to predict; repeat.")
@click.option("--size", type=Side(), help="Of a synthetic image instead.  [default: what the first file is made for]")
@click.option("--runs", type=click.IntRange(1), default=30, show_default=True, help="Timed runs of each file.")
@click.option("--threads", type=click.IntRange(1), help="Threads of each network.  [default: all processors]")
@click.option("--reference", type=PATH, help="The file that others are compared with.  [default: the first]")
@click.option(
    "--memory/--no-memory",
    default=True,
    help="Measure the peak of memory too, each file in a new process.  [default: memory]",
)
@click.option("--data", type=PATH, help="Data set for mIoU: TFRecords, images and masks, or TFDS.")
@labelled_options
@click.option("--markdown", is_flag=True, help="Print the table as Markdown.")
@click.option("--json", "json_path", type=PATH, help="Write all figures as JSON too.")
@click.option("--csv", "csv_path", type=PATH, help="Write all figures as CSV too.")
@predicting_options
def benchmark(
    models,
    images,
    data,
    masks,
    mask_suffix,
    ids,
    split,
    labels,
    markdown,
    json_path,
    csv_path,
    **settings,
) -> None:
    """Time, memory, size, equal labels and mIoU of files that predict, in one run in which they take turns.

    A FILE is a .keras file, a run folder, a SavedModel or a .tflite file. Ctrl-C shows what has been measured so far.

    \b
    Examples:
      deeplab-tf benchmark voc.keras served/1 voc.tflite voc_int8.tflite --threads 2
      deeplab-tf benchmark voc.keras voc_int8.tflite --images photos --data voc --markdown
      deeplab-tf benchmark voc.keras voc.tflite --size 257 --runs 100 --no-memory --json speed.json
    """
    from deeplab_tf import datasets
    from deeplab_tf.evaluation import Benchmark
    from deeplab_tf.files import check_output_file
    from deeplab_tf.inference.segmented_files import find_images

    for path in (json_path, csv_path):
        if path is not None:
            check_output_file(path, [*models, *images])
    images = find_images(images) if images else None
    measured = Benchmark(models, images, **settings)
    options = {"masks": masks, "mask_suffix": mask_suffix, "ids": ids, "otherwise": measured.labels}
    labelled = datasets.labelled_images(data, split, labels, **options) if data else contextlib.nullcontext(())
    with labelled as images_and_labels:
        try:
            measured.run(*images_and_labels)
        except KeyboardInterrupt:
            if measured.timed:
                click.echo(measured.table())
            raise
    click.echo(measured.markdown() if markdown else measured.table())
    if json_path:
        measured.save_json(json_path)
    if csv_path:
        measured.save_csv(csv_path)
