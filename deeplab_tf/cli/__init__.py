"""The command line: parses, calls the library, prints."""

from __future__ import annotations

import sys
import traceback

import click

from deeplab_tf.cli import (  # noqa: F401 (each adds its commands)
    benchmark,
    convert,
    convert_coco,
    crf_search,
    data,
    evaluate,
    export,
    genotype,
    models,
    rank,
    recipes,
    search,
    train,
    try_model,
    use,
)
from deeplab_tf.cli.group import Interrupted, cli
from deeplab_tf.files.reading import reason
from deeplab_tf.interrupts import Interrupts
from deeplab_tf.training.workers import WorkerLost

# As sysexits.h has it for errors of the program itself.
FAULT = 70


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: Without the program's name; those of the process when left out.

    Returns:
        The exit code: 0, 1 after `inspect --strict` that found errors, 2 after a wrong input (one line on stderr), 130
        after Ctrl-C, 143 after SIGTERM, 75 where another worker of a training was lost, 70 after a fault of the program
        itself. As a console script the process ends with it.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if hasattr(sys.stdout, "reconfigure"):
        # Names of files may hold bytes that are no text, and terminals know fewer letters than names of classes.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with Interrupts():
            return cli.main(arguments, prog_name="deeplab-tf", standalone_mode=False) or 0
    except (Interrupted, click.exceptions.Abort, KeyboardInterrupt) as error:
        print(str(error) or "Interrupted.", file=sys.stderr)
        return getattr(error, "exit_code", 130)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except WorkerLost as error:
        _failed(error, str(error), arguments)
        return error.exit_code
    except (ValueError, OSError, ImportError) as error:
        return _failed(error, " ".join(str(error).split()) or type(error).__name__, arguments)
    except Exception as error:
        what = f"{type(error).__name__}: {reason(error)}"
        _failed(error, f"{what}. This is a fault of deeplab-tf; please report it with what --debug shows.", arguments)
        return FAULT


def _failed(error: Exception, message: str, arguments: list[str]) -> int:
    if "--debug" in arguments:
        traceback.print_exception(error)
    print(f"Error: {message}", file=sys.stderr)
    return 2
