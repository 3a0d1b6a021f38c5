"""A folder of labelme's JSON files into TFRecords."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from deeplab_tf.checks import whole
from deeplab_tf.datasets.builders.class_names import read_class_names
from deeplab_tf.datasets.builders.division import divide
from deeplab_tf.datasets.builders.folder import present_labels
from deeplab_tf.datasets.builders.labelme_file import IGNORED
from deeplab_tf.datasets.builders.labelme_folder import (
    collected_labels,
    labelled_pairs,
    labelme_files,
    list_labelme,
    with_background,
)
from deeplab_tf.datasets.common_options import with_common_options
from deeplab_tf.datasets.convert import ConversionReport, convert_pairs
from deeplab_tf.datasets.records.pairs import Pair
from deeplab_tf.files import working_folder
from deeplab_tf.files.disk import DiskFull, writing
from deeplab_tf.labels import LabelSpec


@with_common_options
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
    **options,
) -> ConversionReport:
    """Converts a folder of labelme's JSON files, of version 3 or later, with the images that they name or hold.

    Args:
        folder: The folder of JSON files; folders in it are searched too. The image of each is the one that it names,
            or else the one of its own name beside it, or else what it holds in itself.
        output: The data set's folder; other splits in it stay.
        split: What the images are: `train`, `val`, or another name.
        val_share: Share of the images, 0 to below 1, drawn by `seed`, that become the split `val` instead.
        class_names: labelme's `labels.txt`, see `labelme_pairs`. Without it the classes are those of the data set
            already in `output`, or else all labels of the files in the order of the alphabet.
        ignore_unknown: Ignore (255) shapes whose label is not a class, instead of failing.
        line_width: Pixels across lines and line strips.
        point_radius: Pixels around points.
        seed: Draws the validation images.
        **options: `shards`, `workers`, `skip_bad`, `overwrite` and `max_side`, as for `convert_pairs`.

    Returns:
        What was written and what was skipped.

    Raises:
        FileNotFoundError: If there is no such file of class names.
        ValueError: If there are no JSON files, a file, a shape, a label or an image is bad, or the output cannot be
            written.

    Example:
        >>> convert_labelme("photos", "tfrecords", class_names="labels.txt", val_share=0.2).images
        {'train': 80, 'val': 20}
    """
    output = Path(output)
    _check_widths(line_width=line_width, point_radius=point_radius)
    # Before the output's folder is made.
    labelme_files(Path(folder))
    if class_names is not None:
        labels = with_background(read_class_names(class_names).names)
    else:
        labels = present_labels(output, {split, "val"} if val_share else {split}, options.get("overwrite", False))
    try:
        with writing(output), working_folder(output / "extracted") as extracted:
            found = list_labelme(folder, extracted)
            if labels is None:
                labels = collected_labels(found)
            pairs = labelled_pairs(
                found, labels, ignore_unknown=ignore_unknown, line_width=line_width, point_radius=point_radius
            )
            report = convert_pairs(
                divide(pairs, split, val_share, seed, [one - {IGNORED} for one in found.labels]),
                labels,
                output,
                **options,
            )
            return dataclasses.replace(report, notes=(*report.notes, *found.notes))
    except DiskFull:
        raise
    except OSError as error:
        raise ValueError(f"{output} could not be written ({error.strerror}). Choose another folder.") from error


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
        class_names: A text file of one class name per line, as labelme has it: `__ignore__` is the label of
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
    _check_widths(line_width=line_width, point_radius=point_radius)
    found = list_labelme(folder, extracted)
    if class_names is not None:
        labels = with_background(read_class_names(class_names).names)
    elif labels is None:
        labels = collected_labels(found)
    return labelled_pairs(
        found, labels, ignore_unknown=ignore_unknown, line_width=line_width, point_radius=point_radius
    ), labels


def _check_widths(**widths: int) -> None:
    for name, value in widths.items():
        whole(name, value, remedy="It is in pixels; labelme's are 10 and 5.")
