"""Reading image and mask files of every mode, and writing palette PNGs."""

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.images import read_image, read_mask, write_image, write_label_png

RGB = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [10, 20, 30]], [[1, 2, 3], [250, 251, 252]]], np.uint8)
GREY = np.array([[0, 100], [200, 255], [7, 8]], np.uint8)


def saved(tmp_path, image, name="image.png", **options):
    image.save(tmp_path / name, **options)
    return tmp_path / name


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "webp"])
def test_rgb(tmp_path, suffix):
    path = saved(tmp_path, Image.fromarray(RGB), f"image.{suffix}", **({"lossless": True} if suffix == "webp" else {}))
    image = read_image(path)
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, RGB)


@pytest.mark.parametrize(
    "image, expected",
    [
        (Image.fromarray(GREY), np.repeat(GREY[..., None], 3, -1)),
        (Image.fromarray(GREY.astype(np.uint16) * 257), np.repeat(GREY[..., None], 3, -1)),
        (Image.fromarray(RGB).convert("P", palette=Image.Palette.ADAPTIVE), RGB),
        (Image.fromarray(GREY > 150), np.repeat(np.where(GREY > 150, 255, 0)[..., None], 3, -1)),
    ],
    ids=["grey", "16-bit", "palette", "1-bit"],
)
def test_other_modes_become_rgb(tmp_path, image, expected):
    np.testing.assert_array_equal(read_image(saved(tmp_path, image)), expected)


def test_cmyk_jpeg_becomes_rgb(tmp_path):
    # Full cyan ink and no other leaves no red.
    path = saved(tmp_path, Image.new("CMYK", (8, 8), (255, 0, 0, 0)), "image.jpg", quality=95)
    red, green, blue = read_image(path)[4, 4].astype(int)
    assert red < 20
    assert green > 235
    assert blue > 235


def test_transparency_is_laid_over_white(tmp_path):
    pixels = np.array([[[0, 0, 0, 0], [0, 0, 0, 255], [200, 0, 0, 128]]], np.uint8)
    result = read_image(saved(tmp_path, Image.fromarray(pixels)))
    assert result[0, 0].tolist() == [255, 255, 255]
    assert result[0, 1].tolist() == [0, 0, 0]
    np.testing.assert_allclose(result[0, 2], [227, 127, 127], atol=1)


def test_exif_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(tmp_path, Image.fromarray(RGB), exif=exif)
    np.testing.assert_array_equal(read_image(path), np.rot90(RGB, -1))


def test_masks_are_ids_whatever_the_palette(tmp_path):
    ids = np.array([[0, 1, 255], [20, 3, 4]], np.uint8)
    indexed = Image.fromarray(ids)
    indexed.putpalette(np.random.default_rng(0).integers(0, 256, 768, dtype=np.uint8).tobytes())
    for image in (indexed, Image.fromarray(ids), Image.fromarray(ids.astype(np.uint16))):
        mask = read_mask(saved(tmp_path, image))
        assert mask.dtype == np.uint8
        np.testing.assert_array_equal(mask, ids)


@pytest.mark.parametrize(
    "image", [Image.fromarray(RGB), Image.fromarray(np.full((2, 2), 256, np.uint16))], ids=["colours", "16-bit"]
)
def test_masks_without_ids_are_refused(tmp_path, image):
    with pytest.raises(ValueError, match=r"image\.png is a .* image; a mask holds one label id"):
        read_mask(saved(tmp_path, image))


@pytest.mark.parametrize("read", [read_image, read_mask])
def test_damaged_files_are_named(tmp_path, read):
    path = saved(tmp_path, Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)))
    whole = path.read_bytes()
    for content in (b"", b"no image at all", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"image\.png cannot be read as an image"):
            read(path)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "gone.png")


def test_label_png_has_ids_and_palette(tmp_path):
    palette = np.arange(768, dtype=np.int64).reshape(256, 3) % 256
    labels = np.array([[0, 5], [255, 2]], np.int64)
    write_label_png(tmp_path / "labels.png", labels, palette)
    np.testing.assert_array_equal(read_mask(tmp_path / "labels.png"), labels)
    with Image.open(tmp_path / "labels.png") as image:
        assert image.mode == "P"
        assert image.getpalette()[15:18] == [15, 16, 17]


def test_written_images_read_back(tmp_path):
    write_image(tmp_path / "image.png", RGB)
    np.testing.assert_array_equal(read_image(tmp_path / "image.png"), RGB)
    assert [path.name for path in tmp_path.iterdir()] == ["image.png"]


@pytest.mark.parametrize("read", [read_image, read_mask])
def test_png_with_a_wrong_checksum_is_refused(tmp_path, read):
    path = saved(tmp_path, Image.fromarray(np.zeros((9, 9), np.uint8)))
    content = bytearray(path.read_bytes())
    content[-13] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"{path.name} cannot be read.*IDAT"):
        read(path)


def test_jpeg_is_no_mask(tmp_path):
    Image.new("L", (9, 9)).save(tmp_path / "mask.png", "JPEG")
    with pytest.raises(ValueError, match=r"mask\.png is a JPEG, whose compression changes label ids"):
        read_mask(tmp_path / "mask.png")


def test_ids_of_more_than_256_classes_are_written_in_16_bits(tmp_path):
    ids = np.array([[0, 255, 256], [458, 65535, 1]])
    write_label_png(tmp_path / "wide.png", ids, np.zeros((65536, 3), np.uint8))
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "wide.png")), ids)
