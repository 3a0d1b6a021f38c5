import errno
import os
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf.datasets import Pair, convert_pairs, evaluation_images, open_dataset
from deeplab_tf.datasets.convert import merge_splits
from deeplab_tf.datasets.records import shards
from deeplab_tf.datasets.records.record import count_records
from deeplab_tf.labels import LabelSpec
from harness.stored_records import check_stored, random_ids, save_image, save_mask


def break_pairs(folder):
    (folder / "images" / "0.png").write_bytes(b"no image")
    Image.new("L", (5, 5)).save(folder / "masks" / "1.png")


def names(path):
    return sorted(file.name for file in path.iterdir())


def test_all_bad_pairs_are_collected_and_nothing_is_written(folder, convert, tmp_path):
    break_pairs(folder)
    with pytest.raises(ValueError, match=r"2 of 3 pairs are bad: .*0\.png cannot .* \| .*1\.png has .*--skip-bad"):
        convert(folder)
    assert not (tmp_path / "records").exists()


def test_bad_pairs_can_be_skipped(folder, convert):
    break_pairs(folder)
    report = convert(folder, skip_bad=True, shards=3)
    assert report.images == {"train": 1}
    assert [name for name, _ in report.skipped] == ["0", "1"]
    assert "cannot be read" in report.skipped[0][1]
    assert "Skipped 2" in str(report)
    assert [count_records(path) for path in open_dataset(report.path).files("train")] == [0, 0, 1]
    assert [example["filename"] for example in evaluation_images(open_dataset(report.path), "train")] == [b"2"]


def test_nothing_left_after_skipping_is_an_error(folder, convert, tmp_path):
    for path in (folder / "images").iterdir():
        path.write_bytes(b"")
    with pytest.raises(ValueError, match="All pairs of split 'train' are bad"):
        convert(folder, skip_bad=True)
    assert not (tmp_path / "records").exists()


def test_existing_split_needs_overwrite_and_other_splits_stay(folder, convert):
    convert(folder, split="val", shards=1)
    report = convert(folder, shards=3)
    with pytest.raises(ValueError, match="has a split 'train' already"):
        convert(folder)
    (folder / "images" / "2.png").unlink()
    (folder / "masks" / "2.png").unlink()
    convert(folder, overwrite=True, shards=1)
    dataset = open_dataset(report.path)
    assert (dataset.count("train"), dataset.count("val")) == (2, 3)
    assert names(report.path) == ["dataset.json", "train-00000-of-00001.tfrecord", "val-00000-of-00001.tfrecord"]


def test_failing_overwrite_keeps_what_was_there(folder, convert):
    report = convert(folder)
    before = {path.name: path.read_bytes() for path in report.path.iterdir()}
    break_pairs(folder)
    with pytest.raises(ValueError, match="bad"):
        convert(folder, overwrite=True)
    assert {path.name: path.read_bytes() for path in report.path.iterdir()} == before


def test_records_that_no_index_lists_are_not_overwritten_unasked(folder, convert):
    report = convert(folder)
    (report.path / "dataset.json").unlink()
    with pytest.raises(ValueError, match=r"'train' already \(train-00000-of-00001\.tfrecord.*killed run.*--overwrite"):
        convert(folder)
    assert open_dataset(convert(folder, overwrite=True).path).count("train") == 3


def test_labels_must_be_those_of_the_splits_that_stay(folder, convert):
    convert(folder, split="val")
    with pytest.raises(ValueError, match=r"has \['val'\] with other labels: 3 classes"):
        convert(folder, labels=4)
    assert convert(folder, split="val", labels=4, overwrite=True).labels.classes == 4


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupt_leaves_no_trace(folder, convert, tmp_path, monkeypatch, workers):
    original = shards.load_pair

    def interrupted(pair, labels, limit):
        if pair.name == "1":
            raise KeyboardInterrupt
        return original(pair, labels, limit)

    monkeypatch.setattr(shards, "load_pair", interrupted)
    with pytest.raises(KeyboardInterrupt, match="nothing was written to .*records"):
        convert(folder, workers=workers)
    assert not (tmp_path / "records").exists()


