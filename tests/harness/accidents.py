"""What happens to files and lists of a devkit: one accident in each function."""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
from pathlib import Path

import numpy as np
from PIL import Image

from deeplab_tf.images import write_image, write_label_png
from harness.voc_devkit import Devkit


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def flip_checksum(path: Path) -> None:
    content = bytearray(path.read_bytes())
    # The last four bytes before the closing IEND chunk (12 bytes) are the checksum of the pixels' chunk.
    content[-13] ^= 0xFF
    path.write_bytes(content)


def orient(kit: Devkit, name: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.open(kit.image(name)).save(kit.image(name), quality=95, exif=exif)


def other_size(kit: Devkit, name: str) -> None:
    kit.write_ids(name, kit.ids(name)[:-3])


def colours(kit: Devkit, name: str) -> None:
    Image.open(kit.mask(name)).convert("RGB").save(kit.mask(name))


def transparency(kit: Devkit, name: str) -> None:
    Image.open(kit.mask(name)).convert("RGBA").save(kit.mask(name))


def strange_values(kit: Devkit, name: str) -> None:
    ids = kit.ids(name)
    ids[10:30, 10:30] = 77
    kit.write_ids(name, ids)


def jpeg_mask(kit: Devkit, name: str) -> None:
    Image.fromarray(kit.ids(name)).save(kit.mask(name), "JPEG", quality=90)


def sixteen_bits(kit: Devkit, name: str) -> None:
    Image.fromarray(kit.ids(name).astype(np.uint16) * 257).save(kit.mask(name))


def strange_palette(kit: Devkit, name: str) -> None:
    palette = np.random.default_rng(1).integers(1, 256, (256, 3))
    write_label_png(kit.mask(name), kit.ids(name), palette)


def smooth_resizing(kit: Devkit, name: str) -> None:
    ids = Image.fromarray(kit.ids(name))
    smaller = ids.resize((ids.width * 3 // 4, ids.height * 3 // 4), Image.Resampling.NEAREST)
    kit.write_ids(name, np.asarray(smaller.resize(ids.size, Image.Resampling.BILINEAR)))


def folder_for_mask(kit: Devkit, name: str) -> None:
    kit.mask(name).unlink()
    kit.mask(name).mkdir()


def list_twice(kit: Devkit, name: str) -> None:
    kit.train.append(name)


def leave_the_folder(kit: Devkit, name: str) -> None:
    (kit.root / "other").mkdir()
    for path in (kit.image(name), kit.mask(name)):
        path.rename(kit.root / "other" / path.name)
    kit.train[kit.train.index(name)] = f"../other/{name}"


def no_files(kit: Devkit, name: str) -> None:
    kit.image(name).unlink()
    kit.mask(name).unlink()


def copy_of(kit: Devkit, name: str, other: str) -> None:
    shutil.copy(kit.image(other), kit.image(name))
    shutil.copy(kit.mask(other), kit.mask(name))


def only(kit: Devkit, name: str, *values: int) -> None:
    """A mask of stripes of these values alone."""
    ids = kit.ids(name)
    ids[:] = np.resize(np.repeat(values, len(ids) // 2 + 1)[: len(ids)], len(ids))[:, None]
    kit.write_ids(name, ids)


def shrink(kit: Devkit, name: str) -> None:
    write_image(kit.image(name), np.asarray(Image.open(kit.image(name)).resize((24, 16))))
    kit.write_ids(name, np.asarray(Image.open(kit.mask(name)).resize((24, 16), Image.Resampling.NEAREST)))


def take_off_the_list(kit: Devkit, name: str) -> None:
    kit.train.remove(name)


def blank_line(kit: Devkit, name: str) -> None:
    kit.train.insert(2, "")


def as_tiff(kit: Devkit, name: str, pixels: np.ndarray, **options) -> None:
    """Other pixels under the image's name, which says JPEG."""
    Image.fromarray(pixels).save(kit.image(name), "TIFF", **options)


def grey(kit: Devkit, name: str) -> np.ndarray:
    return np.asarray(Image.open(kit.image(name)).convert("L"))


def with_fourth_band(kit: Devkit, name: str) -> np.ndarray:
    image = np.asarray(Image.open(kit.image(name)))
    return np.concatenate([image, np.clip(image[..., :1], 1, 254)], axis=-1)


def undeclared_band(kit: Devkit, name: str) -> None:
    as_tiff(kit, name, with_fourth_band(kit, name))
    declared, other = (struct.pack("<HHIHH", 338, 3, 1, value, 0) for value in (2, 0))
    content = kit.image(name).read_bytes()
    kit.image(name).write_bytes(content.replace(declared, other))


def five_pages(path: Path) -> None:
    image = Image.open(path)
    image.save(path, "TIFF", save_all=True, append_images=[image] * 4)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def bomb(path: Path) -> None:
    sizes = struct.pack("<IiiHHIIiiII", 40, 60000, 60000, 1, 24, *[0] * 6)
    path.write_bytes(b"BM" + struct.pack("<IHHI", 58, 0, 0, 54) + sizes)


def half_transparent(kit: Devkit, name: str) -> None:
    image = Image.open(kit.image(name))
    image.putalpha(128)
    image.save(kit.image(name), "PNG")


def without_its_end(kit: Devkit, name: str) -> None:
    """The last two bytes are cut off, of such a JPEG that Pillow reads it all the same."""
    image = Image.open(kit.image(name)).convert("RGB")
    for shift in range(400):
        rolled = Image.fromarray(np.roll(np.asarray(image), shift // 4, axis=1))
        rolled.save(kit.image(name), "JPEG", quality=96 - shift % 4)
        kit.image(name).write_bytes(kit.image(name).read_bytes()[:-2])
        with contextlib.suppress(OSError):
            Image.open(kit.image(name)).load()
            return
    raise AssertionError("Pillow refuses them all.")
