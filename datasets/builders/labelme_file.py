"""A labelme JSON file: read, checked, and its image found."""

from __future__ import annotations

import base64
import dataclasses
import os
import reprlib
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

from deeplab_tf.checks import is_whole
from deeplab_tf.datasets.builders.label_names import tidy_label
from deeplab_tf.files import read_json
from deeplab_tf.files.reading import reading
from deeplab_tf.images import IMAGE_SUFFIXES

IGNORED = "__ignore__"
_LONGEST_NAME = 255


@dataclasses.dataclass(frozen=True)
class LabelmeFile:
    """What a labelme file says.

    Args:
        path: The file.
        shapes: Its shapes; `label` without needless blanks.
        image_path: The image that it names, perhaps of another machine; may be empty.
        image_data: The image itself in base64, or None.
        size: Rows and columns that it states, or None.
        untidy: The labels that had needless blanks, as the file has them.
    """

    path: Path
    shapes: tuple[Mapping[str, Any], ...]
    image_path: str
    image_data: str | None
    size: tuple[int, int] | None
    untidy: frozenset[str]

    @property
    def labels(self) -> set[str]:
        """The labels of its shapes."""
        return {shape["label"] for shape in self.shapes}


def read_labelme(path: str | os.PathLike) -> LabelmeFile:
    """Reads a file of labelme, or of a program that writes such, as X-AnyLabeling does.

    Blanks around a label, and more than one within, do not count: nobody sees them.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not JSON, or not labelme's.
    """
    content = read_json(path)
    with reading(path, "a labelme file", "Take it out of the folder or label its image again."):
        shapes = content.get("shapes") if isinstance(content, dict) else None
        if not isinstance(shapes, list):
            keys = reprlib.repr(sorted(content) if isinstance(content, dict) else type(content).__name__)
            raise ValueError(
                f"{path} is not a labelme file: expected imagePath and a list of shapes, received {keys}. Take it out "
                "of the folder or label its image again."
            )
        raw = [_label(path, number, shape) for number, shape in enumerate(shapes, start=1)]
        tidy = [tidy_label(label) for label in raw]
        size = content.get("imageHeight"), content.get("imageWidth")
        image_path, image_data = content.get("imagePath"), content.get("imageData")
        return LabelmeFile(
            path=Path(path),
            shapes=tuple({**shape, "label": label} for shape, label in zip(shapes, tidy)),
            image_path=image_path if isinstance(image_path, str) else "",
            image_data=image_data if isinstance(image_data, str) else None,
            size=size if all(is_whole(side, 1) for side in size) else None,
            untidy=frozenset(label for label, other in zip(raw, tidy) if label != other),
        )


def _label(path: str | os.PathLike, number: int, shape: Any) -> str:
    label = shape.get("label") if isinstance(shape, dict) else None
    if not isinstance(label, str) or not label.split():
        raise ValueError(f"{path}: shape {number} has no label. Label it in labelme or take it out.")
    return label


def find_image(file: LabelmeFile) -> Path:
    """The image of a labelme file: the one that it names, or else one of its own name beside it.

    Returns:
        Its path; where there is none, the one that the file names, in its own folder.
    """
    named = PureWindowsPath(file.image_path)
    # A path of the machine where the labels were drawn helps nobody here; the name may.
    places = [file.path.parent / named.as_posix(), file.path.parent / named.name]
    found = next((place for place in places if _is_file(place)), None) or beside(file.path)
    # JSON may hold half a character, which no file's name does.
    length = len(named.name.encode("utf-8", "surrogatepass"))
    usable = length <= _LONGEST_NAME and named.name.isprintable() and length
    return found or (places[1] if usable else file.path.with_suffix(".jpg"))


def beside(path: Path) -> Path | None:
    """The image of the name of a labelme file in its folder, if there is one."""
    places = [path.with_suffix(case) for suffix in sorted(IMAGE_SUFFIXES) for case in (suffix, suffix.upper())]
    return next((place for place in places if place.is_file()), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # A name too long for a file.
        return False


def extract_image(file: LabelmeFile, target: Path) -> Path:
    """Writes the image that a labelme file holds in itself.

    Args:
        file: The file; it has `image_data`.
        target: Where to write, without the suffix.

    Returns:
        What was written. What is no base64 becomes an empty file, which reading then refuses.

    Raises:
        OSError: If it cannot be written.
    """
    suffix = PureWindowsPath(file.image_path).suffix.lower()
    target = target.with_name(f"{target.name}{suffix if suffix in IMAGE_SUFFIXES else '.png'}")
    try:
        data = base64.b64decode(file.image_data or "")
    except ValueError:
        data = b""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return target
