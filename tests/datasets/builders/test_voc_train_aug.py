"""train_aug: PASCAL VOC's train with SBD's images, from `.mat` files and from SegmentationClassAug."""

import numpy as np
import pytest
import scipy.io
from PIL import Image

from deeplab_tf.datasets import convert_voc
from deeplab_tf.datasets.builders.voc import voc_pairs
from harness.stored_records import check_stored, random_ids, save_image, save_mask

VOC_TRAIN, VOC_VAL = ("2007_000032", "2008_000008"), ("2007_000033", "2008_000009")
SBD_TRAIN, SBD_VAL = ("2008_000008", "2010_000001", "2008_000003"), ("2008_000009", "2008_000002")
AUG = ["2007_000032", "2008_000008", "2008_000002", "2008_000003", "2010_000001"]
SIZE = (24, 31)


@pytest.fixture
def devkit(tmp_path):
    root = tmp_path / "VOC2012"
    (root / "ImageSets" / "Segmentation").mkdir(parents=True)
    for split, names in (("train", VOC_TRAIN), ("val", VOC_VAL)):
        (root / "ImageSets" / "Segmentation" / f"{split}.txt").write_text("\n".join(names) + "\n")
        for name in names:
            save_mask(root / "SegmentationClass" / f"{name}.png", random_ids(int(name[-3:]), [*range(21), 255]))
    for name in {*VOC_TRAIN, *VOC_VAL, *SBD_TRAIN, *SBD_VAL}:
        save_image(root / "JPEGImages" / f"{name}.jpg", int(name[-3:]))
    return root


@pytest.fixture
def sbd(tmp_path):
    """SBD's archive unpacked: a struct of Boundaries, Segmentation and CategoriesPresent a file."""
    root = tmp_path / "benchmark_RELEASE" / "dataset"
    (root / "cls").mkdir(parents=True)
    for split, names in (("train", SBD_TRAIN), ("val", SBD_VAL)):
        (root / f"{split}.txt").write_text("\n".join(names) + "\n")
        for name in names:
            save_mat(root / "cls" / f"{name}.mat", sbd_ids(name))
    return root


def sbd_ids(name):
    return random_ids(int(name[-3:]) + 50, range(21))


def save_mat(path, ids):
    boundaries = np.empty((20, 1), object)
    for index in range(20):
        boundaries[index, 0] = scipy.sparse.csc_matrix(ids == index + 1)
    present = np.unique(ids[ids > 0]).astype(np.uint8)[:, None]
    fields = {"Boundaries": boundaries, "Segmentation": ids, "CategoriesPresent": present}
    scipy.io.savemat(path, {"GTcls": fields}, do_compression=True)


def voc_ids(root, name, folder="SegmentationClass"):
    return np.asarray(Image.open(root / folder / f"{name}.png"))


def images(root):
    return {name: root / "JPEGImages" / f"{name}.jpg" for name in AUG}


@pytest.mark.parametrize("above", [0, 1, 2])
def test_sbd_mat_files(devkit, sbd, tmp_path, above):
    report = convert_voc(devkit, "train_aug", tmp_path / "out", sbd=[sbd, *sbd.parents][above], workers=1)
    assert report.images == {"train_aug": 5}
    assert report.notes == ("train_aug has 5 images; PASCAL VOC 2012 has 10582.",)
    masks = {name: voc_ids(devkit, name) if name in VOC_TRAIN else sbd_ids(name) for name in AUG}
    check_stored(report.path, "train_aug", images(devkit), masks)


def test_a_list_in_the_devkit_says_which_images(devkit, sbd):
    (devkit / "ImageSets" / "Segmentation" / "trainaug.txt").write_text("2010_000001\n2007_000032\n")
    pairs = voc_pairs(devkit, "train_aug", sbd=sbd)
    assert [pair.mask.name for pair in pairs] == ["2010_000001.mat", "2007_000032.png"]


@pytest.mark.parametrize(
    "list_path, line, folder",
    [
        ("ImageSets/Segmentation/trainaug.txt", "{0}", "SegmentationClassAug"),
        ("ImageSets/Segmentation/train_aug.txt", "{0}", "SegmentationClass_aug"),
        ("list/train_aug.txt", "/JPEGImages/{0}.jpg /SegmentationClassAug/{0}.png", "SegmentationClassAug"),
    ],
)
def test_segmentation_class_aug(devkit, tmp_path, list_path, line, folder):
    (devkit / list_path).parent.mkdir(exist_ok=True)
    (devkit / list_path).write_text("".join(line.format(name) + "\n" for name in reversed(AUG)))
    for name in AUG:
        save_mask(devkit / folder / f"{name}.png", sbd_ids(name))
    report = convert_voc(devkit, "trainaug", tmp_path / "out", workers=1)
    check_stored(report.path, "train_aug", images(devkit), {name: sbd_ids(name) for name in reversed(AUG)})


def test_missing_parts_are_named(devkit, tmp_path):
    with pytest.raises(ValueError, match=r"VOC2012 has no SegmentationClassAug or .*--sbd"):
        convert_voc(devkit, "train_aug", tmp_path / "out")
    (devkit / "SegmentationClassAug").mkdir()
    with pytest.raises(ValueError, match=r"has no ImageSets/Segmentation/train_aug\.txt or trainaug\.txt"):
        convert_voc(devkit, "train_aug", tmp_path / "out")
    with pytest.raises(ValueError, match=r"VOC2012 has no folder cls of \.mat files"):
        convert_voc(devkit, "train_aug", tmp_path / "out", sbd=devkit)


def test_missing_sbd_list_is_named(devkit, sbd, tmp_path):
    (sbd / "val.txt").unlink()
    with pytest.raises(ValueError, match=r"dataset/val\.txt cannot be read as a list"):
        convert_voc(devkit, "train_aug", tmp_path / "out", sbd=sbd)


def test_mat_files_of_another_layout_are_named(devkit, sbd, tmp_path):
    scipy.io.savemat(sbd / "cls" / "2008_000002.mat", {"GTinst": {"Segmentation": sbd_ids("2008_000002")}})
    save_mat(sbd / "cls" / "2008_000003.mat", np.full(SIZE, 21, np.uint8))
    (sbd / "cls" / "2010_000001.mat").unlink()
    with pytest.raises(ValueError, match="3 of 5 pairs are bad") as caught:
        convert_voc(devkit, "train_aug", tmp_path / "out", sbd=sbd, workers=1)
    message = str(caught.value)
    assert "2008_000002.mat is a .mat of another layout: expected GTcls.Segmentation" in message
    assert "2008_000003.mat holds values from 21 to 21; SBD's class ids are 0-20" in message
    assert "2010_000001.mat is missing" in message
    assert not (tmp_path / "out").exists()
