"""Conversions that are killed, and several at once: nothing is lost, and the next one or a reader makes it good."""

import subprocess
import sys

import pytest

from deeplab_tf.datasets import convert_folder, evaluation_images, open_dataset
from harness.killed import at_rename

CONVERT = """
import os, signal, sys
from deeplab_tf.datasets import convert_folder
from deeplab_tf.datasets.records import shards
folder, output, split, count, kill_at = sys.argv[1:]
serialize, left = shards.serialize, int(kill_at)
def killing(record):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return serialize(record)
shards.serialize = killing
convert_folder(
    folder + "/images", folder + "/masks", output, split=split, labels=3, shards=int(count), overwrite=True, workers=1
)
"""


def conversion(folder, output, split, shards, kill_at=0):
    return [sys.executable, "-c", CONVERT, str(folder), str(output), split, str(shards), str(kill_at)]


def names(path):
    return sorted(file.name for file in path.iterdir())


def stems(output, split):
    return [example["filename"] for example in evaluation_images(open_dataset(output), split)]


def shard_names(split, count):
    return [f"{split}-{index:05d}-of-{count:05d}.tfrecord" for index in range(count)]


@pytest.mark.parametrize("renames", [5, 9])
def test_overwrite_killed_while_publishing_is_finished_by_the_next_conversion(folder, convert, tmp_path, renames):
    """Every rename has its turn in test_publication.py; here two, of the whole conversion."""
    output = tmp_path / "records"
    convert(folder, split="val", shards=1)
    convert(folder, shards=2)
    assert at_rename(renames, conversion(folder, output, "train", 3))
    assert not (output / "dataset.json").exists()
    # Another split, without a word of overwriting this one.
    convert(folder, split="other", shards=1)
    assert stems(output, "train") == stems(output, "val") == stems(output, "other") == [b"0", b"1", b"2"]
    visible = [name for name in names(output) if not name.endswith(".lock")]
    expected = [*shard_names("other", 1), *shard_names("train", 3), *shard_names("val", 1)]
    assert visible == ["dataset.json", *expected]


def test_kill_while_writing_leaves_nothing_final_and_the_next_run_clears_up(folder, convert, tmp_path):
    output = tmp_path / "records"
    assert subprocess.run(conversion(folder, output, "train", 2, kill_at=2), check=False).returncode < 0
    assert all(name.startswith(".") for name in names(output))
    convert(folder, split="val")
    assert names(output) == [".train.lock", "dataset.json", *shard_names("val", 1)]
    convert(folder)
    assert names(output) == ["dataset.json", *shard_names("train", 1), *shard_names("val", 1)]


def test_reader_who_may_not_write_is_told_what_to_do(folder, convert, tmp_path, monkeypatch):
    output = tmp_path / "records"
    convert(folder)
    assert at_rename(4, conversion(folder, output, "train", 1))
    assert ".publishing" in names(output)

    def refused(*arguments, **options):
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr("deeplab_tf.files.locks.os.open", refused)
        with pytest.raises(
            ValueError, match=r"records holds a conversion that was killed .*Read-only.*Nothing is lost"
        ):
            open_dataset(output)
    assert stems(output, "train") == [b"0", b"1", b"2"]


def test_same_split_at_once_is_refused(folder, convert, tmp_path, monkeypatch):
    from deeplab_tf.datasets.records import shards

    load = shards.load_pair

    def meanwhile(*arguments, **options):
        monkeypatch.setattr(shards, "load_pair", load)
        command = conversion(folder, tmp_path / "records", "train", 1)
        other = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "train is being written by another process" in other.stderr
        return load(*arguments, **options)

    monkeypatch.setattr(shards, "load_pair", meanwhile)
    convert(folder)
    assert stems(tmp_path / "records", "train") == [b"0", b"1", b"2"]


def test_splits_of_other_labels_are_not_mixed_though_both_are_new(folder, convert, tmp_path, monkeypatch):
    from deeplab_tf.datasets import convert as module

    check = module._check_outcome

    def meanwhile(*arguments):
        monkeypatch.setattr(module, "_check_outcome", check)
        convert_folder(folder / "images", folder / "masks", tmp_path / "records", split="val", labels=4)
        check(*arguments)

    monkeypatch.setattr(module, "_check_outcome", meanwhile)
    with pytest.raises(ValueError, match=r"has \['val'\] with other labels"):
        convert(folder)
    assert open_dataset(tmp_path / "records").splits.keys() == {"val"}
