"""A folder of images and a folder of masks into TFRecords."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from deeplab_tf.checks import is_whole
from deeplab_tf.datasets.audit.faults import BadPair, read_part
from deeplab_tf.datasets.builders.class_names import read_class_names
from deeplab_tf.datasets.builders.division import divide
from deeplab_tf.datasets.builders.folder_files import folder_pairs
from deeplab_tf.datasets.builders.folder_masks import MaskReader, counted_labels, ids_in_names
from deeplab_tf.datasets.common_options import with_common_options
from deeplab_tf.datasets.convert import ConversionReport, convert_pairs
from deeplab_tf.datasets.records.dataset import INDEX_NAME, open_dataset
from deeplab_tf.datasets.records.pairs import Pair
from deeplab_tf.datasets.records.parallel import ordered_map, worker_count
from deeplab_tf.datasets.records.publication import finish_publication
from deeplab_tf.images import read_mask
from deeplab_tf.labels import LabelSpec, label_spec
from deeplab_tf.progress import track

# Of more images than this, a draw leaves out hardly any class that could be learnt.
_FEW = 1000
IGNORE_LABEL = 255


@with_common_options
def convert_folder(
    images: str | os.PathLike,
    masks: str | os.PathLike | None,
    output: str | os.PathLike,
    *,
    mask_suffix: str | None = None,
    split: str = "train",
    val_share: float = 0.0,
    class_names: str | os.PathLike | None = None,
    labels: LabelSpec | str | int | None = None,
    ids: Sequence[int] = (),
    ignore_label: int | None = None,
    seed: int = 0,
    **options,
) -> ConversionReport:
    """Converts a folder of images and a folder of masks of the same names.

    An image and its mask share the path below their folders, without the suffix. Masks are palette or grey images of up
    to 8 bits whose values are class ids, or 16-bit grey ones where the labels have more than 256 classes; or RGB images
    in the colours of `class_names` or `labels`.

    Args:
        images: The folder of images, in any format that Pillow reads; folders in it are searched too.
        masks: The folder of masks; None where they lie beside the images.
        output: The data set's folder; other splits in it stay.
        mask_suffix: What masks have behind their image's name, such as `_mask`. When left out, the one of
            `MASK_SUFFIXES` that most masks have, or none; in one folder without such, what is no JPEG is a mask.
        split: What the images are: `train`, `val`, or another name.
        val_share: Share of the images, 0 to below 1, drawn by `seed`, that become the split `val` instead.
        class_names: A text file of one class name a line, see `read_class_names`.
        labels: The label specification, or what `label_spec` takes for one, in place of `class_names`. Without
            either, it is that of the data set already in `output`, or else the number of classes is that of
            the masks' values.
        ids: The value in the masks that stands for each class, in their order: `(0, 255)` makes 255 class 1.
        ignore_label: The id that is not a class, 0-65535; 255 when left out. Label sets by name, and those of the data
            set already in `output`, bring their own, which another must not contradict.
        seed: Draws the validation images.
        **options: `shards`, `workers`, `skip_bad`, `overwrite` and `max_side`, as for `convert_pairs`.

    Returns:
        What was written and what was skipped.

    Raises:
        FileNotFoundError: If there is no such file of class names.
        ValueError: If a folder is missing or empty, arguments contradict each other, a pair is missing or bad,
            there are fewer than two classes, their values are too far apart to be ids, or the output cannot be
            written.

    Example:
        >>> convert_folder("images", "masks", "tfrecords", val_share=0.2).images
        {'train': 80, 'val': 20}
        >>> convert_folder("photos", None, "two-classes", mask_suffix="_mask", ids=(0, 255)).labels.names
        ('value_0', 'value_255')
    """
    pairs = folder_pairs(images, masks, mask_suffix)
    workers = worker_count(options.get("workers"))
    ignored = IGNORE_LABEL if ignore_label is None else ignore_label
    spec, notes = _given_labels(class_names, labels, ignored), ()
    if spec is None:
        spec = present_labels(Path(output), {split, "val"} if val_share else {split}, options.get("overwrite", False))
        ids = ids or ids_in_names(spec)
    if spec is None:
        spec, notes = counted_labels(pairs, ignored, workers, ids)
    if ignore_label is not None and spec.ignore_label != ignore_label:
        raise ValueError(
            f"ignore_label {ignore_label} contradicts the labels {spec.name!r}, which ignore {spec.ignore_label}. "
            "Leave it out, or give class_names in place of the labels."
        )
    reader = MaskReader(spec, tuple(ids))
    pairs = [dataclasses.replace(pair, read=reader) for pair in pairs]
    report = convert_pairs(divide_folder(pairs, split, val_share, seed, workers), spec, output, **options)
    return dataclasses.replace(report, notes=(*report.notes, *notes))


def divide_folder(
    pairs: Sequence[Pair], split: str, val_share: float, seed: int, workers: int
) -> dict[str, list[Pair]]:
    """`divide` by the ids of the masks, where the images are few enough for a class to end up on one side only."""
    classes = None
    if val_share and len(pairs) <= _FEW:
        classes = list(track(ordered_map(_classes, pairs, workers), len(pairs), "list classes"))
    return divide(pairs, split, val_share, seed, classes)


def _classes(pair: Pair) -> set[int]:
    """The ids in a mask; none in a bad one, which the conversion itself reports."""
    try:
        return set(np.unique(read_part(pair.read or read_mask, pair.mask, "mask")).tolist())
    except BadPair:
        return set()


def _given_labels(
    class_names: str | os.PathLike | None, labels: LabelSpec | str | int | None, ignored: int
) -> LabelSpec | None:
    if class_names is not None and labels is not None:
        raise ValueError("Received both class_names and labels; they say the same thing. Give one of them.")
    if class_names is not None:
        return read_class_names(class_names, ignored)
    if labels is None:
        return None
    # A number of classes says nothing of an ignore label.
    return dataclasses.replace(label_spec(labels), ignore_label=ignored) if is_whole(labels) else label_spec(labels)


def present_labels(output: Path, replaced: Iterable[str], overwrite: bool) -> LabelSpec | None:
    """The labels of the data set in `output`, or None where there is none or nothing of it will stay.

    Args:
        output: The folder.
        replaced: The splits to come; only their names count.
        overwrite: Whether splits of these names are replaced.

    Raises:
        ValueError: If its index is damaged.
    """
    finish_publication(output)
    if not (output / INDEX_NAME).is_file():
        return None
    present = open_dataset(output)
    return None if overwrite and present.splits.keys() <= set(replaced) else present.labels
