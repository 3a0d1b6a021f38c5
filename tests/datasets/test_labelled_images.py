import numpy as np
import pytest

from deeplab_tf.datasets import convert_folder, labelled_images
from deeplab_tf.labels import LabelSpec
from harness.stored_records import random_ids, save_image, save_mask

MODEL = LabelSpec(("ground", "tree", "roof", "road"), name="aerial")


@pytest.fixture
def raw(tmp_path):
    """Images and masks of the ids 0 to 2 in two folders of `raw`."""
    for index, name in enumerate("abc"):
        save_image(tmp_path / f"raw/images/{name}.jpg", index)
        save_mask(tmp_path / f"raw/masks/{name}.png", random_ids(index, [0, 1, 2]))
    return tmp_path / "raw"


def read(images):
    return {str(np.asarray(item["filename"]).astype(str)): np.asarray(item["label"]) for item in images}


def test_image_and_mask_files_and_what_is_made_of_them(raw, tmp_path):
    convert_folder(raw / "images", raw / "masks", tmp_path / "records", labels=MODEL, split="val")
    with labelled_images(tmp_path / "records") as (images, labels):
        assert labels == MODEL
        converted = read(images)
    expected = {name: random_ids(index, [0, 1, 2]) for index, name in enumerate("abc")}
    for arguments in ({"path": raw}, {"path": raw / "images", "masks": raw / "masks"}):
        # Nothing there says that there is a fourth class.
        with labelled_images(**arguments, otherwise=MODEL) as (images, labels):
            assert labels == MODEL
            assert len(images) == 3
            found = read(images)
        for name, mask in expected.items():
            np.testing.assert_array_equal(found[name], mask)
            np.testing.assert_array_equal(converted[name], mask)


def test_labels_that_were_given_or_stand_in_the_folder_come_first(raw):
    with labelled_images(raw, otherwise=MODEL, labels=5) as (_, labels):
        assert labels.classes == 5
    (raw / "class_names.txt").write_text("one\ntwo\nthree\n")
    with labelled_images(raw, otherwise=MODEL) as (_, labels):
        assert labels.names == ("one", "two", "three")
    (raw / "others.txt").write_text("four\nfive\nsix\n")
    with labelled_images(raw, labels=raw / "others.txt") as (_, labels):
        assert labels.names == ("four", "five", "six")
    (raw / "class_names.txt").unlink()
    with labelled_images(raw) as (_, labels):
        assert labels.classes == 3


def test_bad_pair_is_named_when_it_is_asked_for(raw):
    (raw / "images/b.jpg").write_bytes((raw / "images/b.jpg").read_bytes()[:200])
    with labelled_images(raw, otherwise=MODEL) as (images, _):
        first, second, third = images
    assert first["image"].shape == third["image"].shape == (24, 31, 3)
    assert second["filename"] == "b"
    assert second.keys() >= {"image", "label"}
    with pytest.raises(ValueError, match=r"b\.jpg"):
        second["image"]


def test_images_without_masks(raw, tmp_path):
    with pytest.raises(ValueError, match="holds neither TFRecords"), labelled_images(raw / "images"):
        pass
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty"), labelled_images(raw / "images", masks=tmp_path / "empty"):
        pass


def test_folder_that_tfds_prepared(tmp_path, raw):
    tfds = pytest.importorskip("tensorflow_datasets")
    from deeplab_tf.datasets.tfds import FolderConfig

    (tmp_path / "names.txt").write_text("a\nb\nc\n")
    config = FolderConfig(
        "mine", images=raw / "images", masks=raw / "masks", labels=tmp_path / "names.txt", val_share=0.4
    )
    builder = tfds.builder("deeplab_folder", data_dir=str(tmp_path / "tfds"), config=config)
    builder.download_and_prepare()
    with labelled_images(builder.data_dir, "val", otherwise=MODEL) as (images, labels):
        assert labels.names == ("a", "b", "c")
        found = {name.removesuffix(".jpg"): mask for name, mask in read(images.as_numpy_iterator()).items()}
    assert len(found) == 1
    for name, mask in found.items():
        np.testing.assert_array_equal(mask, random_ids("abc".index(name), [0, 1, 2]))
