"""Images that are not 8-bit RGB: converted rightly or refused, files and arrays by one rule; and ids of few bits."""

import os
import struct
import sys
import zlib

import numpy as np
import PIL
import pytest
from PIL import Image
from PIL.TiffImagePlugin import AppendingTiffWriter, ImageFileDirectory_v2

from deeplab_tf.images import as_rgb, read_image, read_mask
from deeplab_tf.images.files import MAX_PIXELS, UnfitImage

RAMP = np.linspace(0, 1, 48).reshape(6, 8)


def kind_of(read, source) -> str:
    with pytest.raises(UnfitImage) as caught:
        read(source)
    if not isinstance(source, np.ndarray):
        assert os.path.basename(source) in str(caught.value)
    return caught.value.kind


@pytest.mark.parametrize(
    "values",
    [
        RAMP.astype(np.float32),
        (RAMP * 4095).astype(np.uint16),
        (RAMP * 200).astype(np.uint16),
        (RAMP * 1000 - 500).astype(np.int32),
        (RAMP * 70000).astype(np.int32),
        np.where(RAMP > 0.5, np.nan, 7).astype(np.float32),
    ],
    ids=["floats of 0-1", "12 bits in 16", "8 bits in 16", "signed", "32 bits", "not a number"],
)
def test_values_of_an_unclear_range_are_refused_in_files_and_arrays(tmp_path, values):
    Image.fromarray(values).save(tmp_path / "strange.tif")
    assert kind_of(read_image, tmp_path / "strange.tif") == "unclear_range"
    assert kind_of(as_rgb, values) == "unclear_range"


@pytest.mark.parametrize(
    "values, expected",
    [
        ((RAMP * 65535).astype(np.uint16), RAMP * 255),
        ((RAMP * 255).astype(np.float32), RAMP * 255),
        ((RAMP * 255).astype(np.int32), np.floor(RAMP * 255)),
        (np.zeros((6, 8), np.uint16), np.zeros((6, 8))),
    ],
    ids=["16 bits", "floats of 0-255", "32 bits of 0-255", "black"],
)
def test_values_of_a_clear_range_become_8_bits_in_files_and_arrays(tmp_path, values, expected):
    Image.fromarray(values).save(tmp_path / "grey.tif")
    np.testing.assert_allclose(read_image(tmp_path / "grey.tif")[..., 1], expected, atol=0.51)
    np.testing.assert_array_equal(as_rgb(values), read_image(tmp_path / "grey.tif"))


def test_12_bits_that_a_file_states_are_scaled(tmp_path):
    samples = (RAMP * 4095).astype(int).reshape(-1, 2)
    packed = b"".join(struct.pack(">I", first << 12 | second)[1:] for first, second in samples.tolist())
    entries = [(256, 8), (257, 6), (258, 12), (259, 1), (262, 1), (273, 8 + 2 + 10 * 12 + 4), (277, 1), (278, 6)]
    entries += [(279, len(packed)), (339, 1)]
    directory = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in entries)
    head = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    (tmp_path / "twelve.tif").write_bytes(head + directory + bytes(4) + packed)
    np.testing.assert_allclose(read_image(tmp_path / "twelve.tif")[..., 0], RAMP * 255, atol=0.6)


def test_dark_colours_of_16_bits_are_refused(tmp_path):
    import tensorflow as tf

    colours = np.repeat((RAMP * 4095).astype(np.uint16)[..., None], 3, axis=-1)
    (tmp_path / "deep.png").write_bytes(tf.io.encode_png(colours).numpy())
    assert kind_of(read_image, tmp_path / "deep.png") == "unclear_range"
    (tmp_path / "deep.png").write_bytes(tf.io.encode_png(colours * 16).numpy())
    np.testing.assert_allclose(read_image(tmp_path / "deep.png")[..., 0], RAMP * 255, atol=1)


def four_bands(path, band, extra) -> None:
    pixels = np.concatenate([np.full((40, 50, 3), 90), band[..., None]], axis=-1).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    # Pillow declares the fourth band as transparency, which is 2.
    declared, other = (struct.pack("<HHIHH", 338, 3, 1, value, 0) for value in (2, extra))
    assert declared in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(declared, other))


@pytest.mark.parametrize("extra", [0, 2])
def test_infra_red_is_no_transparency(tmp_path, extra):
    four_bands(tmp_path / "scene.tif", np.random.default_rng(0).integers(0, 256, (40, 50)), extra)
    if extra:
        assert kind_of(read_image, tmp_path / "scene.tif") == "unclear_band"
    else:
        assert (read_image(tmp_path / "scene.tif") == 90).all()


def test_declared_transparency_of_a_tiff_is_laid_over_white(tmp_path):
    four_bands(tmp_path / "cut_out.tif", np.where(np.arange(50) < 20, 0, 255) * np.ones((40, 1), int), 2)
    image = read_image(tmp_path / "cut_out.tif")
    assert (image[:, :20] == 255).all()
    assert (image[:, 20:] == 90).all()


