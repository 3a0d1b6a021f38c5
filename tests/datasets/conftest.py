"""Made-up images and masks, and a data set of them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import DataSet, convert_folder, open_dataset

PALETTE = np.random.default_rng(0).integers(0, 256, 768, dtype=np.uint8).tobytes()
SIZES = [(40, 61), (33, 33), (57, 48), (64, 90), (30, 41), (71, 35), (45, 45)]


def make_folder(folder: Path, count: int = 3, classes: int = 3) -> Path:
    """`images/*.png` of random colours and `masks/*.png` (palette) of random ids and 255, in `folder`."""
    rng = np.random.default_rng(7)
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    for index in range(count):
        height, width = SIZES[index % len(SIZES)]
        Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(
            folder / "images" / f"{index}.png"
        )
        ids = rng.integers(0, classes + 1, (height, width))
        mask = Image.fromarray(np.where(ids == classes, 255, ids).astype(np.uint8))
        mask.putpalette(PALETTE)
        mask.save(folder / "masks" / f"{index}.png")
    return folder


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three pairs, 40x61, 33x33 and 57x48, of three classes."""
    return make_folder(tmp_path / "made")


@pytest.fixture
def convert(tmp_path) -> Callable:
    """Converts what `folder` holds into `tmp_path/records`, with three classes."""

    def run(folder: Path, **options):
        return convert_folder(
            folder / "images", folder / "masks", tmp_path / "records", **({"labels": 3, "workers": 1} | options)
        )

    return run


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> DataSet:
    """Seven images of three classes in the two shards of the split `train`."""
    folder = make_folder(tmp_path_factory.mktemp("tiny") / "made", len(SIZES))
    report = convert_folder(folder / "images", folder / "masks", folder / "records", labels=3, shards=2, workers=1)
    return open_dataset(report.path)
