"""The command `deeplab-tf` itself, to which the other modules add theirs."""

from __future__ import annotations

import importlib
import os
import sys

import click


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
