"""A folder of images and a folder of masks into TFRecords."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from deeplab_tf.datasets.builders.class_names import read_class_names
from deeplab_tf.datasets.builders.division import divide
from deeplab_tf.datasets.convert import ConversionReport, convert_pairs
from deeplab_tf.datasets.dataset import INDEX_NAME, open_dataset
from deeplab_tf.datasets.pairs import Pair, mask_values
from deeplab_tf.datasets.parallel import ordered_map
from deeplab_tf.images import IMAGE_SUFFIXES, read_mask
from deeplab_tf.labels import LabelSpec, label_spec
from deeplab_tf.progress import track

# Of more images than this, a draw leaves out hardly any class that could be learnt.
_FEW = 1000


def convert_folder(
    images: str | os.PathLike,
    masks: str | os.PathLike,
    output: str | os.PathLike,
    *,
    split: str = "train",
    val_share: float = 0.0,
    class_names: str | os.PathLike | None = None,
    labels: LabelSpec | str | int | None = None,
    ignore_label: int = 255,
    seed: int = 0,
    shards: int | None = None,
    workers: int | None = None,
    skip_bad: bool = False,
    overwrite: bool = False,
) -> ConversionReport:
    """Converts a folder of images and a folder of masks of the same names.

    An image and its mask share the path below their folders, without the suffix. Masks are 8-bit palette or
    grey images whose values are class ids, or 16-bit grey ones where the labels have more than 256 classes.

    Args:
        images: The folder of images, in any format that Pillow reads; folders in it are searched too.
        masks: The folder of masks.
        output: The data set's folder; other splits in it stay.
        split: What the images are: `train`, `val`, or another name.
        val_share: Share of the images, 0 to below 1, drawn by `seed`, that become the split `val` instead.
        class_names: A text file of one class name a line, see `read_class_names`.
        labels: The label specification, or what `label_spec` takes for one, in place of `class_names`. Without
            either, it is that of the data set already in `output`, or else the number of classes is that of
            the masks' values.
        ignore_label: The id that is no class. `labels` brings its own.
        seed: Draws the validation images.
        shards: Number of files a split; one for every 256 images when left out.
        workers: Threads that read and verify; one a core when left out.
        skip_bad: Leave bad pairs out and list them in the report, instead of failing.
        overwrite: Replace splits that are there already.

    Returns:
        What was written and what was skipped.

    Raises:
        ValueError: If a folder is missing or empty, arguments contradict each other, a pair is missing or bad,
            there are fewer than two classes, or the output cannot be written.

    Example:
        >>> convert_folder("images", "masks", "tfrecords", val_share=0.2).images
        {'train': 80, 'val': 20}
    """
    pairs = folder_pairs(images, masks)
    workers = (os.cpu_count() or 1) if workers is None else workers
    divided = divide_folder(pairs, split, val_share, seed, workers)
    spec = _given_labels(class_names, labels, ignore_label)
    if spec is None:
        spec = present_labels(Path(output), divided, overwrite) or infer_labels(pairs, ignore_label, workers)
    return convert_pairs(divided, spec, output, shards=shards, workers=workers, skip_bad=skip_bad, overwrite=overwrite)


def folder_pairs(images: str | os.PathLike, masks: str | os.PathLike) -> list[Pair]:
    """The pairs of a folder of images and a folder of masks, by name.

    Args:
        images: As for `convert_folder`.
        masks: As for `convert_folder`.

    Returns:
        All pairs. A missing half has the path where it was looked for, which verification reports.

    Raises:
        ValueError: If a folder is missing or empty, or two files in one have one name.
    """
    images, masks = Path(images), Path(masks)
    image_files, mask_files = _by_name(images, "images"), _by_name(masks, "masks")
    return [
        Pair(name, image_files.get(name, images / f"{name}.jpg"), mask_files.get(name, masks / f"{name}.png"))
        for name in sorted(image_files.keys() | mask_files.keys())
    ]


def _by_name(folder: Path, kind: str) -> dict[str, Path]:
    """The image files under `folder` by their path in it without the suffix."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder. Give the folder that holds the {kind}.")
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in IMAGE_SUFFIXES or path.name.startswith("."):
            continue
        name = path.relative_to(folder).with_suffix("").as_posix()
        if name in found:
            raise ValueError(f"{found[name]} and {path} have one name; it must be unique. Rename or remove one.")
        found[name] = path
    if not found:
        raise ValueError(f"{folder} holds no images ({', '.join(sorted(IMAGE_SUFFIXES))}). Check the path.")
    return found


def divide_folder(
    pairs: Sequence[Pair], split: str, val_share: float, seed: int, workers: int
) -> dict[str, list[Pair]]:
    """`divide` by the ids of the masks, where the images are few enough for a class to end up on one side only."""
    classes = None
    if val_share and len(pairs) <= _FEW:
        found = track(ordered_map(_values, [pair.mask for pair in pairs], workers), len(pairs), "list classes")
        classes = [set(np.flatnonzero(values).tolist()) for values in found]
    return divide(pairs, split, val_share, seed, classes)


def _given_labels(
    class_names: str | os.PathLike | None, labels: LabelSpec | str | int | None, ignore_label: int
) -> LabelSpec | None:
    if class_names is not None and labels is not None:
        raise ValueError("Received both class_names and labels; they say the same thing. Give one of them.")
    if class_names is not None:
        return read_class_names(class_names, ignore_label)
    return None if labels is None else label_spec(labels)


def present_labels(output: Path, replaced: Iterable[str], overwrite: bool) -> LabelSpec | None:
    """The labels of the data set in `output`, or None where there is none or nothing of it will stay.

    Args:
        output: The folder.
        replaced: The splits to come; only their names count.
        overwrite: Whether splits of these names are replaced.

    Raises:
        ValueError: If its index is damaged.
    """
    if not (output / INDEX_NAME).is_file():
        return None
    present = open_dataset(output)
    return None if overwrite and present.splits.keys() <= set(replaced) else present.labels


def infer_labels(pairs: Sequence[Pair], ignore_label: int, workers: int) -> LabelSpec:
    """The specification of as many classes as the masks of `pairs` have ids.

    Raises:
        ValueError: If that is fewer than two.
    """
    values = np.zeros(256, bool)
    found = ordered_map(_values, [pair.mask for pair in pairs], workers)
    for seen in track(found, len(pairs), "count classes"):
        values |= seen
    values[ignore_label : ignore_label + 1] = False
    ids = np.flatnonzero(values)
    if ids.size == 0 or ids[-1] == 0:
        raise ValueError(
            f"The masks hold only {ids.tolist()} besides {ignore_label} (ignore); segmentation needs at least 2 "
            f"classes. If {ignore_label} means an object, make it 1, or give another ignore_label."
        )
    return LabelSpec(tuple(f"class_{index}" for index in range(ids[-1] + 1)), ignore_label=ignore_label)


def _values(path: Path) -> np.ndarray:
    """The values of a mask; none for a bad one, which the conversion itself reports."""
    try:
        return mask_values(read_mask(path))
    except (ValueError, FileNotFoundError):
        return np.zeros(256, bool)
