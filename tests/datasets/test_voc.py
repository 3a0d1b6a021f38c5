import shutil

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import convert_voc, evaluation_images, open_dataset


@pytest.fixture
def devkit(folder, tmp_path):
    root = tmp_path / "VOCdevkit" / "VOC2012"
    (root / "ImageSets" / "Segmentation").mkdir(parents=True)
    (root / "ImageSets" / "Segmentation" / "train.txt").write_text("2\n0\n")
    shutil.copytree(folder / "masks", root / "SegmentationClass")
    (root / "JPEGImages").mkdir()
    for path in (folder / "images").iterdir():
        Image.open(path).save(root / "JPEGImages" / f"{path.stem}.jpg")
    return root


def check_pixels(root, dataset, split, ids):
    examples = list(evaluation_images(dataset, split).as_numpy_iterator())
    assert [example["filename"].decode() for example in examples] == ids
    for example, name in zip(examples, ids):
        image = np.asarray(Image.open(root / "JPEGImages" / f"{name}.jpg").convert("RGB"))
        np.testing.assert_array_equal(example["image"], image)
        np.testing.assert_array_equal(
            example["label"], np.asarray(Image.open(root / "SegmentationClass" / f"{name}.png"))
        )


@pytest.mark.parametrize("above", [0, 1, 2])
def test_list_order_and_pixels(devkit, tmp_path, above):
    root = [devkit, *devkit.parents][above]
    report = convert_voc(root, "train", tmp_path / "out", workers=2)
    assert report.images == {"train": 2}
    check_pixels(devkit, open_dataset(report.path, "pascal_voc"), "train", ["2", "0"])


def test_unknown_list_and_folder(devkit, tmp_path):
    with pytest.raises(ValueError, match=r"no list val\.txt; it has \['train'\]"):
        convert_voc(devkit, "val", tmp_path / "out")
    with pytest.raises(ValueError, match="JPEGImages has no ImageSets/Segmentation"):
        convert_voc(devkit / "JPEGImages", "train", tmp_path / "out")


def test_missing_image_id_is_named(devkit, tmp_path):
    (devkit / "ImageSets" / "Segmentation" / "train.txt").write_text("2\n2007_000001\n")
    with pytest.raises(ValueError, match=r"1 of 2 pairs are bad: .*2007_000001\.jpg is missing"):
        convert_voc(devkit, "train", tmp_path / "out", workers=1)


@pytest.mark.shared
def test_real_images_pixel_for_pixel(shared, tmp_path):
    source = shared / "data" / "voc2012"
    ids = (source / "ImageSets" / "Segmentation" / "val.txt").read_text().split()[::12]
    lists = tmp_path / "voc" / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "val.txt").write_text("\n".join(ids))
    for name in ("JPEGImages", "SegmentationClass"):
        (tmp_path / "voc" / name).symlink_to(source / name)
    report = convert_voc(tmp_path / "voc", "val", tmp_path / "out", shards=2, workers=2)
    check_pixels(source, open_dataset(report.path), "val", ids)
