import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import convert_voc
from deeplab_tf.datasets.builders.voc import read_voc_mask
from harness.stored_records import check_stored, random_ids, save_image, save_mask

IDS = ("2007_000032", "2007_000033", "2008_000002")


def voc_palette():
    """The devkit's VOClabelcolormap, written down after its description."""
    palette = []
    for index in range(256):
        rgb, bits = [0, 0, 0], index
        for shift in range(7, -1, -1):
            for channel in range(3):
                rgb[channel] |= (bits >> channel & 1) << shift
            bits >>= 3
        palette += rgb
    return bytes(palette)


@pytest.fixture
def devkit(tmp_path):
    root = tmp_path / "VOCdevkit" / "VOC2012"
    lists = root / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text(f"{IDS[2]}\n{IDS[0]}\n")
    (lists / "val.txt").write_text(f"{IDS[1]}\n")
    for seed, name in enumerate(IDS):
        save_image(root / "JPEGImages" / f"{name}.jpg", seed)
        save_mask(root / "SegmentationClass" / f"{name}.png", random_ids(seed, [*range(21), 255]), voc_palette())
    return root


def expected(root, names):
    images = {name: root / "JPEGImages" / f"{name}.jpg" for name in names}
    return images, {name: np.asarray(Image.open(root / "SegmentationClass" / f"{name}.png")) for name in names}


@pytest.mark.parametrize("above", [0, 1, 2])
def test_list_order_and_pixels(devkit, tmp_path, above):
    root = [devkit, *devkit.parents][above]
    report = convert_voc(root, "train", tmp_path / "out", workers=1)
    assert report.images == {"train": 2}
    check_stored(report.path, "train", *expected(devkit, [IDS[2], IDS[0]]))


def test_number_that_is_not_the_published_one_is_noted(devkit, tmp_path):
    report = convert_voc(devkit, "train", tmp_path / "out", workers=1)
    assert report.notes == ("train has 2 images; PASCAL VOC 2012 has 1464.",)
    assert "Note: train has 2 images" in str(report)


def test_second_run_needs_overwrite(devkit, tmp_path):
    convert_voc(devkit, "train", tmp_path / "out", workers=1)
    with pytest.raises(ValueError, match="has a split 'train' already"):
        convert_voc(devkit, "train", tmp_path / "out", workers=1)
    convert_voc(devkit, "val", tmp_path / "out", workers=1)
    save_mask(devkit / "SegmentationClass" / f"{IDS[1]}.png", np.zeros((24, 31)), voc_palette())
    report = convert_voc(devkit, "val", tmp_path / "out", workers=1, overwrite=True)
    check_stored(report.path, "val", *expected(devkit, [IDS[1]]))
    check_stored(report.path, "train", *expected(devkit, [IDS[2], IDS[0]]))


def test_unknown_list_and_folder(devkit, tmp_path):
    with pytest.raises(ValueError, match=r"no list trainval\.txt; it has \['train', 'val'\]"):
        convert_voc(devkit, "trainval", tmp_path / "out")
    with pytest.raises(ValueError, match="JPEGImages has no ImageSets/Segmentation"):
        convert_voc(devkit / "JPEGImages", "train", tmp_path / "out")
    with pytest.raises(ValueError, match="sbd is for the split 'train_aug'"):
        convert_voc(devkit, "train", tmp_path / "out", sbd=tmp_path)


def test_missing_image_id_is_named(devkit, tmp_path):
    (devkit / "ImageSets" / "Segmentation" / "train.txt").write_text(f"{IDS[0]}\n2007_000001\n")
    with pytest.raises(ValueError, match=r"1 of 2 pairs are bad: .*2007_000001\.jpg is missing"):
        convert_voc(devkit, "train", tmp_path / "out", workers=1)


def test_list_that_is_no_text_is_named(devkit, tmp_path):
    (devkit / "ImageSets" / "Segmentation" / "train.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"train\.txt cannot be read as a list"):
        convert_voc(devkit, "train", tmp_path / "out")


def test_palette_of_another_data_set_is_refused(devkit, tmp_path):
    palette = bytearray(voc_palette())
    palette[3 * 15 : 3 * 15 + 3] = (1, 2, 3)
    path = save_mask(devkit / "SegmentationClass" / f"{IDS[0]}.png", random_ids(0, [0, 15]), bytes(palette))
    message = r"2007_000032\.png shows id 15 in the colour \(1, 2, 3\); PASCAL VOC's is \(192, 128, 128\)"
    with pytest.raises(ValueError, match=message):
        convert_voc(devkit, "train", tmp_path / "out", workers=1)
    report = convert_voc(devkit, "train", tmp_path / "out", workers=1, skip_bad=True)
    assert (report.images, [name for name, _ in report.skipped]) == ({"train": 1}, [IDS[0]])
    # Where no pixel has the id, its colour says nothing.
    ids = random_ids(0, [0, 14, 255])
    np.testing.assert_array_equal(read_voc_mask(save_mask(path, ids, bytes(palette))), ids)


@pytest.mark.parametrize("palette", [None, np.repeat(np.arange(256, dtype=np.uint8), 3).tobytes()], ids=["L", "greys"])
def test_grey_masks_are_ids(tmp_path, palette):
    ids = random_ids(3, [*range(21), 255])
    np.testing.assert_array_equal(read_voc_mask(save_mask(tmp_path / "x.png", ids, palette)), ids)


@pytest.mark.shared
@pytest.mark.parametrize("split", ["train", "val"])
def test_real_images_pixel_for_pixel(shared, tmp_path, split):
    source = shared / "data" / "voc2012"
    names = (source / "ImageSets" / "Segmentation" / f"{split}.txt").read_text().split()[::20]
    lists = tmp_path / "voc" / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / f"{split}.txt").write_text("\n".join(names))
    for name in ("JPEGImages", "SegmentationClass"):
        (tmp_path / "voc" / name).symlink_to(source / name)
    report = convert_voc(tmp_path / "voc", split, tmp_path / "out", shards=2, workers=2)
    check_stored(report.path, split, *expected(source, names))
