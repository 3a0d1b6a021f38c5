"""Whatever one trains on, opened: what its splits are, and what is refused."""

import logging

import numpy as np
import pytest

from deeplab_tf.datasets import (
    convert_folder,
    count_classes,
    evaluation_images,
    explained_data,
    open_data,
    open_dataset,
    training_batches,
)
from deeplab_tf.datasets.pipeline.image_sizes import sampled_sizes
from deeplab_tf.labels import LabelSpec
from harness.stored_records import random_ids, save_image, save_mask

CROP = {"batch_size": 3, "crop_size": (17, 17)}


@pytest.fixture
def raw(tmp_path):
    """Ten images and masks of the ids 0 to 2 in two folders of `raw`."""
    for index in range(10):
        save_image(tmp_path / f"raw/images/{index}.jpg", index)
        save_mask(tmp_path / f"raw/masks/{index}.png", random_ids(index, [0, 1, 2]))
    return tmp_path / "raw"


def assert_equal(found, expected):
    for one, other in zip(found, expected, strict=True):
        for part, wanted in zip(one, other, strict=True):
            np.testing.assert_array_equal(part, wanted)


def test_files_give_what_their_conversion_gives_to_the_bit(raw, tmp_path):
    convert_folder(raw / "images", raw / "masks", tmp_path / "records", val_share=0.3)
    records = open_dataset(tmp_path / "records")
    with open_data(raw, val_share=0.3) as files:
        assert files.splits == ("train", "val")
        assert files.labels == records.labels
        # From the middle of an epoch on.
        options = {**CROP, "seed": 5, "start_step": 1}
        pairs = (training_batches(data, **options).take(4).as_numpy_iterator() for data in (files, records))
        assert_equal(*pairs)
        images = ([one.values() for one in evaluation_images(data).as_numpy_iterator()] for data in (files, records))
        assert_equal(*images)
        np.testing.assert_array_equal(count_classes(files).present, count_classes(records).present)
        assert sampled_sizes(files, "train", (20, 20)) == sampled_sizes(records, "train", (20, 20))


def test_a_tenth_is_kept_unless_something_else_is_said(raw, caplog):
    caplog.set_level(logging.INFO, "deeplab_tf")
    with open_data(raw) as data:
        assert (data.count("train"), data.count("val")) == (9, 1)
        assert data.record("val")["drawn"] == {"val_share": 0.1, "seed": 0, "of": 10}
    assert "1 of 10 images are kept for validation, drawn by val_share 0.1" in caplog.text
    with open_data(raw, val_share=0) as data:
        assert data.splits == ("train",)
    with open_data(raw / "images", "mine", "theirs", masks=raw / "masks", val_share=0.2) as data:
        assert data.splits == ("mine", "theirs")


def test_images_to_validate_on_may_lie_elsewhere(raw, tmp_path):
    convert_folder(raw / "images", raw / "masks", tmp_path / "records", split="val")
    for val_data in (tmp_path / "records", raw):
        with open_data(raw, val_data=val_data) as data:
            assert (data.count("train"), data.count("val")) == (10, 10)
            assert len(list(evaluation_images(data))) == 10
            assert data.record("train")["kind"] == "image and mask files"
    with open_data(tmp_path / "records", "val", "other", val_data=raw) as data:
        assert (data.splits, data.count("other")) == (("val", "other"), 10)


def test_masks_of_odd_values_are_read_alike_on_both_sides(tmp_path):
    for side in ("a", "b"):
        save_image(tmp_path / side / "images/x.jpg", 0)
        save_mask(tmp_path / side / "masks/x.png", random_ids(0, [0, 200]))
    with open_data(tmp_path / "a", val_data=tmp_path / "b") as data:
        assert data.labels.names == ("value_0", "value_200")
        (image,) = evaluation_images(data).as_numpy_iterator()
        assert set(np.unique(image["label"])) == {0, 1}


def test_a_file_of_class_names(raw, tmp_path):
    (tmp_path / "names.txt").write_text("one\ntwo\nthree\n")
    with open_data(raw, labels=str(tmp_path / "names.txt")) as data:
        assert data.labels.names == ("one", "two", "three")


def test_a_damaged_file_is_named(raw):
    (raw / "images/4.jpg").write_bytes((raw / "images/4.jpg").read_bytes()[:200])
    save_mask(raw / "masks/7.png", np.full((24, 31), 9, np.uint8))
    with (
        open_data(raw, labels=3, val_share=0) as data,
        pytest.raises(
            ValueError,
            match=r"4\.jpg .*\. Replace the file or leave it out\. `deeplab-tf convert --skip-bad` leaves such",
        ),
        explained_data(data, "train"),
    ):
        list(training_batches(data, **CROP).take(9))
    (raw / "images/4.jpg").unlink()
    (raw / "masks/4.png").unlink()
    with (
        open_data(raw, labels=3, val_share=0) as data,
        pytest.raises(ValueError, match=r"7\.png holds the value"),
        explained_data(data, "train"),
    ):
        list(training_batches(data, **CROP).take(9))


