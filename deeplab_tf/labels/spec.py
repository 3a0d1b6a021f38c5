"""Class names, colours and the ignore label of a data set, as one value that travels with the model."""

from __future__ import annotations

import collections
import dataclasses
import reprlib
from collections.abc import Iterable, Mapping

import numpy as np

from deeplab_tf.checks import expect, is_whole, one_of, whole
from deeplab_tf.labels.known import SPECS

IGNORE_COLOR = (224, 224, 192)
# What masks of 16 bits hold.
MOST_CLASSES = 65536
_BESIDE = "A single object of interest needs a background class beside it."
# Data sets of which the original release has files that do not say so.
RELEASED = ("pascal_voc", "cityscapes")


def voc_colors(count: int) -> tuple[tuple[int, int, int], ...]:
    """The PASCAL VOC colour rule: the bits of the class id go to R, G and B in turn, highest bit first.

    It is that of the devkit's `VOClabelcolormap.m`.

    Args:
        count: Number of colours wanted, 0 to 65536.

    Returns:
        `count` RGB triples, 0-255.

    Example:
        >>> voc_colors(3)
        ((0, 0, 0), (128, 0, 0), (0, 128, 0))
    """
    ids = np.arange(count)
    channels = [
        np.bitwise_or.reduce([((ids >> (3 * bit + channel)) & 1) << (7 - bit) for bit in range(8)], axis=0)
        for channel in range(3)
    ]
    return tuple((red, green, blue) for red, green, blue in np.stack(channels, axis=-1).tolist())


@dataclasses.dataclass(frozen=True)
class LabelSpec:
    """What the label ids of a data set mean.

    Args:
        names: Class names in id order; id 0 is `names[0]`.
        colors: One RGB triple (0-255) a class; the PASCAL VOC rule when left out.
        ignore_label: The id that counts neither in a loss nor in a metric, 0-255, or of more than 256 classes, whose
            masks have 16 bits, 0-65535.
        name: Short name of the data set.

    Raises:
        ValueError: If a name is missing or repeated, the colours do not fit, or there are more ids than 16 bits have.

    Example:
        >>> spec = LabelSpec(names=("road", "field"), name="aerial")
        >>> spec.classes, spec.ignore_label
        (2, 255)
    """

    names: tuple[str, ...]
    colors: tuple[tuple[int, int, int], ...] = ()
    ignore_label: int = 255
    name: str = "custom"

    def __post_init__(self):
        names = _names(self.names)
        colors = _colors(self.colors) or voc_colors(min(len(names), MOST_CLASSES))
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "colors", colors)
        if len(names) < 2:
            received = f"one class, {names[0]!r}" if names else "no classes"
            raise ValueError(f"Received {received}; segmentation needs at least 2. {_BESIDE}")
        if len(names) > MOST_CLASSES:
            raise ValueError(
                f"Received {len(names)} classes; masks have up to 16 bits, so at most {MOST_CLASSES} are possible."
            )
        duplicates = sorted(name for name, count in collections.Counter(names).items() if count > 1)
        if duplicates or not all(names):
            raise ValueError(f"Class names must be unique and not empty; received {duplicates or names}.")
        if len(colors) != len(names) or any(len(rgb) != 3 or min(rgb) < 0 or max(rgb) > 255 for rgb in colors):
            raise ValueError(
                f"Expected {len(names)} RGB colours of three values in 0-255, one per class; received "
                f"{reprlib.repr(colors)}."
            )
        remedy = "Take 255, or an id that masks have for unlabelled pixels."
        ignore_label = whole("ignore_label", self.ignore_label, least=0, most=self.mask_values - 1, remedy=remedy)
        object.__setattr__(self, "ignore_label", ignore_label)
        if len(names) > 256 and ignore_label == 255:
            raise ValueError(f"Received {len(names)} classes and ignore_label 255, which is one of them. Give 65535.")

    @property
    def classes(self) -> int:
        """Number of classes, the ignore label not among them (unless it is itself a class id, as in ADE20K)."""
        return len(self.names)

    @property
    def mask_dtype(self) -> np.dtype:
        """What masks are stored in: uint8, or uint16 for more than 256 classes."""
        return np.dtype(np.uint8 if self.classes <= 256 else np.uint16)

    @property
    def mask_values(self) -> int:
        """Number of values that a pixel of a stored mask can have, right ones or wrong: 256 or 65536."""
        return np.iinfo(self.mask_dtype).max + 1

    @property
    def palette(self) -> np.ndarray:
        """Colours of all values of a mask, uint8 `[256, 3]` (or `[65536, 3]`).

        The classes have theirs, the ignore label a pale grey; all else is black.
        """
        table = np.zeros((self.mask_values, 3), np.uint8)
        table[self.ignore_label] = IGNORE_COLOR
        table[: self.classes] = self.colors
        return table

    def colorize(self, labels: np.ndarray) -> np.ndarray:
        """Label ids as colours.

        Args:
            labels: Integer `[..., H, W]`.

        Returns:
            RGB, uint8 `[..., H, W, 3]`.

        Example:
            >>> LabelSpec(("road", "field")).colorize(np.array([[0, 1, 255]])).tolist()
            [[[0, 0, 0], [128, 0, 0], [224, 224, 192]]]
        """
        return self.palette[np.asarray(labels, self.mask_dtype)]

    def is_valid(self, labels: np.ndarray) -> np.ndarray:
        """Where there is a class id or the ignore label.

        Args:
            labels: Integer, of any shape, 0 or above.

        Returns:
            Boolean, of the same shape.

        Example:
            >>> LabelSpec(("road", "field")).is_valid(np.array([1, 2, 255]))
            array([ True, False,  True])
        """
        return (labels < self.classes) | (labels == self.ignore_label)

    def to_dict(self) -> dict:
        """A JSON-ready dictionary that `LabelSpec.from_dict` reads back."""
        return {
            "name": self.name,
            "names": list(self.names),
            "colors": [list(rgb) for rgb in self.colors],
            "ignore_label": self.ignore_label,
        }

    @classmethod
    def from_dict(cls, config: Mapping) -> LabelSpec:
        """The inverse of `to_dict`.

        Args:
            config: A dictionary with `names`, and what else `LabelSpec` takes where it is not the default.

        Returns:
            The specification.

        Raises:
            ValueError: If the dictionary has no `names`, or a value is not possible.
        """
        if not isinstance(config, Mapping):
            raise ValueError(f"A label specification is an object with 'names'; received {reprlib.repr(config)}.")
        if "names" not in config:
            raise ValueError(f"A label specification needs 'names'; received the keys {reprlib.repr(list(config))}.")
        return cls(
            names=config["names"],
            colors=config.get("colors", ()),
            ignore_label=config.get("ignore_label", 255),
            name=str(config.get("name", "custom")),
        )


