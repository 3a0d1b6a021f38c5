"""A page that segments pictures in the visitor's browser: a folder for any web server."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import jinja2
import markupsafe
import numpy as np

from deeplab_tf.export.browser.runtime import COPY, copy_runtime, find_runtime, from_servers
from deeplab_tf.export.preparation import exporting
from deeplab_tf.export.quantization import Calibration
from deeplab_tf.export.report import ExportReport, size_in_bytes
from deeplab_tf.export.tflite import export_tflite
from deeplab_tf.files import replacing
from deeplab_tf.images import read_image
from deeplab_tf.models import SegmentationModel
from deeplab_tf.weights.formats.exported import LOW_SCORES
from deeplab_tf.weights.formats.tflite_content import read_tflite_content

PAGE = Path(__file__).parent / "page"
INDEX, MODEL, SAMPLE = "index.html", "model.tflite", "sample"
# What hosts such as Netlify and Cloudflare Pages send along: with these two a page may use threads.
HEADERS = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
HEADERS_FILE = "_headers"


def export_browser(
    model_or_path: SegmentationModel | str | os.PathLike,
    output: str | os.PathLike,
    size: int | Sequence[int] | None = None,
    runtime: str | os.PathLike | None = None,
    sample: str | os.PathLike | None = None,
    images: Iterable[np.ndarray | str | os.PathLike] | None = None,
    min_agreement: float | None = None,
    overwrite: bool = False,
    *,
    precision: str = "float32",
    calibration: Calibration | None = None,
) -> ExportReport:
    """Writes a page, with a `.tflite` file beside it, that segments pictures and the camera in a browser.

    It runs on the visitor's machine by LiteRT.js; no picture leaves it. See docs/browser.md.

    Args:
        model_or_path: A model, a `.keras` file, a run folder, a released file, or a name of the release's zoo.
        output: The folder to write.
        size: As for `export_tflite`.
        runtime: A folder with LiteRT.js, the `node_modules` of `npm install @litertjs/core`, to copy beside the page;
            when left out, the page takes it from jsDelivr.
        sample: An image that the page offers to visitors who have none.
        images: As for `export_tflite`.
        min_agreement: As for `export_tflite`.
        overwrite: Replace an earlier page.
        precision: As for `export_tflite`; in int8 the page has labels only, whose outlines are coarser.
        calibration: As for `export_tflite`.

    Returns:
        What was written and how closely it follows the model.

    Raises:
        FileNotFoundError: If there is no model at the path.
        ValueError: As for `export_tflite`; and if `runtime` does not hold the runtime, or `sample` is not an image.

    Example:
        >>> export_browser("model.keras", "page", size=257).agreement > 0.999
        True
    """
    root, sample = _checked(runtime, sample)
    with exporting(output, overwrite, is_page) as folder, replacing(folder) as temporary:
        temporary.mkdir()
        file = temporary / MODEL
        # The page enlarges scores itself, but its runtime does not read those in 8 bits.
        outputs = "labels" if precision == "int8" else LOW_SCORES
        given = {"images": images, "min_agreement": min_agreement, "precision": precision, "calibration": calibration}
        try:
            report = export_tflite(model_or_path, file, size, outputs, **given)
        except ValueError as error:
            raise ValueError(str(error).replace(str(file), str(folder / MODEL))) from error
        _write_page(temporary, root, sample)
        return dataclasses.replace(report, path=folder, bytes=size_in_bytes(temporary))


def write_page(
    folder: str | os.PathLike,
    file: str | os.PathLike,
    runtime: str | os.PathLike | None = None,
    sample: str | os.PathLike | None = None,
) -> None:
    """Writes the page around a `.tflite` file that `export_tflite` wrote, into an empty folder.

    Args:
        folder: The folder.
        file: The file; it is copied.
        runtime: As for `export_browser`.
        sample: As for `export_browser`.

    Raises:
        ValueError: As for `export_browser`, and if the file is not of `export_tflite` or gives scores that the page
            does not read.
    """
    root, sample = _checked(runtime, sample)
    about = read_tflite_content(file).about
    if not about:
        raise ValueError(f"{file} was not written by export_tflite. Import it: deeplab-tf import, then export.")
    if about.get("precision") == "int8" and about["outputs"] != "labels":
        raise ValueError(
            f"{file} gives {about['outputs']} in int8, which the page does not read. Export labels, or floats."
        )
    shutil.copyfile(file, Path(folder) / MODEL)
    _write_page(Path(folder), root, sample)


def _checked(runtime, sample) -> tuple[Path | None, Path | None]:
    if sample is not None:
        read_image(sample)
    return None if runtime is None else find_runtime(runtime), None if sample is None else Path(sample)


def is_page(folder: Path) -> bool:
    """Whether there is a page of ours and nothing else: a repository around a published page must not go with it."""
    known = {*(path.name for path in PAGE.iterdir()), MODEL, HEADERS_FILE, COPY}
    if not (folder / INDEX).is_file() or any(
        path.name not in known and path.stem != SAMPLE for path in folder.iterdir()
    ):
        return False
    with contextlib.suppress(ValueError, OSError):
        return bool(read_tflite_content(folder / MODEL).about)
    return False


def _write_page(folder: Path, root: Path | None, sample: Path | None) -> None:
    runtime = from_servers() if root is None else copy_runtime(root, folder)
    for path in PAGE.iterdir():
        if path.name != INDEX:
            shutil.copyfile(path, folder / path.name)
    picture = None
    if sample is not None:
        picture = f"{SAMPLE}{sample.suffix.lower()}"
        shutil.copyfile(sample, folder / picture)
    imports = json.dumps({"imports": runtime.imports}, indent=2)
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=jinja2.FileSystemLoader(PAGE)
    )
    text = environment.get_template(INDEX).render(
        title=read_tflite_content(folder / MODEL).about["labels"]["name"],
        model=MODEL,
        sample=picture,
        wasm=runtime.wasm,
        origin=runtime.origin and f" {runtime.origin}",
        imports=markupsafe.Markup(imports),
        imports_sum=base64.b64encode(hashlib.sha256(imports.encode()).digest()).decode(),
    )
    (folder / INDEX).write_text(text, encoding="utf-8")
    headers = "".join(f"  {name}: {value}\n" for name, value in HEADERS.items())
    (folder / HEADERS_FILE).write_text(f"/*\n{headers}", encoding="utf-8")
