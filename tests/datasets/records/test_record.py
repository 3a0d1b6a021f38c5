import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf.datasets.records.record import (
    Record,
    count_records,
    decode_image,
    parse,
    read_size,
    serialize,
    shard_name,
)
from harness.tiny_model import photo

RELEASE_KEYS = {
    "image/encoded", "image/filename", "image/format", "image/height", "image/width", "image/channels",
    "image/segmentation/class/encoded", "image/segmentation/class/format",
}  # fmt: skip


def test_record_has_the_keys_and_values_of_the_release():
    example = tf.train.Example.FromString(serialize(Record("a/b", b"I", "png", 4, 5, b"L")))
    features = example.features.feature
    assert set(features) == RELEASE_KEYS
    numbers = [features[f"image/{key}"].int64_list.value[0] for key in ("height", "width", "channels")]
    assert numbers == [4, 5, 3]
    assert features["image/encoded"].bytes_list.value[0] == b"I"
    assert features["image/segmentation/class/encoded"].bytes_list.value[0] == b"L"


def test_formats_default_to_jpeg_and_png_and_the_label_may_be_missing():
    example = tf.train.Example()
    example.features.feature["image/encoded"].bytes_list.value.append(b"I")
    fields = {name: value.numpy() for name, value in parse(example.SerializeToString()).items()}
    assert fields == {"image": b"I", "label": b"", "filename": b"", "image_format": b"jpeg", "label_format": b"png"}
    unlabelled = tf.train.Example.FromString(serialize(Record("a", b"I", "jpeg", 4, 5)))
    assert "image/segmentation/class/encoded" not in unlabelled.features.feature


def test_images_decode_to_the_pixels_that_pillow_gives(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8)
    smooth = Image.fromarray(pixels).resize((97, 61), Image.Resampling.BICUBIC)
    for name, options in (("a.jpg", {"quality": 80}), ("b.jpg", {"progressive": True}), ("c.png", {})):
        smooth.save(tmp_path / name, **options)
        decoded = decode_image((tmp_path / name).read_bytes()).numpy()
        np.testing.assert_array_equal(decoded, np.asarray(Image.open(tmp_path / name).convert("RGB")))


def test_records_are_counted_from_their_headers(tmp_path):
    path = tmp_path / shard_name("val", 2, 12)
    assert path.name == "val-00002-of-00012.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for size in (0, 10, 100_000):
            writer.write(b"x" * size)
    assert count_records(path) == 3


@pytest.mark.parametrize("cut", [1, 15, 60])
def test_truncated_file_is_named(tmp_path, cut):
    path = tmp_path / "cut.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(b"x" * 40)
        writer.write(b"x" * 40)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ValueError, match=r"cut\.tfrecord is truncated"):
        count_records(path)


@pytest.mark.parametrize("length", [2**60, 0])
def test_damaged_length_is_noticed(tmp_path, length):
    path = tmp_path / "long.tfrecord"
    path.write_bytes(struct.pack("<Q", length) + bytes(100))
    with pytest.raises(ValueError, match=r"long\.tfrecord is damaged: the length of record 1"):
        count_records(path)


def test_a_terabyte_of_zeros_is_refused_at_once(tmp_path):
    path = tmp_path / "sparse.tfrecord"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(ValueError, match=r"sparse\.tfrecord is damaged"):
        count_records(path)


def test_sizes_of_records_that_do_not_state_them():
    example = tf.train.Example()
    encoded = tf.io.encode_png(photo(7, 9)).numpy()
    example.features.feature["image/encoded"].bytes_list.value.append(encoded)
    assert read_size(tf.constant(example.SerializeToString())) == (7, 9)
