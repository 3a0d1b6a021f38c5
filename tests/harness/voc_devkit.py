"""A PASCAL VOC devkit of drawn shapes, or of the first pairs of another one."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from deeplab_tf.datasets.builders.shapes import draw_image
from deeplab_tf.images import write_image, write_label_png
from deeplab_tf.labels import voc_colors

LISTS = Path("ImageSets", "Segmentation")
# The devkit's own files have colours for all 256 ids.
PALETTE = np.array(voc_colors(256))


@dataclasses.dataclass(frozen=True)
class Devkit:
    """The copy under damage: its folder and the names of its lists, to be written at the end."""

    root: Path
    train: list[str]
    val: list[str]

    def image(self, name: str) -> Path:
        return self.root / "JPEGImages" / f"{name}.jpg"

    def mask(self, name: str) -> Path:
        return self.root / "SegmentationClass" / f"{name}.png"

    def ids(self, name: str) -> np.ndarray:
        return np.array(Image.open(self.mask(name)))

    def write_ids(self, name: str, ids: np.ndarray) -> None:
        write_label_png(self.mask(name), ids, PALETTE)


def draw_devkit(root: Path, train: int, val: int = 4, seed: int = 0) -> Path:
    """A devkit of drawn shapes: classes 0-5 and void, PASCAL VOC's palette and layout."""
    names = [f"2007_{index:06d}" for index in range(train + val)]
    for index, name in enumerate(names):
        image, ids = draw_image(np.random.default_rng([seed, index]), (64, 96))
        if ids.shape[0] == ids.shape[1]:
            image, ids = image[:-1], ids[:-1]
        write_image(root / "JPEGImages" / f"{name}.jpg", image, quality=92)
        write_label_png(root / "SegmentationClass" / f"{name}.png", ids, PALETTE)
    write_lists(root, names[:train], names[train:])
    return root


def write_lists(root: Path, train: Sequence[str], val: Sequence[str]) -> None:
    (root / LISTS).mkdir(parents=True, exist_ok=True)
    for split, names in (("train", train), ("val", val)):
        (root / LISTS / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))


def read_list(root: Path, split: str) -> list[str]:
    return (root / LISTS / f"{split}.txt").read_text().split()


def copy_devkit(source: Path, root: Path, train: int, val: int = 4) -> Path:
    """The first pairs of both lists of a devkit."""
    names = read_list(source, "train")[:train], read_list(source, "val")[:val]
    for folder, suffix in (("JPEGImages", ".jpg"), ("SegmentationClass", ".png")):
        (root / folder).mkdir(parents=True)
        for name in (*names[0], *names[1]):
            shutil.copy(source / folder / f"{name}{suffix}", root / folder)
    write_lists(root, *names)
    return root
