"""The EXIF orientation of an encoded image, found and applied inside a graph, as Pillow's `exif_transpose` does."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

# A JPEG's segment holds no more; orientation stands near the start.
_MOST_EXIF = 1 << 16
# Of segments or chunks: photographs have dozens; a file made of empty ones shall not keep a server busy.
_MOST_PARTS = 4096
_ORIENTATION, _SHORT = 0x0112, 3
_ENTRY = 12
# A JPEG's markers: metadata, and those behind which the pixels begin or the file ends.
_APP1, _SCAN, _END = 0xE1, 0xDA, 0xD9


def jpeg_orientation(encoded: tf.Tensor) -> tf.Tensor:
    """The orientation that a JPEG states, int32, 1-8; 1 where it states none that can be read.

    Args:
        encoded: The file, string `[]`.
    """
    size = tf.strings.length(encoded)

    def part(place):
        marker, length = _number(encoded, place, 2, True), _number(encoded, place + 2, 2, True)
        code = marker & 0xFF
        exif = (code == _APP1) & (tf.strings.substr(encoded, tf.minimum(place + 4, size), 6) == b"Exif\0\0")
        # Before a marker any number of 0xFF may stand; decoders pass over other bytes there as well.
        none = (marker < 0xFF00) | (marker == 0xFFFF)
        step = tf.where(none, 1, 2 + tf.maximum(length, 2))
        return exif & ~none, ~none & ((code == _SCAN) | (code == _END)), step

    return _stated(_exif(encoded, part, first=2, before=10))


def png_orientation(encoded: tf.Tensor) -> tf.Tensor:
    """The same of a PNG, from its chunk eXIf."""
    size = tf.strings.length(encoded)

    def part(place):
        name = tf.strings.substr(encoded, tf.minimum(place + 4, size), 4)
        # Lengths beyond the file are damage; they end the search.
        step = 12 + tf.minimum(_number(encoded, place, 4, True) & 0x7FFFFFFF, size)
        return name == b"eXIf", name == b"IEND", step

    return _stated(_exif(encoded, part, first=8, before=8, behind=4))


def upright(image: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """An image `[H, W, C]` rotated and mirrored as an EXIF orientation, int32, 1-8, asks for.

    Example:
        >>> upright(tf.constant([[[1], [2]]]), tf.constant(6))[..., 0].numpy().tolist()
        [[1], [2]]
    """
    for orientations, change in (
        ((5, 6, 7, 8), lambda image: tf.transpose(image, (1, 0, 2))),
        ((2, 3, 6, 7), lambda image: tf.reverse(image, [1])),
        ((3, 4, 7, 8), lambda image: tf.reverse(image, [0])),
    ):
        asked = tf.reduce_any(orientation == tf.constant(orientations))
        image = tf.cond(asked, lambda image=image, change=change: change(image), lambda image=image: image)
        image = tf.ensure_shape(image, (None, None, None))
    return image


def _exif(encoded: tf.Tensor, part: Callable, first: int, before: int, behind: int = 0) -> tf.Tensor:
    """The EXIF data of a file, string `[]`; empty where it has none.

    Args:
        encoded: The file.
        part: `(place) -> (holds EXIF data, is the last, length)`.
        first: The place of the first part.
        before: Bytes of the part before its data.
        behind: Bytes of the part behind its data.
    """
    size = tf.strings.length(encoded)

    def goes_on(place, exif, ended):
        return ~ended & (exif == b"") & (place < size)

    def step(place, exif, ended):
        here, ended, length = part(place)
        count = tf.where(here, tf.clip_by_value(length - before - behind, 0, _MOST_EXIF), 0)
        return place + length, tf.strings.substr(encoded, tf.minimum(place + before, size), count), ended

    state = (tf.constant(first), tf.constant(b""), tf.constant(False))
    return tf.while_loop(goes_on, step, state, maximum_iterations=_MOST_PARTS)[1]


def _stated(exif: tf.Tensor) -> tf.Tensor:
    """The orientation in EXIF data, a TIFF file; 1 where it states none.

    Its first folder lists entries of 12 bytes: a tag, a type, a count and a value, which a number of 2 bytes begins.
    """
    order = tf.strings.substr(exif, 0, 2)
    big_endian = order == b"MM"
    folder = tf.clip_by_value(_number(exif, 4, 4, big_endian), 0, _MOST_EXIF)
    count = _number(exif, folder, 2, big_endian)
    values = tf.strings.substr(exif, tf.minimum(folder + 2, tf.strings.length(exif)), count * _ENTRY)
    whole = tf.strings.length(values) // _ENTRY
    entries = tf.io.decode_raw(tf.strings.substr(values, 0, whole * _ENTRY), tf.uint8)
    entries = tf.reshape(tf.cast(entries, tf.int32), (-1, _ENTRY))
    weights = tf.where(big_endian, (256, 1), (1, 256))
    tag, kind, value = (tf.reduce_sum(entries[:, place : place + 2] * weights, 1) for place in (0, 2, 8))
    single = tf.reduce_sum(entries[:, 4:8], 1) == 1
    right = (tag == _ORIENTATION) & (kind == _SHORT) & single
    stated = tf.reduce_max(tf.concat([tf.where(right, value, 0), [0]], 0))
    known = (big_endian | (order == b"II")) & (stated >= 1) & (stated <= 8)
    return tf.where(known, stated, 1)


def _number(data: tf.Tensor, place, count: int, big_endian) -> tf.Tensor:
    """`count` bytes of a string from `place` as an int32; bytes beyond its end count as 0."""
    text = tf.strings.substr(data, tf.minimum(place, tf.strings.length(data)), count)
    digits = tf.cast(tf.io.decode_raw(text, tf.uint8, fixed_length=count), tf.int32)
    digits = tf.where(big_endian, digits, tf.reverse(digits, [0]))
    return tf.reduce_sum(digits * tf.constant([256 ** (count - 1 - digit) for digit in range(count)], tf.int32))
