"""Masks of one's own: their values or colours as class ids, and the classes counted from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deeplab_tf.checks import expect, is_whole, listing
from deeplab_tf.datasets.audit.faults import BadPair, if_ignored
from deeplab_tf.datasets.builders.color_masks import read_color_mask
from deeplab_tf.datasets.records.pairs import Pair, mask_values
from deeplab_tf.datasets.records.parallel import ordered_map
from deeplab_tf.files.reading import shown
from deeplab_tf.images import read_mask
from deeplab_tf.images.files import LOSSY_FORMATS, open_header
from deeplab_tf.labels import LabelSpec
from deeplab_tf.progress import track

_COLOR_MODES = ("RGB", "RGBA")
_NAMED = 12
_VALUE = "value_"


class SparseIds(ValueError):
    """Masks whose values are too far apart to be ids; `ids` are the values."""

    def __init__(self, message: str, ids: tuple[int, ...]):
        super().__init__(message)
        self.ids = ids


@dataclasses.dataclass(frozen=True)
class MaskReader:
    """Reads a mask file as class ids.

    Args:
        labels: The classes. RGB masks are mapped by their colours.
        ids: The value that stands for each class in grey and palette masks; the class's own id when left out.

    Raises:
        ValueError: If there are not as many ids as classes, or one is there twice.
    """

    labels: LabelSpec
    ids: tuple[int, ...] = ()

    def __post_init__(self):
        check_ids(self.ids)
        if self.ids and len(self.ids) != self.labels.classes:
            raise ValueError(
                f"Received {len(self.ids)} ids {list(self.ids)} for {self.labels.classes} classes "
                f"({listing(self.labels.names)}). Give the masks' value of each class, in their order."
            )

    def __call__(self, path: Path) -> np.ndarray:
        """Class ids, `labels.mask_dtype` `[H, W]`."""
        with open_header(path).image as image:
            colored = image.mode in _COLOR_MODES and image.format not in LOSSY_FORMATS
        if colored:
            return read_color_mask(path, self.labels)
        if not self.ids:
            return read_mask(path, self.labels.mask_dtype)
        return self._mapped(read_mask(path, np.uint16), path)

    def _mapped(self, values: np.ndarray, path: Path) -> np.ndarray:
        table = np.full(65536, -1)
        table[self.labels.ignore_label] = self.labels.ignore_label
        table[list(self.ids)] = np.arange(len(self.ids))
        ids = table[values]
        if (wrong := np.unique(values[ids < 0])).size:
            raise BadPair(
                "wrong_values",
                path,
                f"{path} holds the value(s) {_listed(wrong)}; expected {_listed(self.ids)} (ids) or "
                f"{self.labels.ignore_label} (ignore). Add the values to the ids.{if_ignored(wrong)}",
                tuple(wrong.tolist()),
            )
        return ids.astype(self.labels.mask_dtype)


def check_ids(ids: Sequence[int]) -> None:
    """Refuses ids that no mask can hold or that are listed twice."""
    valid = all(is_whole(value, 0, 65535) for value in ids) and len(set(ids)) == len(ids)
    expect(valid, "ids", ids, "different whole numbers from 0 to 65535", "List each value once.")


def counted_labels(
    pairs: Sequence[Pair], ignore_label: int, workers: int, ids: Sequence[int] = ()
) -> tuple[LabelSpec, tuple[str, ...]]:
    """The specification of as many classes as the masks of `pairs` have ids, and what to know about it.

    Args:
        pairs: Whose masks are read.
        ignore_label: The value that is not a class.
        workers: Threads that read.
        ids: The values that are classes, where they are known.

    Raises:
        SparseIds: A `ValueError`, if the values are too far apart to be ids.
        ValueError: If there are fewer than two, or no mask can be read; the message names the first that cannot.
    """
    if ids:
        check_ids(ids)
        return LabelSpec(tuple(f"{_VALUE}{value}" for value in ids), ignore_label=ignore_label), ()
    values, unread = np.zeros(256, bool), []
    found = ordered_map(values_or_reason, [pair.mask for pair in pairs], workers)
    for seen, reason in track(found, len(pairs), "count classes"):
        values |= seen
        unread += [reason] if reason else []
    said = f" {len(unread)} of {len(pairs)} masks cannot be read: {unread[0]}" if unread else ""
    if not values.any() and unread:
        raise ValueError(f"The classes cannot be counted from the masks.{said}")
    held = np.flatnonzero(values).tolist()
    classes = [value for value in held if value != ignore_label]
    if not classes or classes[-1] == 0:
        remedy = f"If {ignore_label} means an object, {_ids_option(held)} makes it class 1." if len(held) > 1 else ""
        raise ValueError(
            f"The masks hold only {classes} besides {ignore_label} (ignore); segmentation needs at least 2 classes. "
            f"{remedy or 'Are they masks?'}{said}"
        )
    missing = _gaps(classes)
    if missing > len(classes):
        # One that stands far off may be what is not a class.
        alone = classes[-1:] if len(classes) > 2 and _gaps(classes[:-1]) < len(classes) else []
        raise SparseIds(
            f"The masks hold the values {_listed(classes)}, too far apart to be class ids. "
            f"{_ids_option(classes)} makes them classes 0-{len(classes) - 1}; where classes only do not occur, say how "
            f"many there are (--labels {classes[-1] + 1}, or --class-names).{if_ignored(alone)}",
            tuple(classes),
        )
    notes = ()
    if missing:
        absent = sorted(set(range(classes[-1])) - set(classes))
        notes = (
            f"no mask holds the value(s) {_listed(absent)}, which are counted as classes all the same; "
            f"{_ids_option(classes)} leaves them out.",
        )
    return LabelSpec(tuple(f"class_{index}" for index in range(classes[-1] + 1)), ignore_label=ignore_label), notes


def ids_in_names(labels: LabelSpec | None) -> tuple[int, ...]:
    """The values in the names that `counted_labels` made of them, so that a second split is read as the first was."""
    numbers = [name.removeprefix(_VALUE) for name in labels.names] if labels else []
    return tuple(map(int, numbers)) if all(map(str.isdigit, numbers)) else ()


def values_or_reason(path: Path) -> tuple[np.ndarray, str]:
    """Which of 256 values a mask holds; none, and why, of one that cannot be read."""
    try:
        return mask_values(read_mask(path)), ""
    except FileNotFoundError:
        return np.zeros(256, bool), f"{shown(path)} is missing."
    except ValueError as error:
        return np.zeros(256, bool), str(error)


def _gaps(values: Sequence[int]) -> int:
    """How many ids below the last value do not occur."""
    return values[-1] + 1 - len(values)


def _ids_option(values: Sequence[int]) -> str:
    return f"--ids {','.join(map(str, values))} (ids={list(values)})"


def _listed(values) -> str:
    return listing(map(int, values), _NAMED)
