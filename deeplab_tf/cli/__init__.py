"""The command line: parses, calls the library, prints."""

from __future__ import annotations

import sys
import traceback

import click

from deeplab_tf.cli import convert, convert_coco, data, models, train, use  # noqa: F401 (each adds its commands)
from deeplab_tf.cli.group import Interrupted, cli
from deeplab_tf.interrupts import Interrupts


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: Without the program's name; those of the process when left out.

    Returns:
        The exit code: 0, 1 after `inspect --strict` that found errors, 2 after a wrong input (one line on stderr), 130
        after Ctrl-C, 143 after SIGTERM. As a console script the process ends with it.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        with Interrupts():
            return cli.main(arguments, prog_name="deeplab-tf", standalone_mode=False) or 0
    except (Interrupted, click.exceptions.Abort, KeyboardInterrupt) as error:
        print(str(error) or "Interrupted.", file=sys.stderr)
        return getattr(error, "exit_code", 130)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (ValueError, OSError, ImportError) as error:
        if "--debug" in arguments:
            traceback.print_exc()
        message = " ".join(str(error).split()) or type(error).__name__
        print(f"Error: {message}", file=sys.stderr)
        return 2
