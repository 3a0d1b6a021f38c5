"""The Semantic Boundaries Dataset (SBD): PASCAL VOC's classes on 11,355 images, as `.mat` files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deeplab_tf.datasets.builders.image_lists import read_names
from deeplab_tf.datasets.builders.matlab import read_mat

_NESTINGS = (Path(), Path("dataset"), Path("benchmark_RELEASE", "dataset"))
_CLASSES = 21


def sbd_folder(root: Path) -> Path:
    """The folder in SBD's archive that holds `cls`, `train.txt` and `val.txt`.

    Raises:
        ValueError: If there is none.
    """
    for nesting in _NESTINGS:
        if (root / nesting / "cls").is_dir():
            return root / nesting
    raise ValueError(
        f"{root} has no folder cls of .mat files. Give SBD's benchmark_RELEASE/dataset, which holds cls, train.txt "
        "and val.txt."
    )


def train_aug_names(train: Sequence[str], val: Sequence[str], sbd: Path) -> list[str]:
    """The names of train_aug: PASCAL VOC's train, then SBD's train and val without PASCAL VOC's val.

    With the lists as published these are 1,464 and 9,118 images, 10,582 in all.

    Args:
        train: Names of PASCAL VOC's train.
        val: Names of PASCAL VOC's val.
        sbd: SBD's folder, see `sbd_folder`.

    Raises:
        ValueError: If SBD's lists cannot be read.
    """
    further = {name for split in ("train", "val") for name in read_names(sbd / f"{split}.txt")}
    return [*train, *sorted(further - set(train) - set(val))]


def read_sbd_mask(path: Path) -> np.ndarray:
    """The class ids of an SBD `.mat`, uint8 `[H, W]`: 0-20, no void.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, of another layout, or holds no class ids; the message names it.
        ImportError: If SciPy is missing; the message names the extra to install.
    """
    ids = read_mat(path, "GTcls.Segmentation")
    if ids.min() < 0 or ids.max() >= _CLASSES:
        raise ValueError(
            f"{path} holds values from {ids.min()} to {ids.max()}; SBD's class ids are 0-{_CLASSES - 1}. Give the "
            "files of SBD's folder cls; those in inst count objects."
        )
    return ids.astype(np.uint8)
