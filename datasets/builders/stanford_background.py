"""The Stanford Background data set into TFRecords."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from deeplab_tf.checks import number, one_of
from deeplab_tf.datasets.builders.division import divide
from deeplab_tf.datasets.records.pairs import Pair
from deeplab_tf.files.reading import reading
from deeplab_tf.labels import label_spec

SPLITS = ("train", "val")
_NESTINGS = (Path(), Path("iccv09Data"))
_ENDING = ".regions.txt"
_UNKNOWN = -1


def stanford_background_pairs(
    root: str | os.PathLike, split: str, *, val_share: float = 0.2, seed: int = 0
) -> list[Pair]:
    """The pairs of one split of Stanford Background, in the order of their names.

    The data set has no official split. Its authors draw 572 images to train and 143 to test, five times at random
    (Gould, Fulton, Koller, ICCV 2009); `val_share` 0.2 draws as many. Give both splits the same share and seed.

    Args:
        root: The folder `iccv09Data`, which holds `images` and `labels`, or the one above it.
        split: `train` or `val`.
        val_share: Share of the images, above 0 and below 1, that are `val`.
        seed: Draws them; each seed is another division.

    Raises:
        ValueError: If the folder is not laid out so, or an argument makes no sense.

    Example:
        >>> len(stanford_background_pairs("iccv09Data", "train"))
        572
    """
    split = one_of("split", split, SPLITS)
    number("val_share", val_share, above=0, below=1, remedy="0.2 takes every fifth image.")
    images, labels = _folders(Path(root))
    # A lost half is listed too, for verification to report.
    names = {path.stem for path in images.glob("*.jpg")} | {
        path.name.removesuffix(_ENDING) for path in labels.glob(f"*{_ENDING}")
    }
    pairs = [Pair(name, images / f"{name}.jpg", labels / f"{name}{_ENDING}", read_regions) for name in sorted(names)]
    return divide(pairs, "train", val_share, seed)[split]


def _folders(root: Path) -> tuple[Path, Path]:
    for base in (root / nesting for nesting in _NESTINGS):
        if any((base / "labels").glob(f"*{_ENDING}")) and any((base / "images").glob("*.jpg")):
            return base / "images", base / "labels"
    raise ValueError(
        f"{root} has no images/*.jpg and labels/*{_ENDING}. Give the folder iccv09Data of Stanford Background."
    )


def read_regions(path: Path) -> np.ndarray:
    """A `*.regions.txt` as ids, uint8 `[H, W]`: 0-7, and 255 for the file's -1 (unknown).

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no matrix of such numbers; the message names it.
    """
    spec = label_spec("stanford_background")
    with reading(path, "a matrix of whole numbers, a row a line", "Restore it from iccv09Data.tar.gz."):
        lines = path.read_text(encoding="ascii").splitlines()
        ids = np.loadtxt(lines, np.int64, ndmin=2, comments=None) if any(lines) else np.empty((0, 0), np.int64)
    if not ids.size or ids.min() < _UNKNOWN or ids.max() >= spec.classes:
        found = f"values from {ids.min()} to {ids.max()}" if ids.size else "no values"
        raise ValueError(
            f"{path} holds {found}; expected region classes 0-{spec.classes - 1} or {_UNKNOWN} (unknown). Restore it "
            "from iccv09Data.tar.gz; *.surfaces.txt and *.layers.txt mean other things."
        )
    return np.where(ids == _UNKNOWN, spec.ignore_label, ids).astype(np.uint8)
