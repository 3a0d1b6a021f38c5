"""Runs the notebooks and stores in them what they print and show, small: python notebooks/store_outputs.py --help."""

import argparse
import base64
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import nbformat
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from harness.notebooks import NOTEBOOKS, code_cells, executed  # noqa: E402

NAME = '"mobilenetv2_coco_voc_trainval"'
PICTURE_BYTES = 60_000
# What TensorFlow's C++ code and Python's warnings write tells of this machine, not of the notebook.
STDERR = "stderr"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")))
    parser.add_argument("--released", help="A released file for the quickstart, where its name cannot be downloaded.")
    options = parser.parse_args()
    # Progress tells how busy this machine is.
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", DEEPLAB_TF_PROGRESS="0")
    released = {NAME: json.dumps(os.path.abspath(options.released))} if options.released else {}
    for name in options.names:
        store(name, released if name == "quickstart" else {})


def store(name: str, other: dict[str, str]) -> None:
    """Runs a notebook where it lies and writes its outputs into it, beside the code as it is stored."""
    path = NOTEBOOKS / f"{name}.ipynb"
    cells = {cell.id: cell for cell in code_cells(executed(name, NOTEBOOKS, other))}
    notebook = nbformat.read(path, as_version=4)
    for cell in code_cells(notebook):
        found = cells[cell.id]
        cell.execution_count = found.execution_count
        cell.outputs = [tidied(output, other.values()) for output in found.outputs if output.get("name") != STDERR]
    nbformat.write(notebook, path)
    print(f"{path.stat().st_size / 1000:6.0f} kB  {path}")


def tidied(output: nbformat.NotebookNode, given: Iterable[str] = ()) -> nbformat.NotebookNode:
    """Without lines on given files, the temporary folder's path and the machine's speed; with small pictures."""
    if "text" in output:
        files = [json.loads(file) for file in given]
        output.text = "".join(line for line in output.text.splitlines(True) if not any(map(line.count, files)))
        output.text = re.sub(rf"{re.escape(tempfile.gettempdir())}/tmp\w+/| +\([\d.]+ per second\)", "", output.text)
    data = output.get("data", {})
    if "image/png" in data:
        picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
        kind, encoded = small(picture.convert("RGB"))
        output.data = {kind: base64.b64encode(encoded).decode()}
        # Shown as large as it was.
        output.metadata = {kind: {"width": picture.width}}
    return output


def small(picture: Image.Image) -> tuple[str, bytes]:
    """A picture's kind and bytes: a PNG where that is small enough, or else a JPEG, the best that is."""
    file = io.BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    if file.tell() <= PICTURE_BYTES:
        return "image/png", file.getvalue()
    for quality in (90, 75, 60, 45):
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() <= PICTURE_BYTES:
            return "image/jpeg", file.getvalue()
    return small(picture.resize([side * 7 // 8 for side in picture.size], Image.Resampling.LANCZOS))


if __name__ == "__main__":
    main()
