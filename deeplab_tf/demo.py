"""The whole job on drawn images: draw, convert, inspect, train, evaluate, export, segment, and a page to look at."""

from __future__ import annotations

import contextlib
import html
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from deeplab_tf import datasets
from deeplab_tf.evaluation import evaluate
from deeplab_tf.export import export_saved_model, export_tflite
from deeplab_tf.files import check_writable, replacing
from deeplab_tf.files.locks import locked
from deeplab_tf.images import read_image, write_image
from deeplab_tf.inference import Segmenter, segment_files
from deeplab_tf.training import TrainConfig, train
from deeplab_tf.visualize import grid

IMAGES, VAL_SHARE, SHOWN = 300, 0.2, 4
STEPS = 450
PAGE, PARTS = "index.html", ("drawn", "tfrecords", "run", "exported", "segmented")
# Made for a small network and three minutes on two cores: shapes keep their size, so scales stay near 1.
SETTINGS = {
    "model": "v3plus",
    "backbone": "mobilenet_v2",
    "depth_multiplier": 0.35,
    "atrous_rates": (3, 6),
    "crop_size": 129,
    "batch_size": 16,
    "learning_rate": 0.1,
    "min_scale": 0.75,
    "max_scale": 1.25,
}


def run_demo(output: str | os.PathLike = "deeplab-demo", steps: int = STEPS, overwrite: bool = False) -> float:
    """Runs every step of the package on images that it draws itself, and leaves a folder to browse.

    Args:
        output: The folder; its `index.html` shows what the others hold.
        steps: Training steps; the default is what the validation mean IoU of 0.85 needs, with a margin.
        overwrite: Replace a finished demo, which comes back if the new one does not finish. An unfinished one is
            replaced anyway.

    Returns:
        Mean IoU on the validation split, 0-1.

    Raises:
        ValueError: If the folder holds a finished demo or something else, or cannot be written.

    Example:
        >>> run_demo("deeplab-demo")
        0.93
    """
    output = Path(output)
    with locked(output, "a demo"), _emptied(output, overwrite):
        return _run(output, steps)


def _run(output: Path, steps: int) -> float:
    start = time.perf_counter()

    def step(title: str) -> None:
        click.secho(f"[{time.perf_counter() - start:4.0f} s] {title}", bold=True)

    step(f"Draw {IMAGES} images and their masks")
    drawn = datasets.draw_shapes(output / "drawn", IMAGES)
    step("Convert them to TFRecords")
    names = drawn / "class_names.txt"
    records = output / "tfrecords"
    click.echo(
        datasets.convert_folder(drawn / "images", drawn / "masks", records, class_names=names, val_share=VAL_SHARE)
    )
    step("Inspect the data set")
    audit, sheet = output / "audit.html", output / "contact_sheet.png"
    click.echo(datasets.inspect_dataset(records, contact_sheet=sheet, page=audit).table())
    step(f"Train DeepLabv3+ for {steps} steps")
    run = output / "run"
    click.echo(train(TrainConfig(data=str(records), output=str(run), steps=steps, **SETTINGS)))
    step("Evaluate it on the validation images")
    dataset = datasets.open_dataset(records)
    result = evaluate(run, datasets.evaluation_images(dataset, "val"))
    result.save_json(output / "metrics.json")
    click.echo(result.table())
    step("Export it as a SavedModel and as TFLite, and compare both with it")
    samples = [item["image"] for item in datasets.evaluation_images(dataset, "val").take(SHOWN).as_numpy_iterator()]
    click.echo(export_saved_model(run, output / "exported" / "saved_model", images=samples))
    # The largest drawn image fits into the TFLite file's fixed input.
    click.echo(export_tflite(run, output / "exported" / "model.tflite", images=samples, size=257))
    step("Segment new images")
    fresh = datasets.draw_shapes(output / "new", 2 * SHOWN, seed=1)
    done = segment_files(Segmenter(run), fresh / "images", output / "segmented", legend=True)
    click.echo(f"{len(done.written)} images, {done.images_per_second:.1f} per second")
    _write_picture(output, dataset)
    _write_page(output, result, done.written.values())
    step(f"Done: validation mIoU {result.miou:.4f}. Open {output / PAGE}")
    return result.miou


