"""What exported files look like, for the code that writes them and the code that reads them."""

from __future__ import annotations

import re
from pathlib import Path

# Names and settings of the model: in a SavedModel's extra folder, or appended to a `.tflite` file.
SIDE_FILE = "deeplab.json"
EXTRA_FOLDER = "assets.extra"
# The classes' names, a line each, appended to a `.tflite` file, where MediaPipe looks for them.
LABELS_FILE = "labels.txt"
# Scores at the stride of the map that they are made of, which whoever uses the file enlarges.
LOW_SCORES = "low_logits"
# A SavedModel's signatures; they take `image` and give `labels` and `probabilities`. The third takes `image_bytes`.
LABELS_SIGNATURE, PROBABILITIES_SIGNATURE, IMAGE_BYTES_SIGNATURE = "serving_default", "probabilities", "image_bytes"
# Exports take pixels as they are, uint8, and normalise them inside. For `.tflite` files from elsewhere
# `deeplab_tf.weights.formats.tflite_input` finds what the pixels 0 and 255 have to become.
INPUT_RANGE = (0.0, 255.0)


def is_version(name: str) -> bool:
    """Whether a folder's name is that of a version, as TensorFlow Serving numbers them.

    Example:
        >>> is_version("12"), is_version("01"), is_version("voc")
        (True, False, False)
    """
    return re.fullmatch("0|[1-9][0-9]*", name) is not None


def versions(folder: Path) -> list[int]:
    """The numbers of the versions in a folder, ascending."""
    return sorted(int(entry.name) for entry in folder.iterdir() if is_version(entry.name)) if folder.is_dir() else []


def newest_version(folder: Path) -> Path | None:
    """The SavedModel of the highest number in a folder; None where it holds none."""
    paths = [folder / str(number) for number in versions(folder)]
    return max((path for path in paths if (path / "saved_model.pb").is_file()), key=paths.index, default=None)
