"""A `.tflite` file, checked before any runtime sees it."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from pathlib import Path

from deeplab_tf.files.reading import reading
from deeplab_tf.weights.formats.known_files import check_known
from deeplab_tf.weights.formats.side_file import read_appended
from deeplab_tf.weights.formats.tflite_structure import Structure, read_structure


@dataclasses.dataclass(frozen=True)
class TFLiteContent:
    """A file whose tables are sound, and whose checksums match where there are any.

    Args:
        content: Its bytes.
        structure: Its tables.
        about: What the exporter appended; empty for files from elsewhere.
    """

    content: bytes
    structure: Structure
    about: dict


def read_tflite_content(path: str | os.PathLike) -> TFLiteContent:
    """Reads and checks a `.tflite` file.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, not a TFLite model, not what a released file of its name is, or an export that
            was changed since; the message names it.

    Example:
        >>> read_tflite_content("model.tflite").about["output_stride"]
        16
    """
    with reading(path, "a TFLite model", "Copy, export or download it again."):
        content = Path(path).read_bytes()
        structure = read_structure(content)
        about = read_appended(content, structure.description)
        if not about:
            check_known(path, hashlib.sha256(content).hexdigest())
        return TFLiteContent(content, structure, about)
