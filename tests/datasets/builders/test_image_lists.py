import pytest
from PIL import Image

from deeplab_tf.datasets import convert_voc
from deeplab_tf.datasets.builders.image_lists import read_names


def test_names_of_the_usual_lists(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text(
        "2007_000032\r\n\n  2007_000039 \n/JPEGImages/2007_000063.jpg /SegmentationClassAug/2007_000063.png\n"
        "JPEGImages/2007_000068.jpg\na.b\n../2007_000121\n../2007_000170.jpg\n",
        encoding="utf-8-sig",
    )
    assert read_names(path) == [
        "2007_000032", "2007_000039", "2007_000063", "2007_000068", "a.b", "../2007_000121", "../2007_000170.jpg",
    ]  # fmt: skip


def test_missing_list_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"train\.txt cannot be read as a list of images"):
        read_names(tmp_path / "train.txt")


def test_list_in_another_code_page_is_named(tmp_path):
    (tmp_path / "train.txt").write_bytes("行人\n".encode("gbk"))
    with pytest.raises(ValueError, match=r"train\.txt cannot be read as a list of images"):
        read_names(tmp_path / "train.txt")


def test_folder_in_place_of_a_list_is_named(tmp_path):
    (tmp_path / "train.txt").mkdir()
    with pytest.raises(ValueError, match=r"train\.txt cannot be read as a list of images"):
        read_names(tmp_path / "train.txt")


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "\ud83d", "."])
def test_name_that_is_none_is_one_bad_pair_of_many(tmp_path, name):
    folder = tmp_path / "VOC2012"
    for part in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (folder / part).mkdir(parents=True)
    Image.new("RGB", (40, 40)).save(folder / "JPEGImages" / "a.jpg")
    Image.new("L", (40, 40)).save(folder / "SegmentationClass" / "a.png")
    (folder / "ImageSets" / "Segmentation" / "val.txt").write_bytes(f"a\n{name}\n".encode("utf-8", "replace"))
    with pytest.raises(ValueError, match="1 of 2 pairs are bad"):
        convert_voc(folder, "val", tmp_path / "out", workers=1)
    assert convert_voc(folder, "val", tmp_path / "out", workers=1, skip_bad=True).images == {"val": 1}
