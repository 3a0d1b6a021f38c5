"""The command line: parses, calls the library, prints."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from pathlib import Path

import click

PATH = click.Path(path_type=Path)


class Pair(click.ParamType):
    """One side, or HEIGHTxWIDTH."""

    name = "side"

    def convert(self, value, param, ctx):
        try:
            sides = tuple(int(side) for side in str(value).lower().split("x"))
        except ValueError:
            sides = ()
        if len(sides) not in (1, 2) or min(sides) < 1:
            self.fail(f"{value!r} is not a side or HEIGHTxWIDTH, for instance 257 or 257x513.", param, ctx)
        return sides[0] if len(sides) == 1 else sides


class Rates(click.ParamType):
    """Atrous rates, or none."""

    name = "rates"

    def convert(self, value, param, ctx):
        if isinstance(value, tuple):
            return value
        try:
            return () if value == "none" else tuple(int(rate) for rate in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is neither 'none' nor rates such as 6,12,18.", param, ctx)


class Interrupted(Exception):
    """Ctrl-C, with what the command says of it: click would drop the words of a KeyboardInterrupt."""


class QuietCommand(click.Command):
    """A command that imports TensorFlow without its start-up notes, which would bury what the command says."""

    def invoke(self, ctx):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        sys.stderr.flush()
        # The library's C++ initialisers write to the descriptor itself and heed no setting.
        stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        try:
            importlib.import_module("tensorflow")
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            os.close(null)
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted(str(error)) from error


class QuietGroup(click.Group):
    """A group of quiet commands."""

    command_class = QuietCommand
    group_class = type


@click.group(cls=QuietGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="deeplab-tf")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """DeepLab semantic segmentation: convert data, import released weights, train, evaluate, segment, export.

    \b
    A whole run in two minutes, nothing downloaded:
      deeplab-tf demo
    With a released model:
      deeplab-tf import deeplabv3_mnv2_pascal_quant.tflite --output voc.keras
      deeplab-tf segment voc.keras photo.jpg --output out
    """


@cli.group()
def convert() -> None:
    """Turn images and masks into TFRecords."""


def _conversion_options(command):
    for option in (
        click.option("--overwrite", is_flag=True, help="Replace splits that are there already."),
        click.option("--skip-bad", is_flag=True, help="Leave bad pairs out and list them."),
        click.option("--workers", type=click.IntRange(1), help="Parallel workers.  [default: one a core]"),
        click.option("--shards", type=click.IntRange(1), help="Files a split.  [default: one for 256 images]"),
        click.option("--output", type=PATH, required=True, help="Folder of the data set."),
    ):
        command = option(command)
    return command


@convert.command("voc")
@click.option("--root", type=PATH, required=True, help="Folder with JPEGImages, SegmentationClass, ImageSets.")
@click.option("--split", "splits", multiple=True, required=True, help="A list in ImageSets/Segmentation; repeat.")
@_conversion_options
def convert_voc(root, splits, **options) -> None:
    """PASCAL VOC, or data laid out like it.

    \b
    Example:
      deeplab-tf convert voc --root VOCdevkit/VOC2012 --split train --split val --output voc
    """
    from deeplab_tf import datasets

    for split in splits:
        click.echo(datasets.convert_voc(root, split, **options))


@convert.command("folder")
@click.option("--images", type=PATH, required=True, help="Folder of images.")
@click.option("--masks", type=PATH, required=True, help="Folder of masks of the same names: 8-bit class ids.")
@click.option("--split", default="train", show_default=True, help="What the images are.")
@click.option("--val-share", type=click.FloatRange(0, 1, max_open=True), default=0.0, help="Share to set aside as val.")
@click.option("--class-names", type=PATH, help="Text file: a class name a line, perhaps with its R G B.")
@click.option("--labels", help="A known label set instead: pascal_voc, cityscapes, camvid.")
@click.option("--ignore-label", type=click.IntRange(0, 255), default=255, show_default=True, help="The id to ignore.")
@click.option("--seed", type=int, default=0, show_default=True, help="Draws the val images.")
@_conversion_options
def convert_folder(**options) -> None:
    """Your own images and masks.

    \b
    Example:
      deeplab-tf convert folder --images images --masks masks --class-names names.txt --val-share 0.2 --output mine
    """
    from deeplab_tf import datasets

    click.echo(datasets.convert_folder(**options))


@cli.command()
@click.argument("data", type=PATH)
@click.option("--split", help="Only this split.")
@click.option("--labels", help="Label set of TFRecords without a dataset.json, for instance pascal_voc.")
@click.option("--contact-sheet", type=PATH, help="PNG to draw.  [default: DATA/contact_sheet.png]")
@click.option("--json", "json_path", type=PATH, help="Write the findings as JSON too.")
def inspect(data, split, labels, contact_sheet, json_path) -> None:
    """Say what is in a data set, and draw it.

    \b
    Example:
      deeplab-tf inspect voc
    """
    from deeplab_tf import datasets
    from deeplab_tf.files import write_json

    sheet = contact_sheet or data / "contact_sheet.png"
    found = datasets.inspect_dataset(data, split=split, labels=labels, contact_sheet=sheet)
    click.echo(found.table())
    click.echo(f"Contact sheet: {sheet}")
    if json_path:
        write_json(json_path, found.to_dict())


@cli.command("import")
@click.argument("file", type=PATH)
@click.option("--output", type=PATH, required=True, help="The .keras file to write.")
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
def import_(file, output, overwrite) -> None:
    """Turn a released file (.tflite, frozen .pb) into a Keras model.

    \b
    Example:
      deeplab-tf import deeplabv3_mnv2_pascal_quant.tflite --output voc.keras
    """
    from deeplab_tf.models import save_model
    from deeplab_tf.weights import load_released

    _refuse_existing(output, overwrite)
    model = load_released(file)
    save_model(model, output)
    config = model.get_config()
    click.echo(
        f"{output}: {type(model).__name__} {model.backbone_name}, depth multiplier {config.get('depth_multiplier')}, "
        f"output stride {model.output_stride}, {model.classes} classes ({model.labels.name}), "
        f"{model.count_params():,} parameters"
    )


def _train_options(command):
    from_config = [
        (
            "--model",
            click.Choice(["v2", "v3", "v3plus", "lr_aspp"]),
            "DeepLab version.  [default: that of --weights, or v3]",
        ),
        ("--backbone", str, "Feature extractor.  [default: that of --weights, or mobilenet_v2]"),
        ("--depth-multiplier", float, "Width of the backbone."),
        ("--output-stride", int, "8, 16 or 32.  [default: that of --weights, or 16]"),
        (
            "--atrous-rates",
            Rates(),
            "ASPP rates, such as 6,12,18, or none.  [default: as --weights, or by crop]",
        ),
        ("--weights", str, "Start: a .keras file, a run folder, or a released .tflite or .pb."),
        ("--labels", str, "Label set of TFRecords without a dataset.json, for instance pascal_voc."),
        ("--steps", int, "Optimiser steps."),
        ("--batch-size", int, "Images a step."),
        ("--crop-size", Pair(), "Side or HEIGHTxWIDTH of the crops."),
        ("--learning-rate", float, "At the start.  [default: 0.01; 0.001 from a DeepLab's --weights]"),
        ("--weight-decay", float, "L2 on convolution kernels."),
        ("--momentum", float, "Of SGD."),
        ("--batch-norm", click.Choice(["train", "frozen"]), "Batch statistics: train or keep."),
        ("--recalibrate", int, "Images to measure folded batch statistics on; 0 for never."),
        ("--min-scale", float, "Least random scale."),
        ("--max-scale", float, "Greatest random scale."),
        ("--scale-step", float, "Step of the random scale; 0 for any."),
        ("--eval-every", int, "Steps between checkpoints.  [default: a tenth of the steps, 100 to 2000]"),
        ("--train-split", str, "Split to train on.  [default: train]"),
        ("--val-split", str, "Split to validate on.  [default: val, if there]"),
        ("--seed", int, "Of everything random."),
    ]
    for name, kind, text in reversed(from_config):
        command = click.option(name, type=kind, help=text)(command)
    command = click.option("--no-flip", "flip", flag_value=False, default=None, help="No random mirroring.")(command)
    return click.option("--mixed-precision", is_flag=True, default=None, help="Compute in 16 bits.")(command)


@cli.command()
@click.option("--data", type=str, help="Folder of TFRecords.")
@click.option("--output", type=str, required=True, help="Run folder.")
@click.option("--resume", is_flag=True, help="Go on with the run in --output.")
@click.option("--overwrite", is_flag=True, help="Start the run in --output anew.")
@_train_options
def train(resume, overwrite, **options) -> None:
    """Train a model into a run folder.

    \b
    Examples:
      deeplab-tf train --data voc --model v3plus --backbone mobilenet_v2 --output runs/voc
      deeplab-tf train --data mine --weights deeplabv3_mnv2_pascal_quant.tflite --steps 600 --output runs/mine
      deeplab-tf train --resume --output runs/mine
    """
    from deeplab_tf import training

    given = {name: value for name, value in options.items() if value is not None}
    if resume:
        result = training.resume(given.pop("output"), **given)
    elif "data" not in given:
        raise click.UsageError("Give --data, the folder of TFRecords, or --resume.")
    else:
        result = training.train(training.TrainConfig(**given), overwrite=overwrite)
    click.echo(result)


@cli.command()
@click.argument("model", type=PATH)
@click.option("--data", type=PATH, required=True, help="Folder of TFRecords.")
@click.option("--split", default="val", show_default=True, help="Split to evaluate on.")
@click.option("--labels", help="Label set of TFRecords without a dataset.json, for instance pascal_voc.")
@click.option("--json", "json_path", type=PATH, help="Write the metrics as JSON too.")
@click.option("--csv", "csv_path", type=PATH, help="Write the per-class table as CSV too.")
@click.option("--skip-bad", is_flag=True, help="Leave out images whose labels do not fit, and list them.")
def evaluate(model, data, split, labels, json_path, csv_path, skip_bad) -> None:
    """Mean IoU of a .keras file, a run folder, a SavedModel or a .tflite.

    \b
    Example:
      deeplab-tf evaluate runs/voc --data voc --json metrics.json
    """
    from deeplab_tf import datasets
    from deeplab_tf.evaluation import evaluate as evaluate_model

    dataset = datasets.open_dataset(data, labels)
    images = datasets.evaluation_images(dataset, split)
    result = evaluate_model(model, images, dataset.labels, skip_bad=skip_bad)
    click.echo(result.table())
    if json_path:
        result.save_json(json_path)
    if csv_path:
        result.save_csv(csv_path)


@cli.command()
@click.argument("model", type=PATH)
@click.argument("images", type=PATH, nargs=-1, required=True)
@click.option("--output", type=PATH, required=True, help="Folder for label PNGs and overlays.")
@click.option("--skip-bad", is_flag=True, help="Go on after an image that cannot be read.")
def segment(model, images, output, skip_bad) -> None:
    """Segment images, or folders of them: a label PNG and an overlay each.

    \b
    Example:
      deeplab-tf segment voc.keras photo.jpg holiday/ --output out
    """
    from deeplab_tf.segment_files import segment_files
    from deeplab_tf.segmenter import Segmenter

    done = segment_files(Segmenter(model), images, output, skip_bad=skip_bad)
    click.echo(f"{len(done.written)} images in {output}, {done.images_per_second:.1f} images a second")
    for reason in done.bad.values():
        click.echo(f"Left out: {reason}")


@cli.command()
@click.argument("model", type=PATH)
@click.option("--format", "kind", type=click.Choice(["saved_model", "tflite"]), required=True, help="What to write.")
@click.option("--output", type=PATH, required=True, help="SavedModel folder, or .tflite file.")
@click.option("--size", type=Pair(), help="TFLite only: fixed input size.  [default: the model's canvas, or 513]")
@click.option("--outputs", type=click.Choice(["labels", "probabilities", "logits"]), help="TFLite only.")
@click.option("--images", type=PATH, multiple=True, help="Images, or folders, to compare on; repeat.")
@click.option("--overwrite", is_flag=True, help="Replace an existing export.")
def export(model, kind, output, images, overwrite, **tflite) -> None:
    """Write a SavedModel or a TFLite file, after comparing it with the model.

    \b
    Examples:
      deeplab-tf export runs/voc --format saved_model --output serving/voc/1
      deeplab-tf export runs/voc --format tflite --output voc.tflite --images photos
    """
    from deeplab_tf.export import export_saved_model, export_tflite
    from deeplab_tf.segment_files import find_images

    options = {"images": find_images(images) if images else None, "overwrite": overwrite}
    tflite = {name: value for name, value in tflite.items() if value is not None}
    if kind == "saved_model":
        if tflite:
            raise click.UsageError(f"--{next(iter(tflite))} is for --format tflite; a SavedModel has any size.")
        click.echo(export_saved_model(model, output, **options))
    else:
        click.echo(export_tflite(model, output, **options, **tflite))


@cli.command()
@click.option("--output", type=PATH, default=Path("deeplab-demo"), show_default=True, help="Folder to leave.")
@click.option("--steps", type=click.IntRange(1), help="Training steps.  [default: what mIoU 0.85 needs]")
@click.option("--overwrite", is_flag=True, help="Replace an earlier demo.")
def demo(output, steps, overwrite) -> None:
    """The whole job on drawn images, nothing downloaded: draw, convert, train, evaluate, export, segment.

    \b
    Example:
      deeplab-tf demo --output deeplab-demo
    """
    from deeplab_tf.demo import run_demo

    run_demo(output, overwrite=overwrite, **({"steps": steps} if steps else {}))


def _refuse_existing(path: Path, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise ValueError(f"{path} is there already. Choose another name, or give --overwrite.")


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: Without the program's name; those of the process when left out.

    Returns:
        The exit code: 0, 2 after a wrong input (one line on stderr), 130 after Ctrl-C. As a console script the
        process ends with it.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        return cli.main(arguments, prog_name="deeplab-tf", standalone_mode=False) or 0
    except (Interrupted, click.exceptions.Abort, KeyboardInterrupt) as error:
        print(str(error) or "Interrupted.", file=sys.stderr)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (ValueError, OSError, ImportError) as error:
        if "--debug" in arguments:
            traceback.print_exc()
        message = " ".join(str(error).split()) or type(error).__name__
        print(f"Error: {message}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
