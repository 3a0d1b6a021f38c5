"""One image and its mask as a TFRecord example, in the schema of the original release, and back."""

from __future__ import annotations

import dataclasses
import os
import struct
from pathlib import Path

import tensorflow as tf

_FRAME = struct.Struct("<QI")
_CHECKSUM_BYTES = 4
_REMEDY = "Restore the file or convert the data set again with overwrite."
_FIELDS = {
    "image": ("image/encoded", tf.io.FixedLenFeature((), tf.string)),
    "label": ("image/segmentation/class/encoded", tf.io.FixedLenFeature((), tf.string, "")),
    "filename": ("image/filename", tf.io.FixedLenFeature((), tf.string, "")),
    "image_format": ("image/format", tf.io.FixedLenFeature((), tf.string, "jpeg")),
    "label_format": ("image/segmentation/class/format", tf.io.FixedLenFeature((), tf.string, "png")),
}


@dataclasses.dataclass(frozen=True)
class Record:
    """An image file and its mask file as they lie in a TFRecord.

    Args:
        filename: What the image is called; evaluation names its outputs after it.
        image: JPEG or PNG bytes.
        image_format: `"jpeg"` or `"png"`.
        height: Rows of the image.
        width: Columns of the image.
        label: Bytes of a grey PNG of label ids, 8 or 16 bits, or None for an image without a mask.
    """

    filename: str
    image: bytes
    image_format: str
    height: int
    width: int
    label: bytes | None = None


def shard_name(split: str, index: int, shards: int) -> str:
    """The file name of shard `index` of `shards`.

    Example:
        >>> shard_name("train", 0, 4)
        'train-00000-of-00004.tfrecord'
    """
    return f"{split}-{index:05d}-of-{shards:05d}.tfrecord"


def serialize(record: Record) -> bytes:
    """A `Record` as a serialised `tf.train.Example`."""
    features = {
        "image/encoded": record.image,
        "image/filename": record.filename.encode(),
        "image/format": record.image_format.encode(),
        "image/height": record.height,
        "image/width": record.width,
        "image/channels": 3,
    }
    if record.label is not None:
        features |= {"image/segmentation/class/encoded": record.label, "image/segmentation/class/format": b"png"}
    example = tf.train.Example()
    for key, value in features.items():
        if isinstance(value, bytes):
            example.features.feature[key].bytes_list.value.append(value)
        else:
            example.features.feature[key].int64_list.value.append(value)
    return example.SerializeToString(deterministic=True)


def parse(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
    """The fields of a serialised example that reading needs.

    Args:
        serialized: A string scalar.

    Returns:
        String scalars `image`, `label` (empty where the record has no mask), `filename`, `image_format` and
        `label_format` (`jpeg` and `png` where the record does not say).

    Raises:
        tf.errors.InvalidArgumentError: If it is no example or has no image.
    """
    parsed = tf.io.parse_single_example(serialized, dict(_FIELDS.values()))
    return {name: parsed[key] for name, (key, _) in _FIELDS.items()}


def read_size(serialized: tf.Tensor) -> tuple[int, int]:
    """(height, width) of the image in a serialised example: what it states, else what decoding finds."""
    number, text = tf.io.FixedLenFeature((), tf.int64, 0), tf.io.FixedLenFeature((), tf.string)
    keys = {"image/height": number, "image/width": number, "image/encoded": text}
    parsed = tf.io.parse_single_example(serialized, keys)
    height, width = int(parsed["image/height"]), int(parsed["image/width"])
    if height > 0 and width > 0:
        return height, width
    height, width = tf.shape(decode_image(parsed["image/encoded"]))[:2].numpy().tolist()
    return height, width


def decode_image(encoded: tf.Tensor) -> tf.Tensor:
    """JPEG or PNG bytes as RGB, uint8 `[H, W, 3]`; the same values that Pillow decodes."""
    # This op reads PNG as well; the accurate DCT is the one that Pillow uses, so that a network sees in training
    # what it will see in use.
    return tf.io.decode_jpeg(encoded, channels=3, dct_method="INTEGER_ACCURATE")


def decode_label(encoded: tf.Tensor, dtype: tf.DType = tf.uint8) -> tf.Tensor:
    """The bytes of a grey PNG as label ids `[H, W]`, in `dtype`: uint8 or uint16, as the PNG's own bits are."""
    return tf.io.decode_png(encoded, channels=1, dtype=dtype)[..., 0]


def _crc32c_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return tuple(table)


_CRC32C = _crc32c_table()


def masked_crc32c(data: bytes) -> int:
    """The checksum that TFRecords store: CRC-32C, rotated and shifted. For a few bytes: it is slow.

    Example:
        >>> hex(masked_crc32c(bytes(8)))
        '0x7980329'
    """
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ _CRC32C[(value ^ byte) & 0xFF]
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def count_records(path: str | os.PathLike) -> int:
    """The number of records in a TFRecord file, from the records' headers alone.

    Args:
        path: An uncompressed TFRecord file.

    Raises:
        ValueError: If the headers do not lead to the end of the file, as in a truncated one, or are damaged.

    Example:
        >>> count_records("val-00000-of-00001.tfrecord")
        3
    """
    size = os.path.getsize(path)
    count = position = 0
    with Path(path).open("rb", buffering=0) as file:
        while position < size:
            file.seek(position)
            header = file.read(_FRAME.size)
            length, checksum = _FRAME.unpack(header) if len(header) == _FRAME.size else (size, None)
            count += 1
            if checksum is not None and checksum != masked_crc32c(header[:8]):
                raise ValueError(f"{path} is damaged: the length of record {count} has a wrong checksum. {_REMEDY}")
            position += _FRAME.size + length + _CHECKSUM_BYTES
    if position != size:
        raise ValueError(
            f"{path} is truncated or damaged: record {count} should end at byte {position}, the file has {size}. "
            f"{_REMEDY}"
        )
    return count
