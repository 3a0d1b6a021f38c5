"""Encoded JPEG and PNG images as RGB inside a graph, without Python: the same values as `read_image` gives."""

from __future__ import annotations

import functools
from collections.abc import Callable

import tensorflow as tf

from deeplab_tf.images.orientation import jpeg_orientation, png_orientation, upright

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
# A PNG's first chunk: width and height, four bytes each, then the bits of a sample and the kind of colours.
_PNG_SIZE, _PNG_BITS, _PNG_KIND = 16, 24, 25
_GREY, _PALETTE = b"\0", b"\3"
# As deeplab_tf.images.arrays has it: whose largest value is less is more likely of 12 bits than so dark.
_DARK = 65535 // 16


def decoded(encoded: tf.Tensor, most_pixels: int) -> tuple[tf.Tensor, tf.Tensor]:
    """A JPEG or PNG as RGB, rotated by its EXIF orientation, transparency laid over white; or what is wrong with it.

    JPEGs are decoded by the accurate DCT, which gives Pillow's values. Whatever is wrong stays a value: nothing is
    raised, so that one image of a batch does not fail the others.

    Unlike `read_image`, it rounds the colours of a CMYK JPEG down, by at most one level, and does not invert those of
    one without Adobe's marker; it reads orientation from EXIF data alone, not from XMP or a PNG's text, and takes the
    first picture of a PNG that moves.

    Args:
        encoded: The file, string `[]`.
        most_pixels: Images that state more are not decoded.

    Returns:
        The image, uint8 `[H, W, 3]`, and a message, string `[]`: one of the two is empty.

    Example:
        >>> decoded(tf.constant(b""), 2**26)[1].numpy()
        b'It is empty: expected the bytes of a JPEG or PNG file.'
    """
    return _decoder(most_pixels)(encoded)


@functools.cache
def _decoder(most_pixels: int) -> Callable:
    """The same as a function that is traced once, for however many exports."""
    return tf.function(
        lambda encoded: _decoded(encoded, most_pixels), input_signature=[tf.TensorSpec((), tf.string)], autograph=False
    )


def _decoded(encoded: tf.Tensor, most_pixels: int) -> tuple[tf.Tensor, tf.Tensor]:
    is_jpeg, is_png = (tf.strings.substr(encoded, 0, len(start)) == start for start in (_JPEG, _PNG))
    problem = tf.where(
        encoded == b"",
        "It is empty: expected the bytes of a JPEG or PNG file.",
        tf.where(
            is_jpeg | is_png,
            "It is damaged: its pixels cannot be decoded.",
            "It is neither a JPEG nor a PNG file: expected the bytes of one of these.",
        ),
    )

    def image(encoded):
        return tf.cond(is_jpeg, lambda: _jpeg(encoded, most_pixels), lambda: _png(encoded, most_pixels))

    # A graph knows no `except`; a data set leaves out an element that fails.
    known = tf.data.Dataset.from_tensors(encoded).take(tf.cast(is_jpeg | is_png, tf.int64))
    otherwise = tf.data.Dataset.from_tensors((_no_image(), problem))
    found, problem = known.map(image).ignore_errors().concatenate(otherwise).take(1).get_single_element()
    return tf.ensure_shape(found, (None, None, 3)), problem


def _jpeg(encoded: tf.Tensor, most_pixels: int) -> tuple[tf.Tensor, tf.Tensor]:
    def pixels():
        return tf.io.decode_jpeg(encoded, channels=3, dct_method="INTEGER_ACCURATE")

    height, width, _ = tf.unstack(tf.image.extract_jpeg_shape(encoded), 3)
    return _within(height, width, most_pixels, lambda: (upright(pixels(), jpeg_orientation(encoded)), tf.constant("")))


def _png(encoded: tf.Tensor, most_pixels: int) -> tuple[tf.Tensor, tf.Tensor]:
    size = tf.io.decode_raw(tf.strings.substr(encoded, _PNG_SIZE, 8), tf.int32, little_endian=False)
    bits, kind = (tf.strings.substr(encoded, place, 1) for place in (_PNG_BITS, _PNG_KIND))
    width, height = tf.unstack(size, 2)

    def shallow():
        # With four channels asked for, TensorFlow gives indices instead of the colours of a palette without
        # transparency, and does not stretch fewer bits than 8.
        pixels = tf.cond(
            kind == _PALETTE,
            lambda: tf.io.decode_png(encoded),
            lambda: tf.cond(
                (kind == _GREY) & (bits != b"\x08"),
                lambda: tf.repeat(tf.io.decode_png(encoded, channels=1), 3, axis=-1),
                lambda: tf.io.decode_png(encoded, channels=4),
            ),
        )
        opaque = tf.fill(tf.concat([tf.shape(pixels)[:2], [1]], 0), tf.constant(255, tf.uint8))
        return _over_white(tf.concat([pixels, opaque], -1)[..., :4]), 65535

    def deep():
        values = tf.cast(tf.io.decode_png(encoded, channels=4, dtype=tf.uint16), tf.int32)
        return tf.cond(kind == _GREY, lambda: _grey_of_16_bits(values[..., :3]), lambda: _colours_of_16_bits(values))

    def image():
        rgb, brightest = tf.cond(bits == b"\x10", deep, shallow)
        problem = f"Its 16-bit values go up to {_DARK} of 65535 at most: fewer bits in a wider type. Store 8 bits."
        return tf.cond(
            (brightest > 0) & (brightest <= _DARK),
            lambda: (_no_image(), tf.constant(problem)),
            lambda: (upright(rgb, png_orientation(encoded)), tf.constant("")),
        )

    return _within(height, width, most_pixels, image)


def _within(height: tf.Tensor, width: tf.Tensor, most_pixels: int, image: Callable) -> tuple[tf.Tensor, tf.Tensor]:
    fits = tf.cast(height, tf.int64) * tf.cast(width, tf.int64) <= most_pixels
    size = tf.strings.join([tf.strings.as_string(side) for side in (width, height)], "x")
    problem = tf.strings.join(["It states ", size, f" pixels: expected at most {most_pixels / 1e6:.0f} million."])
    return tf.cond(fits, image, lambda: (_no_image(), problem))


def _no_image() -> tf.Tensor:
    return tf.zeros((0, 0, 3), tf.uint8)


def _grey_of_16_bits(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return tf.cast((values + 128) // 257, tf.uint8), tf.reduce_max(values)


def _colours_of_16_bits(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    # Pillow drops the lower byte of these.
    rgb = _over_white(tf.cast(values // 256, tf.uint8))
    return rgb, tf.cast(tf.reduce_max(rgb), tf.int32) * 257


def _over_white(pixels: tf.Tensor) -> tf.Tensor:
    """RGB, uint8, of red, green, blue and alpha, rounded."""

    def blended():
        values = tf.cast(pixels, tf.int32)
        colours, alpha = values[..., :3], values[..., 3:]
        return tf.cast((2 * (colours * alpha + 255 * (255 - alpha)) + 255) // 510, tf.uint8)

    return tf.cond(tf.reduce_all(pixels[..., 3] == 255), lambda: pixels[..., :3], blended)
