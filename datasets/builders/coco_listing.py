"""The annotation files of a COCO export, of whatever tool: found, and their classes collected."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from deeplab_tf.datasets.builders.coco_annotations import AnnotationFile, read_annotations
from deeplab_tf.datasets.builders.label_names import BACKGROUNDS, label_notes, tidy_label
from deeplab_tf.files.reading import reading, shown
from deeplab_tf.labels import LabelSpec

# Roboflow's, CVAT's, Label Studio's; the first that a folder has are taken.
_NAMES = (
    "*/_annotations.coco.json",
    "_annotations.coco.json",
    "annotations/instances_*.json",
    "instances_*.json",
    "result.json",
)
_SPLITS = {"valid": "val", "validation": "val", "default": "train", "training": "train", "testing": "test"}


@dataclasses.dataclass(frozen=True)
class CocoExport:
    """What an export holds.

    Args:
        files: The annotation files by split.
        labels: The classes of them all.
        notes: What is worth knowing of them.
    """

    files: dict[str, AnnotationFile]
    labels: LabelSpec
    notes: tuple[str, ...]


def list_coco_export(annotations: str | os.PathLike, split: str | None = None) -> CocoExport:
    """Reads the annotation files of an export; arguments and errors as `convert_coco_export`."""
    paths = annotation_files(Path(annotations))
    if split is not None:
        if len(paths) > 1:
            raise ValueError(
                f"{annotations} has {len(paths)} annotation files, each a split: {listed(paths.values())}. Give one "
                "of them, or leave split out."
            )
        paths = {split: next(iter(paths.values()))}
    files = {name: read_annotations(path, "instances") for name, path in paths.items()}
    names, notes = _class_names(list(files.values()))
    with reading(next(iter(paths.values())), "a COCO file", "Correct its categories."):
        labels = LabelSpec(("background", *names), ignore_label=255 if len(names) < 256 else 65535, name="coco_export")
    notes += [note for file in files.values() for note in _notes_of_images(file)]
    return CocoExport(files, labels, tuple(notes))


def annotation_files(path: Path) -> dict[str, Path]:
    """The annotation files at `path`, itself one or the folder of an export, by the splits that their names say.

    Raises:
        ValueError: If there is none, or two say the same split.

    Example:
        >>> annotation_files(Path("roboflow"))
        {'train': PosixPath('roboflow/train/_annotations.coco.json'),
         'val': PosixPath('roboflow/valid/_annotations.coco.json')}
    """
    if not path.is_dir():
        return {_split_of(path): path}
    found = next((paths for name in _NAMES if (paths := sorted(path.glob(name)))), None)
    if found is None:
        there = sorted(file.relative_to(path).as_posix() for file in [*path.glob("*.json"), *path.glob("*/*.json")])
        raise ValueError(
            f"{path} has no annotation file of a name that tools give ({', '.join(_NAMES)}); its JSON files are "
            f"{there[:5]}. Give the file itself."
        )
    by_split = {_split_of(file): file for file in found}
    if len(by_split) < len(found):
        raise ValueError(
            f"{path} has several annotation files of one split: {listed(found)}. Convert each by itself, with --split "
            "(split) of your choice."
        )
    return by_split


def listed(paths: Iterable[Path]) -> str:
    """The files in one line, separated by commas."""
    return ", ".join(path.as_posix() for path in paths)


def _split_of(path: Path) -> str:
    """`train`, `val`, ...: from `instances_NAME.json`, or the folder of Roboflow's `_annotations.coco.json`."""
    name = path.parent.name if path.name.startswith("_annotations") else path.stem.removeprefix("instances_")
    name = re.sub(r"\d{4}$", "", name.casefold())
    name = _SPLITS.get(name, name)
    named = path.stem.startswith("instances_") and re.fullmatch(r"\w[\w.-]*", name)
    return name if named or name in ("train", "val", "test") else "train"


def _class_names(files: Sequence[AnnotationFile]) -> tuple[list[str], list[str]]:
    """The names of the classes behind the background, and what is worth knowing of them."""
    annotated = {tidy_label(file.categories[number]) for file in files for number in used_categories(file)}
    above = {
        tidy_label(name)
        for file in files
        for number, name in file.supercategories.items()
        if isinstance(name, str) and name != file.categories[number]
    }
    raw = [name for file in files for name in file.categories.values()]
    tidy = list(dict.fromkeys(map(tidy_label, raw)))
    heads = [name for name in tidy if name in above and name not in annotated and len(tidy) > 1]
    names = [name for name in tidy if name not in heads and name.casefold() not in BACKGROUNDS]
    if not names:
        raise ValueError(f"{files[0].path} lists no category besides the background. Export it with its labels.")
    notes = list(label_notes(names, [name for name in raw if tidy_label(name) != name]))
    if heads:
        notes.append(f"No class: {', '.join(map(repr, heads))}, which stands above other categories and has no shape.")
    return names, notes


def used_categories(file: AnnotationFile) -> set[int]:
    """The ids of the categories that at least one annotation has."""
    return {entry["category_id"] for entries in file.annotations.values() for entry in entries}


def classes_of(file: AnnotationFile, image: int | str) -> set[str]:
    """The names of the classes that one image is annotated with."""
    return {tidy_label(file.categories[entry["category_id"]]) for entry in file.annotations.get(image, ())}


def _notes_of_images(file: AnnotationFile) -> list[str]:
    empty = sum(image["id"] not in file.annotations for image in file.images)
    if not empty:
        return []
    return [
        f"{empty} of {len(file.images)} images of {shown(file.path)} have no annotation: all background. Take them out "
        "if they are not labelled yet."
    ]
