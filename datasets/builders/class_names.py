"""Text files of class names, one per line, with a colour behind a name where wanted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from deeplab_tf.files.reading import reading
from deeplab_tf.labels import KNOWN, LabelSpec, voc_colors


def read_class_names(path: str | os.PathLike, ignore_label: int = 255) -> LabelSpec:
    r"""Reads the class names of a data set.

    Args:
        path: A text file: line n names class n, as `name` or `name r g b`. Empty lines and what follows a `#`
            do not count. Classes without a colour get PASCAL VOC's.
        ignore_label: The id that counts neither in a loss nor in a metric.

    Returns:
        The label specification.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no text, or the names or colours do not make a specification.

    Example:
        >>> Path("class_names.txt").write_text("field\nroad 128 64 128  # tracks too\n")
        >>> read_class_names("class_names.txt").names
        ('field', 'road')
    """
    if str(path) in KNOWN and not os.path.lexists(path):
        raise FileNotFoundError(
            f"There is no file {path}, which is the name of a label set. Give a text file of one class name per line, "
            "or the name as labels (--labels), where that can be given."
        )
    # From a pipe too, as shells make of <(...).
    with reading(path, "the class names", "Give a text file of one name a line."):
        text = Path(path).read_text(encoding="utf-8-sig")
        lines = [line for raw in text.splitlines() if (line := raw.split("#")[0].strip())]
        entries = [_entry(line) for line in lines]
        defaults = voc_colors(len(entries))
        return LabelSpec(
            names=tuple(name for name, _ in entries),
            colors=tuple(color or default for (_, color), default in zip(entries, defaults)),
            ignore_label=ignore_label,
        )


Labels = LabelSpec | Mapping | str | os.PathLike | int | None


def named_labels(labels: Labels) -> LabelSpec | Mapping | str | int | None:
    """What a `.txt` file of class names says; all else that may be given as labels is left as it is."""
    if isinstance(labels, os.PathLike) or (isinstance(labels, str) and labels.endswith(".txt")):
        return read_class_names(labels)
    return labels


def _entry(line: str) -> tuple[str, tuple[int, ...] | None]:
    words = line.split()
    if len(words) > 3 and all(word.isdigit() for word in words[-3:]):
        return " ".join(words[:-3]), tuple(int(word) for word in words[-3:])
    return " ".join(words), None