@pytest.mark.parametrize(
    "part, error",
    [
        ("serialize", tf.errors.ResourceExhaustedError(None, None, "No space left on device")),
        ("publish", OSError(errno.ENOSPC, "No space left on device")),
    ],
)
def test_full_disk_is_a_value_error(folder, convert, tmp_path, monkeypatch, part, error):
    def full(*arguments):
        raise error

    monkeypatch.setattr(shards if part == "serialize" else sys.modules[convert_pairs.__module__], part, full)
    with pytest.raises(ValueError, match=r"records could not be written: no space left on /.* MB were free\)"):
        convert(folder)
    assert not (tmp_path / "records").exists()


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("other", [None, "val"])
def test_error_at_any_step_of_publishing_changes_nothing(folder, convert, tmp_path, monkeypatch, other, error):
    output = tmp_path / "records"
    if other:
        convert(folder, split=other)
        convert(folder, shards=3)
    before = {path.name: path.read_bytes() for path in output.glob("*")}
    replace, steps = os.replace, 0

    def failing(source, target):
        nonlocal left
        left -= 1
        if left == 0:
            raise error
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    while True:
        steps += 1
        left = steps
        try:
            convert(folder, shards=2, overwrite=True)
            break
        except (ValueError, KeyboardInterrupt):
            assert {path.name: path.read_bytes() for path in output.glob("*")} == before
            assert output.exists() == bool(other)
    # Index and list of moves, the journal's beginning and end, two shards and the index; and over an old data set its
    # index and three shards.
    assert steps - 1 == (11 if other else 7)
    assert open_dataset(output).count("train") == count_records(output / "train-00000-of-00002.tfrecord") + 2


def test_output_that_is_a_file_is_refused(folder, convert, tmp_path):
    (tmp_path / "records").write_text("here first")
    with pytest.raises(ValueError, match=r"Cannot write to .*records"):
        convert(folder)
    assert (tmp_path / "records").read_text() == "here first"


@pytest.mark.parametrize(
    "options, message",
    [
        ({"workers": 0}, "workers must be .*above 0"),
        ({"shards": 0}, "shards must"),
        ({"split": "a/b"}, "file names"),
    ],
)
def test_bad_arguments(folder, convert, options, message):
    with pytest.raises(ValueError, match=message):
        convert(folder, **options)


def test_splits_that_list_other_classes_are_not_mixed():
    three, four = (LabelSpec(tuple("abcd"[:count])) for count in (3, 4))
    assert merge_splits({"train": ([], three), "val": ([], three)}) == ({"train": [], "val": []}, three)
    with pytest.raises(ValueError, match="'train' and 'val' list other classes, 3 against 4"):
        merge_splits({"train": ([], three), "val": ([], four)})


def test_no_pairs(tmp_path):
    with pytest.raises(ValueError, match="Split 'train' has no images"):
        convert_pairs({"train": []}, LabelSpec(("a", "b")), tmp_path)


def test_pairs_of_your_own_are_converted_by_public_names(tmp_path):
    images, masks, pairs = {}, {}, []
    for seed, name in enumerate(("street/2", "street/1")):
        images[name], masks[name] = save_image(tmp_path / f"{seed}.png", seed), random_ids(seed, [0, 1, 255])
        file = save_mask(tmp_path / f"{seed}_inverted.png", 255 - masks[name])
        pairs.append(Pair(name, images[name], file, lambda path: 255 - np.asarray(Image.open(path))))
    report = convert_pairs({"mine": pairs}, LabelSpec(("ground", "car")), tmp_path / "records")
    assert (report.images, report.notes) == ({"mine": 2}, ())
    check_stored(tmp_path / "records", "mine", images, masks)
