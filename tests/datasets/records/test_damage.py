import shutil

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.datasets import (
    DataSet,
    count_classes,
    evaluation_images,
    explain_data_error,
    inspect_dataset,
    open_dataset,
    training_batches,
)
from deeplab_tf.datasets.records.dataset import Split
from deeplab_tf.datasets.records.record import Record, serialize
from deeplab_tf.labels import LabelSpec

PNG = tf.io.encode_png(np.zeros((4, 5, 3), np.uint8)).numpy()
MASK = tf.io.encode_png(np.zeros((4, 5, 1), np.uint8)).numpy()


@pytest.fixture
def copy(tiny, tmp_path):
    return open_dataset(shutil.copytree(tiny.path, tmp_path / "copy"))


def read_all(dataset, split="train"):
    for _ in evaluation_images(dataset, split):
        pass


def single(folder, record):
    """A data set of one record."""
    with tf.io.TFRecordWriter(str(folder / "train-00000-of-00001.tfrecord")) as writer:
        writer.write(record)
    return DataSet(folder, LabelSpec(("a", "b")), {"train": Split(1, 1)})


@pytest.mark.parametrize("read", [read_all, lambda dataset: training_batches(dataset, batch_size=1)])
def test_truncated_shard_is_named_on_opening(copy, read):
    path = copy.files("train")[1]
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ValueError, match=r"train-00001-of-00002\.tfrecord is truncated"):
        read(copy)


def test_missing_records_are_noticed_on_opening(copy):
    shutil.copy(copy.files("train")[0], copy.files("train")[1])
    with pytest.raises(ValueError, match="should have 7 images in split 'train'; its shards hold 6"):
        read_all(copy)


def test_flipped_byte_is_found_in_its_shard(copy):
    path = copy.files("train")[1]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(tf.errors.DataLossError) as caught:
        read_all(copy)
    explained = explain_data_error(copy, "train", caught.value)
    assert isinstance(explained, ValueError)
    assert "train-00001-of-00002.tfrecord is damaged at record" in str(explained)
    with pytest.raises(ValueError, match=r"train-00001-of-00002\.tfrecord is damaged"):
        inspect_dataset(copy.path)


@pytest.mark.parametrize(
    "record, message",
    [
        (Record("cat", b"junk", "png", 4, 5, MASK), r"record 1 \(cat\): its image cannot be decoded"),
        (Record("cat", PNG, "png", 4, 5, MASK[:40]), r"record 1 \(cat\): its label cannot be decoded"),
        (Record("cat", PNG, "png", 4, 5), r"record 1 \(cat\) has no mask"),
        (
            Record("cat", PNG, "png", 4, 5, tf.io.encode_png(np.zeros((4, 6, 1), np.uint8)).numpy()),
            r"record 1 \(cat\): image and mask differ in size, \[4, 5\] against \[4, 6\]",
        ),
    ],
    ids=["image", "label", "no mask", "size"],
)
def test_record_that_cannot_be_used_is_named(tmp_path, record, message):
    dataset = single(tmp_path, serialize(record))
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        next(iter(training_batches(dataset, batch_size=1)))
    with pytest.raises(ValueError, match=rf"train-00000-of-00001\.tfrecord: {message}"):
        raise explain_data_error(dataset, "train", caught.value)


def test_foreign_record_is_named(tmp_path):
    dataset = single(tmp_path, tf.train.Example().SerializeToString())
    with pytest.raises(ValueError, match="record 1 is not an image record"):
        raise explain_data_error(dataset, "train", RuntimeError())


@pytest.mark.parametrize(
    "read",
    [
        lambda dataset: inspect_dataset(dataset.path, labels=dataset.labels),
        lambda dataset: count_classes(dataset),
        lambda dataset: evaluation_images(dataset, "train"),
    ],
    ids=["inspect", "count_classes", "evaluation_images"],
)
def test_a_record_that_is_no_text_either_is_named(tmp_path, read):
    dataset = single(tmp_path, b"\xff\xfe\x00junk\x80")
    with pytest.raises(ValueError, match=r"train-00000-of-00001\.tfrecord: record 1 is not an image record"):
        read(dataset)


def test_error_of_sound_data_is_handed_back(tiny):
    error = RuntimeError("something else")
    assert explain_data_error(tiny, "train", error) is error
