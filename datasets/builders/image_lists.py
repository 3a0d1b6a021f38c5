"""Text files that list the images of a split, as data sets bring them along."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from deeplab_tf.files.reading import reading, shown
from deeplab_tf.images import IMAGE_SUFFIXES


def read_names(path: Path) -> list[str]:
    """The names in a list: the first word of each line, without the folder and suffix that it may have.

    Args:
        path: A text file of lines such as `2007_000032` or `/JPEGImages/2007_000032.jpg /Masks/2007_000032.png`.
            Empty lines do not count.

    Raises:
        ValueError: If the file is missing or no text.

    Example:
        >>> read_names(Path("VOC2012/ImageSets/Segmentation/val.txt"))[0]
        '2007_000033'
    """
    first = [words[0] for line in read_lines(path) if (words := line.split())]
    return [_name(word) for word in first]


def _name(word: str) -> str:
    path = PurePosixPath(word)
    # A name that leads out of its folder stays as it is, for the check of the pairs to refuse.
    return path.stem if path.suffix.lower() in IMAGE_SUFFIXES and ".." not in path.parts else word


def read_lines(path: Path) -> list[str]:
    """The lines of a text file.

    Raises:
        ValueError: If the file is missing or no text.
    """
    if not path.is_file():
        raise ValueError(f"{shown(path)} cannot be read as a list of images (there is no such file). Restore the file.")
    with reading(path, "a list of images", "Restore the file."):
        return path.read_text(encoding="utf-8-sig").splitlines()
