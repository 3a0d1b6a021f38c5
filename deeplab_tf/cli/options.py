"""Kinds of arguments that several commands take."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

PATH = click.Path(path_type=Path)


class Labels(click.ParamType):
    """A known label set by name, or a number of classes."""

    name = "labels"

    def convert(self, value, param, ctx):
        return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value) else value


LABELS = Labels()


class Side(click.ParamType):
    """One side, or HEIGHTxWIDTH."""

    name = "side"
    also = ""

    def convert(self, value, param, ctx):
        try:
            sides = tuple(int(side) for side in str(value).lower().split("x"))
        except ValueError:
            sides = ()
        if len(sides) not in (1, 2) or min(sides) < 1:
            self.fail(f"{value!r} is not a side or HEIGHTxWIDTH, for instance 257 or 257x513{self.also}.", param, ctx)
        return sides[0] if len(sides) == 1 else sides


class MaxSide(Side):
    """One side, HEIGHTxWIDTH, or none."""

    name = "N|none"
    also = ", or none"

    def convert(self, value, param, ctx):
        if value in ("none", "model", None):
            return None if value == "none" else value
        return super().convert(value, param, ctx)


def max_side(command):
    """The option `--max-side` of the commands that predict."""
    return click.option(
        "--max-side",
        type=MaxSide(),
        default="model",
        help="Scale larger images down to this side, or none.  [default: the size that the model is made for]",
    )(command)


class Range(click.ParamType):
    """Two numbers."""

    name = "low,high"

    def convert(self, value, param, ctx):
        if isinstance(value, tuple):
            return value
        try:
            low, high = (float(number) for number in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not two numbers such as 0,255 or -1,1.", param, ctx)
        return low, high


def predicting_options(command):
    """How a model file is opened and predicts: `open_predictor`'s keyword arguments, without the dense CRF."""
    for option in (
        click.option("--trust", is_flag=True, help="Run a SavedModel even if it may read and write files."),
        click.option(
            "--input-range",
            type=Range(),
            help="What a .tflite wants for the pixels 0 and 255, where it does not say: 0,255 or -1,1 or 0,1.",
        ),
        click.option(
            "--overlap",
            type=click.FloatRange(0, 1, max_open=True),
            help="Fraction of a window that the next one covers again.  [default: 0.25]",
        ),
        click.option("--window", type=Side(), help="Predict in overlapping windows of this side or HEIGHTxWIDTH."),
        click.option("--flip", is_flag=True, help="Average with the mirrored image."),
        click.option("--scales", type=Scales(), help="Average over scales of the image: 0.5,0.75,1,1.25,1.5,1.75."),
        click.option("--output-stride", type=int, help="Predict at this output stride: 8, 16 or 32."),
    ):
        command = option(command)
    return max_side(command)


def opening_options(command):
    """How the commands that predict open a model file: `open_predictor`'s keyword arguments."""
    option = click.option(
        "--crf",
        metavar="NAME|NUMBERS|JSON",
        help="Refine by a dense CRF: v2_resnet_101, ..., or 4,67,3,3,1, or the best.json of crf-search.",
    )
    return predicting_options(option(command))


def precision_options(command):
    """In which numbers a TFLite file computes: keyword arguments of `export_tflite` and `export_browser`."""
    for option in (
        click.option(
            "--calibration",
            type=PATH,
            multiple=True,
            help="For int8: photographs of the training's kind, or folders of them, of which 32 are used; repeat.",
        ),
        click.option(
            "--precision",
            type=click.Choice(["float32", "float16", "int8"]),
            help="TFLite, browser; int8 runs on integers alone.  [default: float32]",
        ),
    ):
        command = option(command)
    return command


def page_options(command):
    """What a page for browsers is given: keyword arguments of `export_browser` and `write_page`."""
    for option in (
        click.option("--sample", type=PATH, help="Image that the page offers to visitors who have none."),
        click.option(
            "--runtime",
            type=PATH,
            help="Folder with LiteRT.js (npm install @litertjs/core) to copy into the page.  [default: from a CDN]",
        ),
    ):
        command = option(command)
    return command


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


class Numbers(click.ParamType):
    """One number, or several with commas between."""

    name = "numbers"

    def convert(self, value, param, ctx):
        try:
            numbers = tuple(float(number) for number in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is neither a number nor numbers such as 0.4,0.4,0.4,0.1.", param, ctx)
        return numbers[0] if len(numbers) == 1 else numbers


class Scales(click.ParamType):
    """Factors with commas between."""

    name = "scales"

    def convert(self, value, param, ctx):
        if isinstance(value, tuple):
            return value
        try:
            return tuple(float(number) for number in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not numbers with commas between, such as 0.5,1,1.5.", param, ctx)


class Ids(click.ParamType):
    """Whole numbers with commas between."""

    name = "ids"

    def convert(self, value, param, ctx):
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(number) for number in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not whole numbers with commas between, such as 0,255.", param, ctx)


def mask_options(command):
    """Which files are masks and what their values mean, where the files do not say it."""
    for option in (
        click.option(
            "--ids", type=Ids(), default=(), help="The value that each class has in the masks, in order: 0,255."
        ),
        click.option(
            "--mask-suffix", help="What follows the image's name in a mask's.  [default: _mask, _labels, ...]"
        ),
    ):
        command = option(command)
    return command


def labelled_options(command):
    """What belongs to `--data` of the commands that measure on labelled images: `labelled_images`' arguments."""
    for option in (
        click.option("--labels", type=LABELS, help="Label set where --data does not say its own, such as pascal_voc."),
        click.option("--split", default="val", show_default=True, help="Split of --data to measure on."),
        mask_options,
        click.option("--masks", type=PATH, help="Folder of the masks, where --data is a folder of images."),
    ):
        command = option(command)
    return command


class OrNone(click.ParamType):
    """A text, or none."""

    name = "text|none"

    def convert(self, value, param, ctx):
        return None if value == "none" else value


_ASSIGNMENTS = {
    "loss_settings": "label_smoothing=0.1",
    "optimizer_settings": "clipnorm=1",
    "schedule_settings": "warm_up_steps=500",
    "own": "coco=DIR",
}


class Assignment(click.ParamType):
    """A constructor's argument as NAME=VALUE, the value as JSON has it, or else as it stands."""

    name = "NAME=VALUE"

    def convert(self, value, param, ctx):
        if isinstance(value, tuple):
            return value
        name, equals, text = value.partition("=")
        if not equals or not name:
            example = _ASSIGNMENTS.get(param and param.name, "output_stride=8")
            self.fail(f"{value!r} is not NAME=VALUE, for instance {example}.", param, ctx)
        try:
            return name, json.loads(text)
        except (ValueError, RecursionError):
            return name, text


def refuse_existing(path: Path, overwrite: bool) -> None:
    """Raises `ValueError` where `path` is there and may not be replaced."""
    if path.exists() and not overwrite:
        raise ValueError(f"{path} exists already. Choose another name, or give --overwrite.")