def test_several_pages_and_frames_are_refused_and_previews_are_not(tmp_path):
    pages = [Image.new("RGB", (20, 10), (0, 0, 50 * page)) for page in range(5)]
    for name in ("pages.tif", "moving.gif", "moving.webp", "moving.png"):
        pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:])
        assert kind_of(read_image, tmp_path / name) == "several_pages"
        assert kind_of(read_mask, tmp_path / name) == "several_pages"
    preview = ImageFileDirectory_v2()
    preview[254] = 1
    with AppendingTiffWriter(str(tmp_path / "overview.tif"), new=True) as file:
        for page, tags in ((pages[0], {}), (pages[1], preview)):
            page.save(file, "TIFF", tiffinfo=tags)
            file.newFrame()
    assert read_image(tmp_path / "overview.tif").max() == 0


@pytest.mark.skipif(int(PIL.__version__.split(".")[0]) < 12, reason="before 11.2 Pillow cannot read what it writes")
def test_further_views_of_a_stereo_photo_are_no_pages(tmp_path):
    pages = [Image.new("RGB", (20, 10), (0, 0, 50 * page)) for page in range(5)]
    pages[0].save(tmp_path / "stereo.jpg", format="MPO", save_all=True, append_images=pages[1:])
    assert read_image(tmp_path / "stereo.jpg").shape == (10, 20, 3)


def png(width, height, bits, color, data) -> bytes:
    """A PNG of these rows, packed, each behind its filter's byte."""
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(data)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )


@pytest.mark.parametrize("side", [60000, 12000])
def test_stated_sizes_are_not_believed(tmp_path, side):
    assert side**2 > MAX_PIXELS
    (tmp_path / "bomb.png").write_bytes(png(side, side, 8, 2, b""))
    sizes = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, *[0] * 6)
    (tmp_path / "bomb.bmp").write_bytes(b"BM" + struct.pack("<IHHI", 58, 0, 0, 54) + sizes)
    for name in ("bomb.png", "bomb.bmp"):
        for read in (read_image, read_mask):
            assert kind_of(read, tmp_path / name) == "too_large"


@pytest.mark.parametrize("read", [read_image, read_mask])
def test_what_is_no_regular_file_is_not_opened(tmp_path, read):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    for path in tmp_path.iterdir():
        assert kind_of(read, path) == "not_a_file"


def test_heic_without_its_plugin_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "IMG_1.HEIC").write_bytes(struct.pack(">I", 24) + b"ftypheic" + bytes(80))
    assert kind_of(read_image, tmp_path / "IMG_1.HEIC") == "no_plugin"
    with pytest.raises(ValueError, match=r'IMG_1\.HEIC is a HEIC image.*pip install "deeplab-tf\[heic\]"'):
        read_image(tmp_path / "IMG_1.HEIC")


def test_heic_with_its_plugin(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    pixels = np.full((64, 80, 3), (200, 90, 30), np.uint8)
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(tmp_path / "a.heic", quality=95)
    np.testing.assert_allclose(read_image(tmp_path / "a.heic"), pixels, atol=6)


@pytest.mark.parametrize("suffix", ["jfif", "ppm", "jpe"])
def test_other_suffixes(tmp_path, suffix):
    Image.new("RGB", (30, 20), (9, 8, 7)).save(tmp_path / f"a.{suffix}")
    np.testing.assert_allclose(read_image(tmp_path / f"a.{suffix}")[3, 3], (9, 8, 7), atol=2)


def test_formats_that_run_programs_are_no_images(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 50 40\n%%EndComments\n")
    with pytest.raises(ValueError, match=r"a\.jpg cannot be read as an image \(cannot identify"):
        read_image(tmp_path / "a.jpg")


def test_ids_of_fewer_bits_are_those_that_the_file_stores(tmp_path):
    ids = np.array([[0, 1, 2, 3], [3, 2, 1, 0]], np.uint8)
    for bits, rows in ((2, [0b00011011, 0b11100100]), (4, [0x01, 0x23, 0x32, 0x10])):
        raw = b"".join(b"\0" + bytes(rows[i : i + bits // 2]) for i in range(0, len(rows), bits // 2))
        (tmp_path / "few.png").write_bytes(png(4, 2, bits, 0, raw))
        np.testing.assert_array_equal(read_mask(tmp_path / "few.png"), ids)
    (tmp_path / "few.pgm").write_bytes(b"P5 4 2 20 " + ids.tobytes())
    np.testing.assert_array_equal(read_mask(tmp_path / "few.pgm"), ids)
    (tmp_path / "many.pgm").write_bytes(b"P5 4 2 458 " + (ids + np.uint16(400)).astype(">u2").tobytes())
    np.testing.assert_array_equal(read_mask(tmp_path / "many.pgm", np.uint16), ids.astype(int) + 400)


def test_masks_follow_their_exif_orientation_as_images_do(tmp_path):
    ids = np.arange(12, dtype=np.uint8).reshape(3, 4)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(ids).save(tmp_path / "lying.png", exif=exif)
    np.testing.assert_array_equal(read_mask(tmp_path / "lying.png"), np.rot90(ids, -1))


def test_a_name_that_is_not_utf_8(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")
    with open(path, "wb") as file:
        file.write(b"no image")
    with pytest.raises(ValueError, match=r"caf\\xe9\.jpg cannot be read as an image") as caught:
        read_image(path)
    str(caught.value).encode()
