"""The command `deeplab-tf` itself, to which the other modules add theirs."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
from collections.abc import Iterator

import click
from tqdm import tqdm

from deeplab_tf import progress


class Interrupted(Exception):
    """Ctrl-C or SIGTERM, with the command's message: click would drop that of a KeyboardInterrupt."""

    def __init__(self, cause: KeyboardInterrupt):
        super().__init__(str(cause))
        self.exit_code = getattr(cause, "exit_code", 130)


class QuietCommand(click.Command):
    """A command that imports TensorFlow without its start-up notes, which would bury the command's own output."""

    def invoke(self, ctx):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        sys.stderr.flush()
        # The library's C++ initialisers write to the descriptor itself, whatever the settings.
        stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        try:
            try:
                importlib.import_module("tensorflow")
            finally:
                os.dup2(stderr, 2)
                os.close(stderr)
                os.close(null)
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted(error) from error


class QuietGroup(click.Group):
    """A group of quiet commands."""

    command_class = QuietCommand
    group_class = type


class _PlainLines(logging.Handler):
    """What the library logs, as lines on stderr; a warning says that it is one."""

    def emit(self, record):
        try:
            prefix = f"{record.levelname.capitalize()}: " if record.levelno >= logging.WARNING else ""
            # A bar that is being drawn makes room for the line.
            tqdm.write(prefix + record.getMessage(), file=sys.stderr)
        except Exception:
            self.handleError(record)


@contextlib.contextmanager
def _logged() -> Iterator[None]:
    """Shows what the library logs, from INFO up, for the time of one command."""
    logger, handler = logging.getLogger("deeplab_tf"), _PlainLines()
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    # A handler that TensorFlow puts on the root logger while it exports would show every line twice.
    logger.propagate = False
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(before[0])
        logger.propagate = before[1]
        logger.removeHandler(handler)


@click.group(cls=QuietGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="deeplab-tf")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option(
    "--progress/--no-progress",
    "shown",
    default=None,
    help="Show how far long work is: a bar on a terminal, elsewhere a line now and then.  [default: progress, "
    f"unless {progress.VARIABLE}=0]",
)
@click.pass_context
def cli(ctx: click.Context, debug: bool, shown: bool | None) -> None:
    """DeepLab semantic segmentation: convert data, import released weights, train, evaluate, segment, export.

    \b
    A whole run in about three minutes on two cores, without any download:
      deeplab-tf demo
    With a released model, downloaded once:
      deeplab-tf segment mobilenetv2_coco_voc_trainval photo.jpg --output out
    """
    ctx.with_resource(_logged())
    if shown is not None:
        ctx.with_resource(progress.show(shown))
