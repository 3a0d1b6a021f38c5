"""The steps of a demo, one after the other."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import click
import numpy as np

from deeplab_tf import datasets
from deeplab_tf.cost import draw_network, model_cost
from deeplab_tf.demo.folder import PAGE, check_place, emptied
from deeplab_tf.demo.learning import Watched
from deeplab_tf.demo.photographs import credit_of, photographs_of, segment_photographs
from deeplab_tf.demo.pictures import Photograph, Worst, photograph
from deeplab_tf.demo.story import Demo, write_demo_page
from deeplab_tf.evaluation import Benchmark, evaluate_all
from deeplab_tf.evaluation.speed.figures import cells
from deeplab_tf.export import export_saved_model, export_tflite
from deeplab_tf.files.locks import locked
from deeplab_tf.files.reading import shown
from deeplab_tf.files.scratch import no_empty_folders
from deeplab_tf.images import write_image
from deeplab_tf.inference import Segmenter, segment_files
from deeplab_tf.models import load_model
from deeplab_tf.training import TrainConfig, train
from deeplab_tf.visualize import grid

IMAGES, VAL_SHARE, SHOWN = 300, 0.2, 4
STEPS = 450
# The largest drawn image fits into the TFLite file's fixed input.
TFLITE_SIDE = 257
TIMED_RUNS = 10
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


def run_demo(
    output: str | os.PathLike = "deeplab-demo",
    steps: int = STEPS,
    overwrite: bool = False,
    *,
    weights: str | os.PathLike | None = None,
    photographs: Iterable[str | os.PathLike] = (),
) -> float:
    """Runs every step of the package on images that it draws itself, and leaves a folder to browse.

    Args:
        output: The folder; its `index.html` tells the story in ten pictures, and shows what the others hold.
        steps: Training steps; the default is what the validation mean IoU of 0.85 needs, with a margin.
        overwrite: Replace a finished demo, which comes back if the new one does not finish. An unfinished one is
            replaced anyway.
        weights: A network that segments photographs at the head of the page, before anything is drawn: a released file,
            a name of the release's model zoo, a `.keras` file, a run folder, an export. It has no part in the training.
        photographs: Image files, and folders of them, for `weights`; the one in the documentation when left out, which
            only a clone of the repository has.

    Returns:
        Mean IoU on the validation split, 0-1.

    Raises:
        FileNotFoundError: If `weights` or a photograph is missing.
        ConnectionError: If a download fails.
        ValueError: If the folder holds a finished demo or something else, or cannot be written; if `weights` are not of
            a DeepLab, a photograph cannot be read, or only one of the two is there.

    Example:
        >>> run_demo("deeplab-demo")
        0.93
        >>> run_demo("deeplab-demo", weights="voc.keras", photographs=["cat.jpg"], overwrite=True)
        0.93
    """
    output, photographs = Path(output), list(photographs)
    if photographs and weights is None:
        raise ValueError(
            "Received photographs and no network for them: the demo's own knows shapes alone. Give weights."
        )
    check_place(output, photographs if weights is None else (weights, *photographs))
    found = [] if weights is None else photographs_of(photographs)
    with locked(output, "a demo"), no_empty_folders(output), emptied(output, overwrite):
        return _run(output, steps, weights, found)


class _Steps:
    """Says what begins, and when."""

    def __init__(self, count: int):
        self._start, self._count, self._number = time.perf_counter(), count, 0

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._start

    def begin(self, title: str) -> None:
        self._number += 1
        self.say(f"{self._number}/{self._count} {title}")

    def say(self, line: str) -> None:
        click.secho(f"[{self.seconds:4.0f} s] {line}", bold=True)


def _run(output: Path, steps: int, weights: str | os.PathLike | None, photographs: list[Path]) -> float:
    told = _Steps(8 + bool(photographs))
    if steps == STEPS:
        click.echo("About three minutes on two idle cores, most of them for training, which shows how far it is.")
    seen = {}
    if photographs:
        told.begin(f"Segment a photograph with {shown(weights)}")
        seen = _photographs(output / "photographs", weights, photographs)
    told.begin(f"Draw {IMAGES} images and their masks")
    drawn = datasets.draw_shapes(output / "drawn", IMAGES)
    told.begin("Convert them to TFRecords")
    names = drawn / "class_names.txt"
    records = output / "tfrecords"
    click.echo(
        datasets.convert_folder(drawn / "images", drawn / "masks", records, class_names=names, val_share=VAL_SHARE)
    )
    told.begin("Inspect the data set")
    audit, sheet = output / "audit.html", output / "contact_sheet.png"
    inspection = datasets.inspect_dataset(records, contact_sheet=sheet, page=audit)
    click.echo(inspection.table())
    dataset = datasets.open_dataset(records)
    validation = _images(dataset, "val")
    # With the most classes to tell apart.
    example = max(validation, key=lambda item: len(np.unique(item["label"])))
    told.begin(f"Train DeepLabv3+ for {steps} steps")
    run, watched = output / "run", Watched(example["image"])
    config = TrainConfig(data=str(records), output=str(run), steps=steps, **SETTINGS)
    click.echo(train(config, [watched]))
    draw_network(model_cost(load_model(run), (config.crop_size, config.crop_size)), output / "network.png")
    told.begin("Evaluate it on the validation images")
    worst, segmenter = Worst(dataset.labels), Segmenter(run)
    (result,) = evaluate_all([segmenter.predictor], datasets.evaluation_images(dataset, "val"), on_image=worst.add)
    result.save_json(output / "metrics.json")
    click.echo(result.table())
    told.begin("Export it as a SavedModel and as TFLite, and compare both with it")
    samples = [item["image"] for item in validation]
    saved, lite = output / "exported" / "saved_model", output / "exported" / "model.tflite"
    click.echo(export_saved_model(run, saved, images=samples))
    click.echo(export_tflite(run, lite, images=samples, size=TFLITE_SIDE))
    forms = Benchmark([run, saved, lite], samples, runs=TIMED_RUNS, memory=False)
    forms.run()
    click.echo(forms.table())
    told.begin("Segment new images")
    fresh = datasets.draw_shapes(output / "new", 2 * SHOWN, seed=1)
    done = segment_files(segmenter, fresh / "images", output / "segmented", legend=True)
    click.echo(f"{len(done.written)} images, {done.images_per_second:.1f} per second")
    told.begin("Write the page")
    rows = [(item["image"], item["label"], segmenter(item["image"]).labels) for item in validation]
    write_image(output / "predictions.png", grid(rows, dataset.labels))
    demo = Demo(
        output=output,
        config=config,
        labels=dataset.labels,
        inspection=inspection,
        samples=_images(dataset, "train"),
        example=example,
        watched=watched,
        result=result,
        worst=worst,
        written=done.written,
        forms=cells(forms.figures),
        photographs=seen,
        weights=None if weights is None else shown(weights),
        credit=credit_of(photographs),
    )
    write_demo_page(demo, told.seconds)
    told.say(f"Done: validation mIoU {result.miou:.4f}. Open {output / PAGE}")
    return result.miou


def _photographs(folder: Path, weights: str | os.PathLike, paths: list[Path]) -> dict[str, Photograph]:
    """Segments photographs into a folder; what the page shows of them, by their names."""
    # All, before the first is written.
    seen = segment_photographs(weights, paths)
    for stem, segmentation in seen.items():
        segmentation.save(folder, stem, legend=True)
        click.echo(f"{stem}: {segmentation!r}")
    return {stem: photograph(stem, segmentation) for stem, segmentation in seen.items()}


def _images(dataset: datasets.DataSet, split: str) -> list[Mapping]:
    """Some images of a split, with their labels."""
    return list(datasets.evaluation_images(dataset, split).take(SHOWN).as_numpy_iterator())
