"""`deeplab.json`, which goes with every export: class names and the like, and checksums that show any later change."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from deeplab_tf.files import read_json, write_json
from deeplab_tf.weights.formats.exported import EXTRA_FOLDER, SIDE_FILE

# Stands in a `.tflite` of ours where the converter describes itself, and is as long, so that nothing moves: a file
# whose end was cut off is still known as ours.
CONVERTERS_MARK, OUR_MARK = b"MLIR Converted.", b"deeplab-tf file"
SUM = re.compile(rb"sha256:[0-9a-f]{64}\Z")
SUM_LENGTH = 64
DAMAGED = "It was changed or damaged after its export: export or copy it again."


def with_side_file(model: bytes, about: dict, files: Mapping[str, str] | None = None) -> bytes:
    """A `.tflite` file's bytes followed by `deeplab.json` and further texts by their names.

    It is a zip archive, the way TFLite stores associated files; its comment, which ends the file, is the SHA-256 of all
    bytes before the sum's own.
    """
    model = model.replace(CONVERTERS_MARK, OUR_MARK, 1)
    packed = io.BytesIO(model)
    packed.seek(0, io.SEEK_END)
    with zipfile.ZipFile(packed, "a") as archive:
        for name, text in (files or {}).items():
            archive.writestr(name, text)
        archive.writestr(SIDE_FILE, json.dumps({**about, "checksum": "zip comment"}, indent=2))
        archive.comment = b"sha256:" + b"0" * SUM_LENGTH
    content = packed.getvalue()[:-SUM_LENGTH]
    return content + hashlib.sha256(content).hexdigest().encode()


def read_appended(content: bytes, description: str) -> dict:
    """What `with_side_file` appended to a model, its checksum verified; empty for files from elsewhere.

    Args:
        content: The file.
        description: That in the model.

    Raises:
        ValueError: If the file is ours and was changed since.
    """
    signed = SUM.search(content[-SUM_LENGTH - 7 :])
    if signed and hashlib.sha256(content[:-SUM_LENGTH]).hexdigest().encode() != content[-SUM_LENGTH:]:
        raise ValueError(f"its checksum does not fit. {DAMAGED}")
    ours = description == OUR_MARK.decode()
    about = {}
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if SIDE_FILE in archive.namelist():
                about = json.loads(archive.read(SIDE_FILE))
    elif SIDE_FILE.encode() in content[-(2**16) :]:
        raise ValueError(f"the {SIDE_FILE} at its end cannot be read. {DAMAGED}")
    if (ours or "checksum" in about) and not (about and signed):
        raise ValueError(f"the {SIDE_FILE} or the checksum at its end is missing. {DAMAGED}")
    return about


def write_beside(folder: Path, about: dict) -> None:
    """Writes `assets.extra/deeplab.json` into a SavedModel's folder, with the SHA-256 of every other file."""
    about = {**about, "sha256": _sums(folder)}
    write_json(folder / EXTRA_FOLDER / SIDE_FILE, {**about, "checksum": _sum_of(about)})


def read_beside(folder: Path) -> dict:
    """What `write_beside` wrote, all checksums verified where the export has any.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a file was changed since, is missing or was added; the message names it.
    """
    file = folder / EXTRA_FOLDER / SIDE_FILE
    about = read_json(file)
    checksum = about.pop("checksum", None)
    if (checksum or "sha256" in about) and checksum != _sum_of(about):
        raise ValueError(f"{file} does not fit its checksum. {DAMAGED}")
    expected = about.get("sha256")
    if expected is not None:
        found = _sums(folder)
        changed = [name for name in sorted({*expected, *found}) if expected.get(name) != found.get(name)]
        if changed:
            raise ValueError(f"{folder / changed[0]} does not fit its checksum in {SIDE_FILE}. {DAMAGED}")
    return about


def _sums(folder: Path) -> dict[str, str]:
    """The SHA-256 of a SavedModel's files by name; others, such as a server's warm-up requests, are not part of it."""
    parts = [folder / "saved_model.pb", folder / "fingerprint.pb", *sorted((folder / "variables").rglob("*"))]
    return {path.relative_to(folder).as_posix(): file_sum(path) for path in parts if path.is_file()}


def _sum_of(about: dict) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def file_sum(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
