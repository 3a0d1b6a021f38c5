"""Encoded images in a graph: the values of `read_image`, which Pillow decodes, and messages instead of exceptions."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf.images import read_image
from deeplab_tf.images.decoding import decoded
from harness.encoded_images import bad, encoded, every_kind

KINDS, BAD = every_kind(), bad()


@pytest.mark.filterwarnings("ignore:Tag data larger than file")
@pytest.mark.parametrize("kind", KINDS)
def test_pixels_are_those_of_the_file(tmp_path, kind):
    (tmp_path / "image").write_bytes(KINDS[kind])
    image, problem = decoded(tf.constant(KINDS[kind]), 2**20)
    assert problem.numpy() == b""
    np.testing.assert_array_equal(image, read_image(tmp_path / "image"))


def test_ink_is_rounded_down(tmp_path):
    ink = np.random.default_rng(0).integers(0, 256, (40, 50, 4), np.uint8)
    content = encoded(Image.fromarray(ink, "CMYK"), "JPEG", quality=95)
    (tmp_path / "image").write_bytes(content)
    difference = read_image(tmp_path / "image").astype(int) - decoded(tf.constant(content), 2**20)[0].numpy()
    assert set(np.unique(difference)) == {0, 1}


def test_every_opacity_of_every_value_is_laid_over_white_as_pillow_does():
    values, alpha = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    image = Image.fromarray(np.stack([values, values, values, alpha], -1))
    expected = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    np.testing.assert_array_equal(decoded(tf.constant(encoded(image, "PNG")), 2**20)[0], expected)


@pytest.mark.parametrize("message", BAD)
def test_what_cannot_be_decoded_has_a_message_and_no_pixels(message):
    for content in BAD[message]:
        image, problem = decoded(tf.constant(content), 10**6)
        assert message in problem.numpy().decode(), content[:40]
        assert image.shape == (0, 0, 3)


def test_a_flipped_bit_gives_pillows_pixels_or_a_message(tmp_path):
    generator, decided = np.random.default_rng(0), {True: 0, False: 0}
    for kind in ("jpeg, rotated 6", "png, rotated 5"):
        for _ in range(20):
            content = bytearray(KINDS[kind])
            content[generator.integers(len(content))] ^= 1 << generator.integers(8)
            (tmp_path / "image").write_bytes(content)
            image, problem = decoded(tf.constant(bytes(content)), 2**20)
            decided[problem.numpy() == b""] += 1
            if problem.numpy() == b"":
                try:
                    expected = read_image(tmp_path / "image")
                except ValueError:
                    continue
                np.testing.assert_array_equal(image, expected)
    assert min(decided.values()) > 5
