import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import convert_ade20k
from harness.stored_records import check_stored, random_ids, save_image, save_mask


@pytest.fixture
def root(tmp_path):
    """ADEChallengeData2016 as it is unpacked."""
    root = tmp_path / "ADEChallengeData2016"
    for folder, short in (("training", "train"), ("validation", "val")):
        for index in (2, 1):
            name = f"ADE_{short}_{index:08d}"
            save_image(root / "images" / folder / f"{name}.jpg", index)
            save_mask(root / "annotations" / folder / f"{name}.png", random_ids(index, range(151)))
    (root / "objectInfo150.txt").write_text("Idx\tRatio\tTrain\tVal\tName\n")
    return root


@pytest.mark.parametrize("split, folder", [("train", "training"), ("val", "validation")])
@pytest.mark.parametrize("above", [False, True])
def test_pixels_and_order(root, tmp_path, split, folder, above):
    report = convert_ade20k(root.parent if above else root, split, tmp_path / "out", workers=1)
    assert (report.labels.classes, report.labels.ignore_label) == (151, 0)
    assert "151 classes (background, wall, " in str(report)
    assert "door" in str(report)
    assert "flag" not in str(report)
    names = [f"ADE_{split}_0000000{index}" for index in (1, 2)]
    check_stored(
        report.path,
        split,
        {name: root / "images" / folder / f"{name}.jpg" for name in names},
        {name: np.asarray(Image.open(root / "annotations" / folder / f"{name}.png")) for name in names},
    )


def test_ids_counted_from_zero_with_255_are_refused(root, tmp_path):
    save_mask(root / "annotations" / "validation" / "ADE_val_00000001.png", random_ids(1, [*range(150), 255]))
    with pytest.raises(ValueError, match=r"ADE_val_00000001\.png holds the value\(s\) 255; expected class ids 0-150"):
        convert_ade20k(root, "val", tmp_path / "out", workers=1)


def test_missing_halves_are_named(root, tmp_path):
    (root / "images" / "validation" / "ADE_val_00000001.jpg").unlink()
    (root / "annotations" / "validation" / "ADE_val_00000002.png").unlink()
    with pytest.raises(ValueError, match=r"ADE_val_00000001\.jpg is missing.*ADE_val_00000002\.png is missing"):
        convert_ade20k(root, "val", tmp_path / "out", workers=1)


def test_wrong_folders_and_splits(root, tmp_path):
    with pytest.raises(ValueError, match="images has no folders images and annotations"):
        convert_ade20k(root / "images", "val", tmp_path / "out")
    with pytest.raises(ValueError, match="split must be one of 'train', 'val'; received 'test'"):
        convert_ade20k(root, "test", tmp_path / "out")
    for path in (root / "images" / "validation").iterdir():
        path.unlink()
    with pytest.raises(ValueError, match=r"validation has no \*\.jpg"):
        convert_ade20k(root, "val", tmp_path / "out")
