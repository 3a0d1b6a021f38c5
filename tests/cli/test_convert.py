"""The commands of the field's data sets pass their options on to the right converters."""

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.cli import main
from deeplab_tf.datasets import open_dataset


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)


def picture(size=(8, 9)):
    return np.full((*size, 3), 90)


def camvid(root):
    save(root / "images" / "0016E5_07959.png", picture())
    save(root / "labels" / "0016E5_07959_L.png", np.full((8, 9, 3), 128))


def cityscapes(root):
    stem = "berlin/berlin_000000_000019"
    save(root / "leftImg8bit" / "val" / f"{stem}_leftImg8bit.png", picture())
    save(root / "gtFine" / "val" / f"{stem}_gtFine_labelIds.png", np.full((8, 9), 7))


def ade20k(root):
    save(root / "images" / "validation" / "ADE_val_00000001.jpg", picture())
    save(root / "annotations" / "validation" / "ADE_val_00000001.png", np.ones((8, 9)))


def stanford_background(root):
    (root / "labels").mkdir(parents=True)
    for name in ("1", "2"):
        save(root / "images" / f"{name}.jpg", picture())
        np.savetxt(root / "labels" / f"{name}.regions.txt", np.zeros((8, 9)), "%d")


def pascal_voc(root):
    (root / "ImageSets" / "Segmentation").mkdir(parents=True)
    (root / "ImageSets" / "Segmentation" / "val.txt").write_text("1\n")
    save(root / "JPEGImages" / "1.jpg", picture())
    save(root / "SegmentationClass" / "1.png", np.ones((8, 9)))


@pytest.mark.parametrize(
    "make, options, classes",
    [
        (pascal_voc, [], 21),
        (cityscapes, ["--ids", "label"], 19),
        (ade20k, [], 151),
        (camvid, [], 11),
        (camvid, ["--classes", "32"], 32),
        (stanford_background, ["--val-share", "0.5", "--seed", "3"], 8),
    ],
)
def test_command_converts(make, options, classes, tmp_path, capsys):
    make(tmp_path / "in")
    arguments = ["--root", tmp_path / "in", "--split", "val", "--output", tmp_path / "out", "--workers", 1, *options]
    assert main(["convert", make.__name__, *map(str, arguments)]) == 0
    assert "Note: val has 1 image;" in capsys.readouterr().out
    dataset = open_dataset(tmp_path / "out")
    assert (dataset.labels.classes, dataset.count("val")) == (classes, 1)


def test_several_splits_are_written_together_or_not_at_all(tmp_path, capsys):
    pascal_voc(tmp_path / "in")
    arguments = [
        "--root",
        str(tmp_path / "in"),
        "--output",
        str(tmp_path / "out"),
        "--split",
        "val",
        "--split",
        "train",
    ]
    assert main(["convert", "pascal_voc", *arguments]) == 2
    assert "has no list train.txt" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    (tmp_path / "in" / "ImageSets" / "Segmentation" / "train.txt").write_text("1\n")
    assert main(["convert", "pascal_voc", *arguments, "--split", "val"]) == 0
    assert "out: val 1 image, train 1 image; 21 classes" in capsys.readouterr().out
    assert {name: split.images for name, split in open_dataset(tmp_path / "out").splits.items()} == {
        "train": 1,
        "val": 1,
    }


def test_labels_may_be_a_number(tmp_path):
    pascal_voc(tmp_path)
    folders = ["--images", str(tmp_path / "JPEGImages"), "--masks", str(tmp_path / "SegmentationClass")]
    assert main(["convert", "folder", *folders, "--labels", "4", "--output", str(tmp_path / "out")]) == 0
    assert open_dataset(tmp_path / "out").labels.classes == 4


def test_options_reach_the_converter(tmp_path, capsys):
    pascal_voc(tmp_path / "in")
    arguments = ["--root", str(tmp_path / "in"), "--output", str(tmp_path / "out")]
    assert main(["convert", "pascal_voc", "--split", "train_aug", "--sbd", str(tmp_path), *arguments]) == 2
    assert "has no folder cls of .mat files" in capsys.readouterr().err
    camvid(tmp_path / "in")
    assert main(["convert", "camvid", "--split", "val", "--classes", "12", *arguments]) == 2
    assert "classes must be one of 11, 32" in capsys.readouterr().err


def test_shapes(tmp_path, capsys):
    assert main(["convert", "shapes", "--images", "4", "--val-share", "0.25", "--output", str(tmp_path / "out")]) == 0
    assert "train 3 images, val 1 image; 6 classes (background, disc" in capsys.readouterr().out


def test_voc_is_short_for_pascal_voc(capsys):
    assert main(["convert", "voc", "--help"]) == 0
    assert "deeplab-tf convert pascal_voc --root" in capsys.readouterr().out