def _names(given: Iterable[str]) -> tuple[str, ...]:
    listed = isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping)
    names = tuple(given) if listed else ()
    if not listed or not all(isinstance(name, str) for name in names):
        raise ValueError(f"Expected a list of class names; received {reprlib.repr(given)}.")
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise ValueError(f"The class name {name!r} cannot be written: half a character is missing.") from None
    return tuple(map(str, names))


def _colors(given: Iterable[Iterable[int]]) -> tuple[tuple[int, ...], ...]:
    try:
        return tuple(tuple(int(value) for value in rgb) for rgb in given)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"Expected RGB colours of three values in 0-255; received {reprlib.repr(given)}.") from error


def _known(name: str) -> LabelSpec:
    names, colors, ignore_label = SPECS[name]
    triples = map(bytes.fromhex, colors.split()) if colors else ()
    rgb = tuple((red, green, blue) for red, green, blue in triples)
    return LabelSpec(names, rgb, ignore_label, name)


KNOWN = {name: _known(name) for name in SPECS}


def label_spec(source: LabelSpec | Mapping | str | int) -> LabelSpec:
    """The label specification that `source` means.

    Args:
        source: A `LabelSpec`, its dictionary, the name of a known data set (a key of `KNOWN`, such as
            `pascal_voc`, `cityscapes` or `ade20k`), or a number of classes, which get the names `class_0`,
            `class_1`, ...: a number names no data set.

    Returns:
        The specification; a `LabelSpec` is returned as it is.

    Raises:
        ValueError: If the name is unknown or the number is below 2.

    Example:
        >>> label_spec("pascal_voc").names[15], label_spec(21).names[15]
        ('person', 'class_15')
    """
    if isinstance(source, LabelSpec):
        return source
    if isinstance(source, Mapping):
        return LabelSpec.from_dict(source)
    if isinstance(source, str):
        return KNOWN[one_of("labels", source, KNOWN)]
    expected = f"a label specification, its name, or a number of classes from 2 to {MOST_CLASSES}"
    remedy = _BESIDE if is_whole(source, most=1) else "Give one of these."
    expect(is_whole(source, least=2, most=MOST_CLASSES), "labels", source, expected, remedy)
    return LabelSpec(tuple(f"class_{index}" for index in range(int(source))))


def released_labels(classes: int) -> LabelSpec:
    """The labels of a released file, which has a number of classes and no names for them.

    Args:
        classes: That number. The release has files of PASCAL VOC with 21 classes and of Cityscapes with 19; others,
            those of ADE20K among them, whose id 0 is a class here and ignored there, stay unnamed.

    Returns:
        Names, colours and ignore label of that data set, or classes without names.

    Raises:
        ValueError: If the number is below 2.

    Example:
        >>> released_labels(19).name, released_labels(151).names[0]
        ('cityscapes', 'class_0')
    """
    return next((KNOWN[name] for name in RELEASED if KNOWN[name].classes == classes), label_spec(classes))
