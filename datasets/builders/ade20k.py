"""ADE20K, as MIT's scene parsing benchmark has it, into TFRecords."""

from __future__ import annotations

import os
from pathlib import Path

from deeplab_tf.checks import one_of
from deeplab_tf.datasets.records.pairs import Pair

FOLDERS = {"train": "training", "val": "validation"}
_NESTINGS = (Path(), Path("ADEChallengeData2016"))


def ade20k_pairs(root: str | os.PathLike, split: str) -> list[Pair]:
    """The pairs of one split of ADE20K, in the order of their names.

    Id 0, what is none of the 150 classes, is ignored, and a model has 151 outputs, as in the original release.

    Args:
        root: The folder `ADEChallengeData2016`, which holds `images` and `annotations`, or the one above it.
        split: `train` or `val`.

    Raises:
        ValueError: If the folder is not laid out so, or the split is unknown.

    Example:
        >>> ade20k_pairs("ADEChallengeData2016", "val")[0].name
        'ADE_val_00000001'
    """
    split = one_of("split", split, FOLDERS)
    root = _challenge_folder(Path(root))
    images, masks = root / "images" / FOLDERS[split], root / "annotations" / FOLDERS[split]
    if not any(images.glob("*.jpg")):
        raise ValueError(f"{images} has no *.jpg. Unpack ADEChallengeData2016.zip again.")
    # A lost half is listed too, for verification to report.
    names = sorted({path.stem for path in (*images.glob("*.jpg"), *masks.glob("*.png"))})
    return [Pair(name, images / f"{name}.jpg", masks / f"{name}.png") for name in names]


def _challenge_folder(root: Path) -> Path:
    for nesting in _NESTINGS:
        if (root / nesting / "images").is_dir() and (root / nesting / "annotations").is_dir():
            return root / nesting
    raise ValueError(
        f"{root} has no folders images and annotations. Give ADEChallengeData2016; the whole ADE20K, with colour "
        "masks *_seg.png, has other classes."
    )
