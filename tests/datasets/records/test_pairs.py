import json
import os

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf.datasets import convert_folder, evaluation_images, inspect_dataset, open_dataset
from deeplab_tf.datasets.records.pairs import Pair, load_pair
from deeplab_tf.datasets.records.record import decode_image, decode_label
from deeplab_tf.labels import KNOWN, LabelSpec

LABELS = LabelSpec(("a", "b", "c"))
PIXELS = np.random.default_rng(3).integers(0, 256, (20, 31, 3), dtype=np.uint8)
IDS = np.random.default_rng(4).choice(np.array([0, 1, 2, 255], np.uint8), (20, 31))


@pytest.fixture
def pair(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "x.png")
    Image.fromarray(IDS).save(tmp_path / "x_mask.png")
    return Pair("x", tmp_path / "x.png", tmp_path / "x_mask.png")


def with_image(pair, image, suffix, **options):
    path = pair.image.with_suffix(suffix)
    image.save(path, **options)
    return Pair(pair.name, path, pair.mask)


@pytest.mark.parametrize("suffix, stored", [(".jpg", "jpeg"), (".png", "png")])
def test_rgb_jpeg_and_png_are_stored_byte_for_byte(pair, suffix, stored):
    pair = with_image(pair, Image.fromarray(PIXELS), suffix)
    record = load_pair(pair, LABELS)
    assert (record.image, record.image_format) == (pair.image.read_bytes(), stored)
    assert (record.filename, record.height, record.width) == ("x", 20, 31)


def test_palette_mask_is_stored_as_grey_ids(pair):
    mask = Image.fromarray(IDS)
    mask.putpalette(np.random.default_rng(0).integers(0, 256, 768, dtype=np.uint8).tobytes())
    mask.save(pair.mask)
    np.testing.assert_array_equal(decode_label(load_pair(pair, LABELS).label), IDS)


GREY = np.repeat(np.asarray(Image.fromarray(PIXELS).convert("L"))[..., None], 3, axis=-1)


@pytest.mark.parametrize(
    "image, suffix, options, expected",
    [
        (Image.fromarray(PIXELS), ".bmp", {}, PIXELS),
        (Image.fromarray(PIXELS), ".tiff", {}, PIXELS),
        (Image.fromarray(PIXELS), ".webp", {"lossless": True}, PIXELS),
        (Image.fromarray(GREY[..., 0]), ".png", {}, GREY),
        (Image.fromarray(GREY[..., 0].astype(np.uint16) * 257), ".png", {}, GREY),
        (Image.merge("RGBA", [*Image.fromarray(PIXELS).split(), Image.new("L", (31, 20), 255)]), ".png", {}, PIXELS),
        (Image.fromarray(PIXELS), ".png", {"transparency": (1, 2, 3)}, PIXELS),
    ],
    ids=["bmp", "tiff", "webp", "grey", "grey16", "rgba", "key colour"],
)
def test_other_images_become_rgb_png_of_the_same_pixels(pair, image, suffix, options, expected):
    record = load_pair(with_image(pair, image, suffix, **options), LABELS)
    assert record.image_format == "png"
    np.testing.assert_array_equal(decode_image(record.image), expected)


def test_cmyk_jpeg_becomes_rgb_png(pair):
    pair = with_image(pair, Image.fromarray(PIXELS).convert("CMYK"), ".jpg")
    record = load_pair(pair, LABELS)
    assert record.image_format == "png"
    np.testing.assert_array_equal(decode_image(record.image), np.asarray(Image.open(pair.image).convert("RGB")))


def test_48_bit_png_decodes_to_its_high_bytes(pair):
    pair.image.write_bytes(tf.io.encode_png(PIXELS.astype(np.uint16) * 257).numpy())
    np.testing.assert_array_equal(decode_image(load_pair(pair, LABELS).image), PIXELS)


def test_rotated_image_is_stored_upright_and_its_mask_compared_upright(pair):
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = Image.fromarray(np.ascontiguousarray(np.rot90(PIXELS)))
    record = load_pair(with_image(pair, lying, ".png", exif=exif), LABELS)
    np.testing.assert_array_equal(decode_image(record.image), PIXELS)
    exif[0x0112] = 1
    with pytest.raises(ValueError, match=r"x_mask\.png has 31x20 pixels but its image .*x\.png has 20x31"):
        load_pair(with_image(pair, lying, ".png", exif=exif), LABELS)


def test_values_outside_the_classes_are_listed(pair):
    with pytest.raises(ValueError, match=r"x_mask\.png holds the value\(s\) 2; expected class ids 0-1 or 255"):
        load_pair(pair, LabelSpec(("a", "b")))
    with pytest.raises(ValueError, match=r"value\(s\) 255; expected class ids 0-10 or 11"):
        load_pair(pair, KNOWN["camvid"])
    Image.fromarray(np.arange(620).reshape(20, 31).astype(np.uint8)).save(pair.mask)
    with pytest.raises(ValueError, match="3, 4, 5, 6, 7 and 247 more"):
        load_pair(pair, LABELS)


def test_colour_mask_is_refused(pair):
    Image.fromarray(PIXELS).save(pair.mask)
    with pytest.raises(ValueError, match=r"x_mask\.png is a RGB image; a mask holds one label id"):
        load_pair(pair, LABELS)


@pytest.mark.parametrize("size", [0, 3, 400])
def test_truncated_image_is_named(pair, size):
    pair = with_image(pair, Image.fromarray(PIXELS), ".jpg")
    pair.image.write_bytes(pair.image.read_bytes()[:size])
    with pytest.raises(ValueError, match=r"x\.jpg cannot be read"):
        load_pair(pair, LABELS)


@pytest.mark.parametrize("kind", ["image", "mask"])
def test_missing_half_is_named(pair, kind):
    getattr(pair, kind).unlink()
    with pytest.raises(ValueError, match=rf"{getattr(pair, kind).name} is missing; it should be the {kind}"):
        load_pair(pair, LABELS)


def test_file_name_that_is_not_utf_8(tmp_path):
    images, masks = tmp_path / "images", tmp_path / "masks"
    names = ["a", os.fsdecode(b"caf\xe9"), os.fsdecode(b"na\xefve")]
    for folder, pixels in ((images, PIXELS), (masks, IDS)):
        folder.mkdir()
        for name in names:
            Image.fromarray(pixels).save(folder / f"{name}.png")
    (masks / f"{names[2]}.png").write_bytes(b"no image")
    output = tmp_path / os.fsdecode(b"s\xe9ries")
    report = convert_folder(images, masks, output, labels=3, skip_bad=True, workers=1)
    stored = evaluation_images(open_dataset(output), "train").as_numpy_iterator()
    assert [example["filename"].decode() for example in stored] == ["a", r"caf\xe9"]
    str(report).encode()
    assert r"na\xefve.png cannot be read as an image" in str(report)
    found = inspect_dataset(images, masks=masks, labels=3, page=tmp_path / "audit.html", workers=1)
    assert [finding.kind for finding in found.findings if finding.severity == "error"] == ["not_an_image"]
    found.table().encode()
    assert r"na\xefve.png" in (tmp_path / "audit.html").read_text()
    json.dumps(found.to_dict()).encode()
