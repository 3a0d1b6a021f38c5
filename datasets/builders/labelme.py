"""A folder of labelme's JSON files into TFRecords."""

from __future__ import annotations

import base64
import dataclasses
import functools
import os
import shutil
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

from deeplab_tf.datasets.builders.class_names import read_class_names
from deeplab_tf.datasets.builders.folder import divide, present_labels
from deeplab_tf.datasets.builders.labelme_shapes import IGNORED, labelme_mask, read_labelme
from deeplab_tf.datasets.convert import ConversionReport, convert_pairs
from deeplab_tf.datasets.pairs import Pair
from deeplab_tf.files import check_writable, temporary_beside
from deeplab_tf.images import IMAGE_SUFFIXES
from deeplab_tf.labels import LabelSpec
from deeplab_tf.progress import track

# As labelme writes it, and as people do.
_BACKGROUNDS = ("_background_", "background")


def convert_labelme(
    folder: str | os.PathLike,
    output: str | os.PathLike,
    *,
    split: str = "train",
    val_share: float = 0.0,
    class_names: str | os.PathLike | None = None,
    ignore_unknown: bool = False,
    line_width: int = 10,
    point_radius: int = 5,
    seed: int = 0,
    shards: int | None = None,
    workers: int | None = None,
    skip_bad: bool = False,
    overwrite: bool = False,
) -> ConversionReport:
    """Converts a folder of labelme's JSON files, of version 3 or later, with the images that they name or hold.

    Args:
        folder: The folder of JSON files; folders in it are searched too.
        output: The data set's folder; other splits in it stay.
        split: What the images are: `train`, `val`, or another name.
        val_share: Share of the images, 0 to below 1, drawn by `seed`, that become the split `val` instead.
        class_names: labelme's `labels.txt`, see `labelme_pairs`. Without it the classes are those of the data set
            already in `output`, or else all labels of the files in the order of the alphabet.
        ignore_unknown: Ignore (255) shapes whose label is no class, instead of failing.
        line_width: Pixels across lines and line strips.
        point_radius: Pixels around points.
        seed: Draws the validation images.
        shards: Number of files a split; one for every 256 images when left out.
        workers: Workers that read and verify; one a core when left out.
        skip_bad: Leave bad pairs out and list them in the report, instead of failing.
        overwrite: Replace splits that are there already.

    Returns:
        What was written and what was skipped.

    Raises:
        ValueError: If there are no JSON files, a file, a shape, a label or an image is bad, or the output cannot be
            written.

    Example:
        >>> convert_labelme("photos", "tfrecords", class_names="labels.txt", val_share=0.2).images
        {'train': 80, 'val': 20}
    """
    output = Path(output)
    # Before the output's folder is made.
    _json_files(Path(folder))
    labels = None
    if class_names is None:
        labels = present_labels(output, {split, "val"} if val_share else {split}, overwrite)
    extracted = temporary_beside(check_writable(output) / "extracted")
    try:
        pairs, labels = labelme_pairs(
            folder,
            class_names=class_names,
            labels=labels,
            ignore_unknown=ignore_unknown,
            line_width=line_width,
            point_radius=point_radius,
            extracted=extracted,
        )
        return convert_pairs(
            divide(pairs, split, val_share, seed),
            labels,
            output,
            shards=shards,
            workers=workers,
            skip_bad=skip_bad,
            overwrite=overwrite,
        )
    except OSError as error:
        raise ValueError(f"{output} could not be written ({error.strerror}). Check that its disk has room.") from error
    finally:
        shutil.rmtree(extracted, ignore_errors=True)


