"""The command `try`: a model in the browser of this machine."""

from __future__ import annotations

import os
import signal
import sys
import webbrowser

import click

from deeplab_tf.cli.group import cli
from deeplab_tf.cli.options import PATH, Side, page_options, precision_options


@cli.command("try")
@click.argument("model", type=PATH)
@click.option("--port", type=click.IntRange(1, 65535), help="Of the address.  [default: 8080, or one that is free]")
@click.option("--size", type=Side(), help="Input size of the network.  [default: the model's canvas, or 513]")
@precision_options
@page_options
@click.option("--open/--no-open", "opens", default=True, help="Open the browser.  [default: open]")
def try_(model, port, opens, runtime, sample, **own) -> None:
    """Try a model on photos and the camera, in a page that only this machine can open.

    MODEL is a .keras file, a run folder, a .tflite file, exported or released, or another released file. The network
    runs in the browser; photos go nowhere. Ctrl-C ends it.

    \b
    Examples:
      deeplab-tf try runs/voc
      deeplab-tf try runs/voc --precision int8 --calibration photos
      deeplab-tf try voc.tflite --port 8000 --no-open
    """
    from deeplab_tf.export.browser import address, page_server
    from deeplab_tf.files.scratch import scratch_folder

    with scratch_folder() as scratch, page_server(scratch / "page", port) as server:
        own = {name: value for name, value in own.items() if value not in (None, ())}
        _write(model, scratch / "page", own, runtime=runtime, sample=sample)
        click.echo(f"{address(server)} (Ctrl-C ends it)")
        if opens and _has_screen():
            webbrowser.open(address(server))
        try:
            server.serve_forever()
        except KeyboardInterrupt as error:
            if getattr(error, "number", signal.SIGINT) != signal.SIGINT:
                raise
    click.echo("Stopped.")


def _write(model, folder, own, **more) -> None:
    from deeplab_tf.export.browser import export_browser, write_page
    from deeplab_tf.weights import identify
    from deeplab_tf.weights.formats.exported import newest_version
    from deeplab_tf.weights.formats.tflite_content import read_tflite_content

    if newest_version(model) or (model / "saved_model.pb").is_file():
        raise ValueError(f"{model} is a SavedModel, which browsers do not run. Give the .keras file or run folder.")
    if model.suffix != ".tflite" or not read_tflite_content(model).about:
        export_browser(identify(model).load(), folder, **own, **more)
        return
    if own:
        raise ValueError(
            f"{model} has its {next(iter(own))} already; leave that out, or give the model it was made of."
        )
    folder.mkdir()
    write_page(folder, model, **more)


def _has_screen() -> bool:
    # Elsewhere Python would start a browser of text in this terminal.
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
