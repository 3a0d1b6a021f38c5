import json
import shutil

import pytest

from deeplab_tf.datasets import open_dataset


@pytest.fixture
def records(tiny, tmp_path):
    return shutil.copytree(tiny.path, tmp_path / "copy")


def test_index_says_labels_splits_and_files(tiny):
    assert tiny.labels.names == ("class_0", "class_1", "class_2")
    assert tiny.count("train") == 7
    assert [path.name for path in tiny.files("train")] == [
        "train-00000-of-00002.tfrecord",
        "train-00001-of-00002.tfrecord",
    ]


def test_unknown_split_lists_the_known(tiny):
    with pytest.raises(ValueError, match=r"no split 'test'; it has \['train'\]"):
        tiny.files("test")


def test_folder_of_the_release_needs_labels_and_is_counted(records):
    (records / "dataset.json").unlink()
    with pytest.raises(ValueError, match="Give labels"):
        open_dataset(records)
    dataset = open_dataset(records, labels=3)
    assert dataset.splits.keys() == {"train"}
    assert dataset.count("train") == 7


def test_shards_without_suffix_are_read(records):
    (records / "dataset.json").unlink()
    for path in records.glob("*.tfrecord"):
        path.rename(path.with_suffix(""))
    assert [path.name for path in open_dataset(records, 3).files("train")] == [
        "train-00000-of-00002",
        "train-00001-of-00002",
    ]


@pytest.mark.parametrize("labels", [None, 3])
def test_missing_shard_is_named(records, labels):
    if labels:
        (records / "dataset.json").unlink()
    (records / "train-00001-of-00002.tfrecord").unlink()
    with pytest.raises(ValueError, match=r"lacks 1 of the 2 shards .* train-00001-of-00002\.tfrecord"):
        open_dataset(records, labels).files("train")


def test_labels_must_agree_with_the_index(records):
    assert open_dataset(records, 3).count("train") == 7
    with pytest.raises(ValueError, match="21 classes of 'pascal_voc'"):
        open_dataset(records, "pascal_voc")


def test_missing_and_empty_folders(tmp_path):
    with pytest.raises(ValueError, match="is not a folder"):
        open_dataset(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"neither dataset\.json nor TFRecords"):
        open_dataset(tmp_path, 3)


LABELS = {"names": ["a", "b"]}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        "[]",
        "[" * 100_000,
        "9" * 5000,
        '{"splits": {"a": 1}}',
        json.dumps({"labels": {}, "splits": {}}),
        json.dumps({"labels": LABELS, "splits": {"a": {"images": float("inf"), "shards": 1}}}),
        json.dumps({"labels": LABELS, "splits": {"a": {"images": 1, "shards": 10**30}}}),
        json.dumps({"labels": LABELS, "splits": {"../a": {"images": 1, "shards": 1}}}),
        json.dumps({"labels": LABELS, "splits": {"a\0": {"images": 1, "shards": 1}}}),
        json.dumps({"labels": {"names": 5}, "splits": {}}),
    ],
    ids=range(12),
)
def test_damaged_index_is_named(tmp_path, text):
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(ValueError, match=r"dataset\.json cannot be read as .+\. (Write|Convert) "):
        open_dataset(tmp_path)
