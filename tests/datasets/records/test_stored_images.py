"""What conversion stores is what TensorFlow decodes, as it will in training."""

import contextlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf.datasets import convert_folder, evaluation_images, open_dataset
from deeplab_tf.datasets.records.stored_images import read_stored

# Smooth, as photographs are.
NOISE = np.random.default_rng(0).integers(0, 256, (10, 12, 3), np.uint8)
PIXELS = np.asarray(Image.fromarray(NOISE).resize((96, 80)))


def jpeg(path, **options):
    Image.fromarray(PIXELS).save(path, quality=95, **options)
    return path


def without_its_end(path) -> np.ndarray:
    """A JPEG without its last two bytes that Pillow reads all the same, as it does one in ten; its pixels."""
    for seed in range(200):
        noise = np.random.default_rng(seed).integers(0, 256, (10, 12, 3), np.uint8)
        Image.fromarray(noise).resize((96, 80)).save(path, quality=95)
        whole = np.asarray(Image.open(path))
        path.write_bytes(path.read_bytes()[:-2])
        with contextlib.suppress(OSError):
            np.testing.assert_array_equal(np.asarray(Image.open(path)), whole)
            return whole
    raise AssertionError("Pillow refuses them all.")


def test_jpeg_without_its_last_two_bytes_is_stored_anew(tmp_path):
    pixels = without_its_end(tmp_path / "cut.jpg")
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.io.decode_jpeg((tmp_path / "cut.jpg").read_bytes())
    stored = read_stored(tmp_path / "cut.jpg")
    assert stored.format == "png"
    assert stored.refused
    np.testing.assert_array_equal(tf.io.decode_png(stored.to_bytes()), pixels)


def test_conversion_of_such_a_file_is_read_to_the_end(tmp_path):
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
    pixels = without_its_end(tmp_path / "images" / "cut.jpg")
    Image.fromarray(np.eye(80, 96, dtype=np.uint8)).save(tmp_path / "masks" / "cut.png")
    report = convert_folder(tmp_path / "images", tmp_path / "masks", tmp_path / "out", labels=2, workers=1)
    (example,) = evaluation_images(open_dataset(report.path), "train").as_numpy_iterator()
    np.testing.assert_array_equal(example["image"], pixels)


@pytest.mark.parametrize(
    "options",
    [{}, {"progressive": True}, {"subsampling": 2}, {"subsampling": 0}, {"optimize": True}],
    ids=["baseline", "progressive", "4:2:0", "4:4:4", "optimised"],
)
def test_jpegs_of_every_kind_keep_their_bytes_and_have_pillows_pixels(tmp_path, options):
    path = jpeg(tmp_path / "a.jpg", **options)
    stored = read_stored(path)
    assert (stored.encoded, stored.format, stored.refused) == (path.read_bytes(), "jpeg", "")
    np.testing.assert_array_equal(stored.pixels, np.asarray(Image.open(path)))


def others(folder):
    image = Image.fromarray(PIXELS)
    exif = Image.Exif()
    exif[0x0112] = 6
    yield image, "a.bmp", {}
    yield image, "a.gif", {}
    yield image, "a.webp", {}
    yield image, "a.ppm", {}
    yield image, "a.tif", {"compression": "tiff_lzw"}
    yield image.convert("CMYK"), "a.jpg", {}
    yield image.convert("L"), "grey.jpg", {}
    yield image, "turned.jpg", {"exif": exif}
    yield image, "turned.png", {"exif": exif}
    yield image.convert("P"), "palette.png", {}
    yield image.convert("1"), "bits.png", {}
    yield Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257), "wide.png", {}


def test_whatever_is_stored_decodes_to_what_the_file_shows(tmp_path):
    from deeplab_tf.images import read_image

    for image, name, options in others(tmp_path):
        image.save(tmp_path / name, **options)
        decoded = tf.io.decode_png(read_stored(tmp_path / name).to_bytes(), channels=3).numpy()
        np.testing.assert_array_equal(decoded, read_image(tmp_path / name), err_msg=name)


def test_mutated_files_are_refused_or_decode(tmp_path):
    rng = np.random.default_rng(0)
    taken, told = 0, []
    for suffix in ("jpg", "png"):
        whole = jpeg(tmp_path / f"a.{suffix}").read_bytes()
        for _ in range(60):
            content = bytearray(whole)
            for place in rng.integers(0, len(content), rng.integers(1, 4)):
                content[place] = rng.integers(256)
            path = tmp_path / f"mutated.{suffix}"
            path.write_bytes(content[: len(content) - rng.integers(0, 2) * rng.integers(0, 30)])
            try:
                stored = read_stored(path)
            except ValueError as error:
                told.append(str(error))
                continue
            decoded = tf.io.decode_jpeg(stored.to_bytes(), channels=3, dct_method="INTEGER_ACCURATE")
            np.testing.assert_array_equal(decoded, stored.pixels)
            taken += 1
    assert 10 < taken < 110
    assert [message for message in told if "mutated." not in message] == []
