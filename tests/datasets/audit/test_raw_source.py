import shutil

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import inspect_dataset
from deeplab_tf.labels import label_spec
from harness.voc_devkit import draw_devkit


def test_devkit_below_the_folder_given(tmp_path):
    draw_devkit(tmp_path / "VOCdevkit" / "VOC2012", train=3, val=2)
    inspection = inspect_dataset(tmp_path, workers=1)
    assert (inspection.splits, inspection.labels) == ({"train": 3, "val": 2}, label_spec("pascal_voc"))
    assert inspect_dataset(tmp_path, "val", workers=1).splits == {"val": 2}
    with pytest.raises(ValueError, match=r"no list test\.txt"):
        inspect_dataset(tmp_path, "test")


def test_trainval_is_read_only_where_it_stands_alone(tmp_path):
    lists = draw_devkit(tmp_path, train=3, val=2) / "ImageSets" / "Segmentation"
    (lists / "trainval.txt").write_text((lists / "train.txt").read_text() + (lists / "val.txt").read_text())
    (lists / "trainaug.txt").write_text((lists / "train.txt").read_text())
    assert inspect_dataset(tmp_path, workers=1).splits == {"train": 3, "val": 2}
    (lists / "train.txt").unlink()
    (lists / "val.txt").unlink()
    assert inspect_dataset(tmp_path, workers=1).splits == {"trainval": 5}


def test_images_and_masks(folder):
    inspection = inspect_dataset(folder, workers=1)
    assert (inspection.splits, inspection.labels.classes) == ({"train": 3}, 3)
    (folder / "class_names.txt").write_text("sea\nland\nice\nroad\n")
    assert inspect_dataset(folder, "photos", workers=1).labels.names == ("sea", "land", "ice", "road")
    apart = inspect_dataset(folder / "images", masks=folder / "masks", labels=3, workers=1)
    assert apart.class_pixels == inspection.class_pixels
    with pytest.raises(ValueError, match=r"one split; received \['a', 'b'\]"):
        inspect_dataset(folder, ["a", "b"])


def test_counts_before_conversion_are_those_after_it(folder, convert):
    report = convert(folder)
    before, after = inspect_dataset(folder, workers=1), inspect_dataset(report.path)
    for name in ("class_pixels", "class_images", "ignore_pixels", "pixels", "class_weights"):
        assert getattr(before, name) == getattr(after, name)
    assert dict(before.sizes) == dict(after.sizes)


def test_refused_pairs_do_not_count_before_conversion(folder, convert):
    Image.new("L", (61, 40), 77).save(folder / "masks" / "0.png")
    before = inspect_dataset(folder, labels=3, workers=1)
    after = inspect_dataset(convert(folder, skip_bad=True).path)
    assert (before.errors, before.images) == (1, 3)
    assert (before.class_pixels, before.pixels) == (after.class_pixels, after.pixels)


def test_masks_of_0_and_255_are_named_and_not_an_error_of_the_audit(folder):
    for path in (folder / "masks").iterdir():
        Image.fromarray(np.where(np.asarray(Image.open(path)) == 1, 255, 0).astype(np.uint8)).save(path)
    assert {found.kind for found in inspect_dataset(folder, workers=1).findings} == {"binary_mask", "absent_class"}


def camvid(root):
    for split in ("train", "val"):
        (root / split).mkdir(parents=True)
        (root / f"{split}annot").mkdir()
        for index in range(2):
            rng = np.random.default_rng([len(split), index])
            Image.fromarray(rng.integers(0, 256, (36, 48, 3), dtype=np.uint8)).save(root / split / f"{index}.png")
            Image.fromarray(rng.integers(0, 12, (36, 48), dtype=np.uint8)).save(root / f"{split}annot" / f"{index}.png")


def ade20k(root):
    camvid(root / "made")
    for name, split in (("training", "train"), ("validation", "val")):
        for kind, folder in (("images", split), ("annotations", f"{split}annot")):
            (root / kind / name).mkdir(parents=True)
            for path in (root / "made" / folder).iterdir():
                suffix = ".jpg" if kind == "images" else ".png"
                Image.open(path).save(root / kind / name / f"ADE_{split}_{path.stem}{suffix}")
    shutil.rmtree(root / "made")


@pytest.mark.parametrize("make", [camvid, ade20k])
def test_other_data_sets_are_recognised_by_their_folders(tmp_path, make):
    make(tmp_path)
    inspection = inspect_dataset(tmp_path, workers=1)
    assert inspection.labels == label_spec(make.__name__)
    assert (inspection.splits, inspection.errors) == ({"train": 2, "val": 2}, 0)


def test_what_is_no_data_set(tmp_path):
    with pytest.raises(ValueError, match="holds neither TFRecords, nor the folders images and masks"):
        inspect_dataset(tmp_path)
    with pytest.raises(ValueError, match="is not a folder"):
        inspect_dataset(tmp_path / "absent")
    with pytest.raises(ValueError, match="workers must be a whole number above 0; received 0"):
        inspect_dataset(draw_devkit(tmp_path / "kit", train=1, val=0), "train", workers=0)