@pytest.mark.parametrize(
    "options, said",
    [
        ({"val_masks": "masks"}, "val_masks masks are the masks of val_data"),
        ({"val_data": "raw", "val_share": 0.2}, "each says what to validate on"),
        ({"val_share": 0.01}, "leaves a split empty"),
        ({"labels": 3, "ids": (1, 2)}, "2 ids"),
    ],
)
def test_contradictions(raw, options, said):
    with pytest.raises(ValueError, match=said), open_data(raw, **options):
        pass


def test_a_value_that_may_mean_no_class_gets_the_option_that_ignores_it(raw, tmp_path, logged):
    save_mask(raw / "masks/7.png", np.full((24, 31), 11, np.uint8))
    with (
        open_data(raw, labels=3, val_share=0) as data,
        pytest.raises(ValueError, match=r"7\.png holds .* 11; .* If 11 means no class, .*: --ignore-label 11 of"),
        explained_data(data, "train"),
    ):
        list(training_batches(data, **CROP).take(9))
    for labels in (
        LabelSpec(("a", "b", "c"), ignore_label=11),
        convert_folder(raw / "images", raw / "masks", tmp_path / "records", ignore_label=11).labels,
    ):
        assert (labels.classes, labels.ignore_label) == (3, 11)
    with open_data(raw, labels=labels, val_share=0) as data:
        masks = [mask for _, mask in training_batches(data, **CROP).take(9).as_numpy_iterator()]
        assert set(np.unique(masks)) == {0, 1, 2, 11}
    # Without labels it is counted as one of them.
    logged.clear()
    with open_data(raw, val_share=0) as data:
        assert data.labels.classes == 4
    assert "--ids 0,1,2,11 (ids=[0, 1, 2, 11]) makes them classes 0-3" in logged.messages[0]
    assert "If 11 means no class, make it the ignored value: --ignore-label 11 of" in logged.messages[0]


def test_the_masks_to_validate_on_are_called_so(raw):
    said = r"of images with that of its masks \(--val-masks\)"
    with pytest.raises(ValueError, match=said) as caught, open_data(raw, val_data=raw / "images"):
        pass
    assert "(--masks)" not in str(caught.value)


def test_settings_of_masks_for_other_data_are_named(raw, tmp_path, logged):
    convert_folder(raw / "images", raw / "masks", tmp_path / "records")
    with open_data(raw, ids=(0, 1, 2)), open_data(raw, val_data=tmp_path / "records"):
        pass
    logged.clear()
    with open_data(tmp_path / "records", mask_suffix="_gt", ids=(0, 1, 2)):
        assert "mask_suffix='_gt', ids=[0, 1, 2]: only for a folder of images and masks, which " in logged.messages[0]


def test_what_is_missing_or_of_other_classes(raw, tmp_path):
    convert_folder(raw / "images", raw / "masks", tmp_path / "records", split="val", labels=4)
    with pytest.raises(ValueError, match="has 4 classes .* have 3 of"), open_data(raw, val_data=tmp_path / "records"):
        pass
    with (
        pytest.raises(ValueError, match="val_share 0.2 is for a folder"),
        open_data(tmp_path / "records", val_share=0.2),
    ):
        pass
    (raw / "masks/3.png").unlink()
    with pytest.raises(ValueError, match=r"of 10 images and their masks 1 files are missing: .*3\.png"), open_data(raw):
        pass


def test_a_folder_of_tfds(raw, tmp_path):
    tfds = pytest.importorskip("tensorflow_datasets")
    from deeplab_tf.datasets.tfds import FolderConfig

    config = FolderConfig("mine", images=raw / "images", masks=raw / "masks", labels=3, val_share=0.2)
    builder = tfds.builder("deeplab_folder", data_dir=str(tmp_path / "tfds"), config=config)
    builder.download_and_prepare()
    with open_data(builder.data_dir) as data:
        assert (data.count("train"), data.count("val"), data.labels.classes) == (8, 2, 3)
        assert sampled_sizes(data, "val") == [(24, 31)] * 2
        images, labels = next(training_batches(data, **CROP).as_numpy_iterator())
        assert (images.shape, labels.shape) == ((3, 17, 17, 3), (3, 17, 17))
        assert data.record("train") == {"kind": "TFDS", "path": str(builder.data_dir), "images": 8}
