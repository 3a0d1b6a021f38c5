"""Class names, colours and the ignore label of a data set, as one value that travels with the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

VOC_NAMES = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
CITYSCAPES_NAMES = (
    "road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation",
    "terrain", "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle",
)  # fmt: skip
CITYSCAPES_COLORS = (
    (128, 64, 128), (244, 35, 232), (70, 70, 70), (102, 102, 156), (190, 153, 153), (153, 153, 153),
    (250, 170, 30), (220, 220, 0), (107, 142, 35), (152, 251, 152), (70, 130, 180), (220, 20, 60), (255, 0, 0),
    (0, 0, 142), (0, 0, 70), (0, 60, 100), (0, 80, 100), (0, 0, 230), (119, 11, 32),
)  # fmt: skip
CAMVID_NAMES = (
    "sky", "building", "pole", "road", "pavement", "tree", "sign_symbol", "fence", "car", "pedestrian", "bicyclist",
)  # fmt: skip
CAMVID_COLORS = (
    (128, 128, 128), (128, 0, 0), (192, 192, 128), (128, 64, 128), (60, 40, 222), (128, 128, 0), (192, 128, 128),
    (64, 64, 128), (64, 0, 128), (64, 64, 0), (0, 128, 192),
)  # fmt: skip
IGNORE_COLOR = (224, 224, 192)


def voc_colors(count: int) -> tuple[tuple[int, int, int], ...]:
    """The PASCAL VOC colour rule: the bits of the class id are dealt out to R, G and B, highest bit first.

    Args:
        count: Number of colours wanted, 0 to 256.

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
    return tuple(tuple(int(value) for value in rgb) for rgb in np.stack(channels, axis=-1))


@dataclasses.dataclass(frozen=True)
class LabelSpec:
    """What the label ids of a data set mean.

    Args:
        names: Class names in id order; id 0 is `names[0]`.
        colors: One RGB triple (0-255) a class; the PASCAL VOC rule when left out.
        ignore_label: The id that counts neither in a loss nor in a metric, 0-255.
        name: Short name of the data set.

    Raises:
        ValueError: If a name is missing or double, the colours do not fit, or an id leaves 0-255.

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
        names = tuple(str(name) for name in self.names)
        colors = tuple(tuple(int(value) for value in rgb) for rgb in self.colors) or voc_colors(len(names))
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "colors", colors)
        if len(names) < 2:
            raise ValueError(
                f"Received {len(names)} class name(s); segmentation needs at least 2. "
                "A single object of interest needs a background class beside it."
            )
        if len(names) > 256:
            raise ValueError(f"Received {len(names)} classes; masks are 8-bit, so at most 256 are possible.")
        double = sorted({name for name in names if names.count(name) > 1})
        if double or not all(names):
            raise ValueError(f"Class names must be unique and not empty; received {double or names}.")
        if len(colors) != len(names) or any(len(rgb) != 3 or min(rgb) < 0 or max(rgb) > 255 for rgb in colors):
            raise ValueError(
                f"Expected {len(names)} RGB colours of three values in 0-255, one a class; received {colors}."
            )
        if not 0 <= self.ignore_label <= 255:
            raise ValueError(f"ignore_label must lie in 0-255; received {self.ignore_label}.")

    @property
    def classes(self) -> int:
        """Number of classes, the ignore label not among them (unless it is itself a class id, as in ADE20K)."""
        return len(self.names)

    @property
    def palette(self) -> np.ndarray:
        """Colours of all 256 ids, uint8 `[256, 3]`: the classes, a pale grey for the ignore label, black elsewhere."""
        table = np.zeros((256, 3), np.uint8)
        table[self.ignore_label] = IGNORE_COLOR
        table[: self.classes] = self.colors
        return table

    def colorize(self, labels: np.ndarray) -> np.ndarray:
        """Label ids, integer `[..., H, W]`, as colours, uint8 `[..., H, W, 3]`."""
        return self.palette[np.asarray(labels, np.uint8)]

    def is_valid(self, labels: np.ndarray) -> np.ndarray:
        """Where `labels` holds a class id or the ignore label; boolean, same shape."""
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

        Raises:
            ValueError: If the dictionary has no `names`.
        """
        if "names" not in config:
            raise ValueError(f"A label specification needs 'names'; received the keys {sorted(config)}.")
        return cls(
            names=tuple(config["names"]),
            colors=tuple(tuple(rgb) for rgb in config.get("colors", ())),
            ignore_label=int(config.get("ignore_label", 255)),
            name=str(config.get("name", "custom")),
        )


KNOWN = {
    "pascal_voc": LabelSpec(VOC_NAMES, name="pascal_voc"),
    "cityscapes": LabelSpec(CITYSCAPES_NAMES, CITYSCAPES_COLORS, name="cityscapes"),
    "camvid": LabelSpec(CAMVID_NAMES, CAMVID_COLORS, ignore_label=11, name="camvid"),
}


def label_spec(source: LabelSpec | Mapping | str | int) -> LabelSpec:
    """The label specification that `source` means.

    Args:
        source: A `LabelSpec`, its dictionary, the name of a known data set (`pascal_voc`, `cityscapes`,
            `camvid`), or a number of classes, which get the names `class_0`, `class_1`, ... (21 and 19 classes
            are taken for PASCAL VOC and Cityscapes, the sets that the releases were trained on).

    Raises:
        ValueError: If the name is unknown or the number is below 2.

    Example:
        >>> label_spec("pascal_voc").names[15]
        'person'
    """
    if isinstance(source, LabelSpec):
        return source
    if isinstance(source, Mapping):
        return LabelSpec.from_dict(source)
    if isinstance(source, str):
        if source not in KNOWN:
            raise ValueError(f"Unknown label specification {source!r}; known are {sorted(KNOWN)}.")
        return KNOWN[source]
    for spec in (KNOWN["pascal_voc"], KNOWN["cityscapes"]):
        if source == spec.classes:
            return spec
    return LabelSpec(tuple(f"class_{index}" for index in range(int(source))))
