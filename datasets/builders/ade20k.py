"""ADE20K, as MIT's scene parsing benchmark has it, into TFRecords."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from deeplab_tf.datasets.convert import ConversionReport, convert_pairs, split_names
from deeplab_tf.datasets.records.pairs import Pair
from deeplab_tf.labels import label_spec

FOLDERS = {"train": "training", "val": "validation"}
_NESTINGS = (Path(), Path("ADEChallengeData2016"))


def convert_ade20k(
    root: str | os.PathLike,
    split: str | Sequence[str],
    output: str | os.PathLike,
    *,
    shards: int | None = None,
    workers: int | None = None,
    skip_bad: bool = False,
    overwrite: bool = False,
    max_side: int | Sequence[int] | None = None,
) -> ConversionReport:
    """Converts splits of ADE20K's 150 classes.

    Id 0, what is none of the 150, is ignored, and a model has 151 outputs, as in the original release.

    Args:
        root: The folder `ADEChallengeData2016`, which holds `images` and `annotations`, or the one above it.
        split: `train` or `val`, or several.
        output: The data set's folder; other splits in it stay.
        shards: Number of files; one for every 256 images when left out.
        workers: Workers that read and verify; one a core when left out.
        skip_bad: Leave bad pairs out and list them in the report, instead of failing.
        overwrite: Replace splits that are there already.
        max_side: Larger images are scaled down to this side, or to fit this (height, width): images antialiased,
            masks by the nearest pixel. None keeps all as they are.

    Returns:
        What was written and what was skipped.

    Raises:
        ValueError: If the folder is not laid out so, the split is unknown, a pair is missing or bad, or the output
            cannot be written.

    Example:
        >>> convert_ade20k("ADEChallengeData2016", "val", "ade20k-tfrecords").images
        {'val': 2000}
    """
    return convert_pairs(
        {name: ade20k_pairs(root, name) for name in split_names(split)},
        label_spec("ade20k"),
        output,
        shards=shards,
        workers=workers,
        skip_bad=skip_bad,
        overwrite=overwrite,
        max_side=max_side,
        source="ade20k",
    )


def ade20k_pairs(root: str | os.PathLike, split: str) -> list[Pair]:
    """The pairs of one split of ADE20K, in the order of their names.

    Args:
        root: As for `convert_ade20k`.
        split: As for `convert_ade20k`.

    Raises:
        ValueError: If the folder is not laid out so, or the split is unknown.

    Example:
        >>> ade20k_pairs("ADEChallengeData2016", "val")[0].name
        'ADE_val_00000001'
    """
    if split not in FOLDERS:
        raise ValueError(f"ADE20K has no split {split!r}; choose from {list(FOLDERS)}.")
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