def labelme_pairs(
    folder: str | os.PathLike,
    *,
    class_names: str | os.PathLike | None = None,
    labels: LabelSpec | None = None,
    ignore_unknown: bool = False,
    line_width: int = 10,
    point_radius: int = 5,
    extracted: str | os.PathLike | None = None,
) -> tuple[list[Pair], LabelSpec]:
    """The pairs of a folder of labelme's JSON files and what their label ids mean.

    Args:
        folder: See `convert_labelme`.
        class_names: A text file of one class name a line, as labelme has it: `__ignore__` is no class but the label of
            what to ignore, and `_background_` (or `background`) names what no shape covers; without a line for that
            it becomes class 0.
        labels: The classes instead. Without either they are the labels that the files have, in the order of the
            alphabet, behind the background.
        ignore_unknown: See `convert_labelme`.
        line_width: See `convert_labelme`.
        point_radius: See `convert_labelme`.
        extracted: Where to write images that a file holds in itself and that lie nowhere else. Without it they count
            as missing.

    Returns:
        The pairs, and the label specification. Pairs of files that cannot be read fail when they are.

    Raises:
        ValueError: If there are no JSON files, or the classes make no specification.

    Example:
        >>> pairs, labels = labelme_pairs("photos")
        >>> labels.names
        ('_background_', 'cat', 'dog')
    """
    for name, value in (("line_width", line_width), ("point_radius", point_radius)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1 pixel; received {value}. labelme's are 10 and 5.")
    folder = Path(folder)
    paths = _json_files(folder)
    found, pairs = set(), []
    for path in track(paths, len(paths), "list labelme files"):
        name = path.relative_to(folder).with_suffix("").as_posix()
        holder = None
        try:
            content = read_labelme(path)
            image = _image(path, content, None if extracted is None else Path(extracted) / name)
            holder = path if extracted is not None and image.is_relative_to(extracted) else None
            found |= {shape["label"] for shape in content["shapes"]}
        except ValueError:
            # Reported, with all others, by the conversion, which reads the file again.
            image = _beside(path)
        pairs.append(Pair(name, image, path, holder=holder))
    if class_names is not None:
        labels = _with_background(read_class_names(class_names).names)
    elif labels is None:
        labels = _collected(folder, found)
    background = next(name for name in (*_BACKGROUNDS, labels.names[0]) if name in labels.names)
    values = {name: value for value, name in enumerate(labels.names)}
    read = functools.partial(
        labelme_mask,
        values=values,
        background=values[background],
        ignore_label=labels.ignore_label,
        ignore_unknown=ignore_unknown,
        line_width=line_width,
        point_radius=point_radius,
    )
    return [dataclasses.replace(pair, read=functools.partial(read, image=pair.image)) for pair in pairs], labels


def _json_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder. Give the folder where labelme saved its JSON files.")
    paths = sorted(path for path in folder.rglob("*.json") if not path.name.startswith("."))
    if not paths:
        raise ValueError(f"{folder} holds no JSON files of labelme. Give the folder where labelme saved them.")
    return paths


def _image(path: Path, content: Mapping[str, Any], extracted: Path | None) -> Path:
    """The image of a labelme file: the one it names, or else what it holds, written to `extracted`."""
    named = PureWindowsPath(content["imagePath"])
    # A path of the machine where the labels were drawn helps nobody here; the name may.
    places = [path.parent / named.as_posix(), path.parent / named.name]
    for place in places:
        if place.is_file():
            return place
    if extracted is None or not isinstance(content.get("imageData"), str):
        return places[0]
    try:
        data = base64.b64decode(content["imageData"])
    except ValueError:
        data = b""
    extracted = extracted.with_name(f"{extracted.name}{named.suffix}")
    extracted.parent.mkdir(parents=True, exist_ok=True)
    extracted.write_bytes(data)
    return extracted


def _beside(path: Path) -> Path:
    """The image file of the same name, for a labelme file that cannot be read."""
    places = [path.with_suffix(suffix) for suffix in sorted(IMAGE_SUFFIXES)]
    return next((place for place in places if place.is_file()), path.with_suffix(".jpg"))


def _with_background(listed: tuple[str, ...]) -> LabelSpec:
    """The classes among the lines of labelme's `labels.txt`."""
    names = tuple(name for name in listed if name != IGNORED)
    unnamed = not any(name in _BACKGROUNDS for name in names)
    return LabelSpec((*_BACKGROUNDS[:1], *names) if unnamed else names, name="labelme")


def _collected(folder: Path, found: set[str]) -> LabelSpec:
    background = next((name for name in _BACKGROUNDS if name in found), _BACKGROUNDS[0])
    classes = sorted(found - {IGNORED, background})
    if not classes:
        raise ValueError(f"No file in {folder} has a shape of a class. Label the images, or give class_names.")
    return LabelSpec((background, *classes), name="labelme")
