import pytest

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