@contextlib.contextmanager
def _emptied(output: Path, overwrite: bool) -> Iterator[None]:
    """Clears the output folder of an earlier demo, and of nothing else; a finished one waits for the new one's end."""
    path = Path(os.path.abspath(output))
    before = path.with_name(f".{path.name}.before")
    check_writable(output)
    parts = {*PARTS, "new", PAGE, "audit.html", "contact_sheet.png", "metrics.json", "predictions.png"}
    strange = sorted(path.name for path in output.iterdir() if path.name not in parts and path.name[0] != ".")
    if strange:
        raise ValueError(f"{output} holds {strange[0]!r}, which is not part of a demo. Give another --output.")
    # Of a demo that was killed.
    _decide(output, before)
    if (output / PAGE).exists() and not overwrite:
        raise ValueError(f"{output} holds a finished demo. Give --overwrite, or another --output.")
    if (output / PAGE).exists():
        output.rename(before)
    else:
        shutil.rmtree(output)
    check_writable(output)
    try:
        yield
    finally:
        _decide(output, before)


def _decide(output: Path, before: Path) -> None:
    """Of an earlier finished demo and the one in its place, keeps the latter only if it is finished too."""
    if before.is_dir():
        if (output / PAGE).exists():
            shutil.rmtree(before)
        else:
            shutil.rmtree(output, ignore_errors=True)
            before.rename(output)


def _write_picture(output: Path, dataset: datasets.DataSet) -> None:
    """Image, truth and prediction side by side, of some validation images."""
    segmenter = Segmenter(output / "run")
    rows = [
        (item["image"], item["label"], segmenter(item["image"]).labels)
        for item in datasets.evaluation_images(dataset, "val").take(SHOWN).as_numpy_iterator()
    ]
    write_image(output / "predictions.png", grid(rows, dataset.labels))


def _write_page(output: Path, result, segmented: Iterable[tuple[Path, Path]]) -> None:
    overlays = "".join(
        f'<img src="segmented/{overlay.name}" height="{max(160, read_image(overlay).shape[0])}" alt="">'
        for _, overlay in segmented
    )
    table = html.escape(result.table())
    page = f"""<!doctype html><meta charset="utf-8"><title>deeplab-tf demo</title>
<style>body{{font:16px/1.5 sans-serif;max-width:1000px;margin:2em auto;padding:0 1em}}img{{max-width:100%;margin:4px}}
pre{{background:#f4f4f4;padding:1em;overflow:auto}}</style>
<h1>deeplab-tf demo</h1>
<p>Validation mIoU {result.miou:.4f}, pixel accuracy {result.pixel_accuracy:.4f}, {result.images} images.</p>
<h2>Image, truth, prediction</h2><img src="predictions.png" alt="Validation images, their masks and the predictions">
<h2>New images</h2>{overlays}
<h2>Training</h2><img src="run/curves.png" alt="Loss, learning rate and validation mIoU">
<h2>Classes</h2><pre>{table}</pre>
<h2>Data</h2><img src="contact_sheet.png" alt="Training images with their masks">
<h2>Files</h2><ul>
<li><a href="run/">run/</a>: the run folder with model.keras, log.csv, config.json
<li><a href="exported/">exported/</a>: SavedModel and TFLite
<li><a href="segmented/">segmented/</a>: label PNGs and overlays
<li><a href="audit.html">audit.html</a>: the classes and what is wrong with the labels
<li><a href="metrics.json">metrics.json</a></ul>
"""
    with replacing(output / PAGE) as temporary:
        temporary.write_text(page, encoding="utf-8")
