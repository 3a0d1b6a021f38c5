"""A folder of labelme files: listed, its classes collected, its masks to be drawn."""

from __future__ import annotations

import dataclasses
import functools
import os
import reprlib
from collections.abc import Sequence
from pathlib import Path

from deeplab_tf.datasets.builders.label_names import BACKGROUNDS, label_notes
from deeplab_tf.datasets.builders.labelme_file import IGNORED, beside, extract_image, find_image, read_labelme
from deeplab_tf.datasets.builders.labelme_shapes import labelme_mask
from deeplab_tf.datasets.records.pairs import Pair
from deeplab_tf.files.reading import shown
from deeplab_tf.labels import LabelSpec
from deeplab_tf.progress import track


@dataclasses.dataclass(frozen=True)
class LabelmeFolder:
    """What a folder of labelme files holds.

    Args:
        path: The folder.
        pairs: An image and its file, each; the masks are not drawn yet.
        labels: The labels of each file; none of one that cannot be read.
        unread: What is wrong with the files that cannot be read.
        notes: What is worth knowing of the labels.
    """

    path: Path
    pairs: tuple[Pair, ...]
    labels: tuple[frozenset[str], ...]
    unread: tuple[str, ...]
    notes: tuple[str, ...]


def list_labelme(folder: str | os.PathLike, extracted: str | os.PathLike | None = None) -> LabelmeFolder:
    """Reads all labelme files of a folder and finds their images.

    Args:
        folder: As for `convert_labelme`.
        extracted: As for `labelme_pairs`.

    Raises:
        ValueError: If there are no JSON files.
        OSError: If an image cannot be written to `extracted`.
    """
    folder = Path(folder)
    paths = labelme_files(folder)
    pairs, labels, untidy, unread = [], [], set(), []
    for path in track(paths, len(paths), "list labelme files"):
        name = path.relative_to(folder).with_suffix("").as_posix()
        try:
            file = read_labelme(path)
        except (ValueError, FileNotFoundError) as error:
            # Reported, with all others, by the conversion, which reads the file again; but the image first.
            unread.append(str(error))
            labels.append(frozenset())
            pairs.append(Pair(name, beside(path) or path.with_suffix(".jpg"), path, image_note=str(error)))
            continue
        labels.append(frozenset(file.labels))
        untidy |= file.untidy
        image = find_image(file)
        if extracted is not None and file.image_data is not None and not image.is_file():
            pairs.append(Pair(name, extract_image(file, Path(extracted) / name), path, holder=path))
        else:
            missing = "" if image.is_file() else f", and no image called {path.stem} lies beside it"
            note = f"{shown(path)} names the image {reprlib.repr(file.image_path)}{missing}."
            pairs.append(Pair(name, image, path, image_note=note))
    notes = label_notes(frozenset().union(*labels) - {IGNORED}, untidy)
    return LabelmeFolder(folder, tuple(pairs), tuple(labels), tuple(unread), notes)


def labelled_pairs(
    found: LabelmeFolder,
    labels: LabelSpec,
    *,
    ignore_unknown: bool = False,
    line_width: int = 10,
    point_radius: int = 5,
) -> list[Pair]:
    """The pairs of a folder, their masks to be drawn with the ids of `labels`; the rest as `convert_labelme`."""
    background = next(name for name in (*BACKGROUNDS, labels.names[0]) if name in labels.names)
    values = {name: value for value, name in enumerate(labels.names)}
    # Its other names mean the same, unless they are classes of their own.
    values = {**values, **{name: values[background] for name in BACKGROUNDS if name not in values}}
    read = functools.partial(
        labelme_mask,
        values=values,
        background=values[background],
        ignore_label=labels.ignore_label,
        ignore_unknown=ignore_unknown,
        line_width=line_width,
        point_radius=point_radius,
    )
    return [dataclasses.replace(pair, read=functools.partial(read, image=pair.image)) for pair in found.pairs]


def labelme_files(folder: Path) -> list[Path]:
    """The JSON files of a folder, at any depth.

    Raises:
        ValueError: If there are none.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder. Give the folder where labelme saved its JSON files.")
    paths = sorted(path for path in folder.rglob("*.json") if not path.name.startswith("."))
    if not paths:
        raise ValueError(f"{folder} holds no JSON files of labelme. Give the folder where labelme saved them.")
    return paths


def with_background(listed: Sequence[str]) -> LabelSpec:
    """The classes among the lines of labelme's `labels.txt`."""
    names = tuple(name for name in listed if name != IGNORED)
    unnamed = not any(name in BACKGROUNDS for name in names)
    return LabelSpec((*BACKGROUNDS[:1], *names) if unnamed else names, name="labelme")


def collected_labels(found: LabelmeFolder) -> LabelSpec:
    """All labels of a folder as classes, in the order of the alphabet behind the background.

    Raises:
        ValueError: If no file has a shape of a class; it says which files cannot be read.
    """
    labels = frozenset().union(*found.labels)
    background = next((name for name in BACKGROUNDS if name in labels), BACKGROUNDS[0])
    classes = sorted(labels - {IGNORED, *BACKGROUNDS})
    if not classes:
        why = ""
        if found.unread:
            why = f"; {len(found.unread)} of {len(found.pairs)} cannot be read: {found.unread[0].rstrip('.')}"
        names = ", ".join(pair.mask.name for pair in found.pairs[:3])
        raise ValueError(
            f"No file in {found.path} ({names}) has a shape of a class{why}. Label the images, or give class_names."
        )
    return LabelSpec((background, *classes), name="labelme")
