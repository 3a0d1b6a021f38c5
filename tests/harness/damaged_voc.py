"""A damaged copy of a PASCAL VOC devkit: each kind of accident once, on files of its own.

    python tests/datasets/damaged_voc.py OUTPUT [DEVKIT]

Without DEVKIT a small one is drawn.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import shutil
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from deeplab_tf.datasets.builders.shapes import draw_image
from deeplab_tf.images import write_image, write_label_png
from deeplab_tf.labels import voc_colors

LISTS = Path("ImageSets", "Segmentation")
HEALTHY = 10
# The devkit's own files have colours for all 256 ids.
PALETTE = np.array(voc_colors(256))


@dataclasses.dataclass(frozen=True)
class Devkit:
    """The copy under damage: its folder and the names of its lists, to be written at the end."""

    root: Path
    train: list[str]
    val: list[str]

    def image(self, name: str) -> Path:
        return self.root / "JPEGImages" / f"{name}.jpg"

    def mask(self, name: str) -> Path:
        return self.root / "SegmentationClass" / f"{name}.png"

    def ids(self, name: str) -> np.ndarray:
        return np.array(Image.open(self.mask(name)))

    def write_ids(self, name: str, ids: np.ndarray) -> None:
        write_label_png(self.mask(name), ids, PALETTE)


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


IMAGE, MASK, LIST = "JPEGImages/{}.jpg", "SegmentationClass/{}.png", (LISTS / "train.txt").as_posix()

# What happens to a pair; the finding that is due; the files it is due for.
BAD: dict[str, tuple[Callable[[Devkit, str], object], tuple[tuple[str, str], ...]]] = {
    "truncated JPEG": (lambda kit, name: cut(kit.image(name)), (("damaged_image", IMAGE),)),
    "image of no bytes": (lambda kit, name: kit.image(name).write_bytes(b""), (("empty_file", IMAGE),)),
    "text named .jpg": (lambda kit, name: kit.image(name).write_text("404 Not Found"), (("not_an_image", IMAGE),)),
    "image deleted": (lambda kit, name: kit.image(name).unlink(), (("missing_image", IMAGE),)),
    "mask deleted": (lambda kit, name: kit.mask(name).unlink(), (("missing_mask", MASK),)),
    "id without files": (no_files, (("missing_image", IMAGE), ("missing_mask", MASK))),
    "truncated PNG": (lambda kit, name: cut(kit.mask(name)), (("damaged_mask", MASK),)),
    "PNG with a wrong checksum": (lambda kit, name: flip_checksum(kit.mask(name)), (("damaged_mask", MASK),)),
    "mask of no bytes": (lambda kit, name: kit.mask(name).write_bytes(b""), (("empty_file", MASK),)),
    "text named .png": (lambda kit, name: kit.mask(name).write_text("<html>"), (("not_an_image", MASK),)),
    "folder named .png": (folder_for_mask, (("not_a_file", MASK),)),
    "mask of another size": (other_size, (("size_mismatch", MASK),)),
    "image turned by EXIF": (lambda kit, name: orient(kit, name, 6), (("rotated_image", MASK),)),
    "mask in colours": (colours, (("colour_mask", MASK),)),
    "mask with transparency": (transparency, (("alpha_mask", MASK),)),
    "mask as JPEG": (jpeg_mask, (("lossy_mask", MASK),)),
    "mask of 16 bits": (sixteen_bits, (("wide_mask", MASK),)),
    "mask resized smoothly": (smooth_resizing, (("blurred_mask", MASK),)),
    "values that are no class": (strange_values, (("wrong_values", MASK),)),
    "another palette": (strange_palette, (("foreign_palette", MASK),)),
    "pipe named .jpg": (lambda kit, name: pipe(kit.image(name)), (("not_a_file", IMAGE),)),
    "pipe named .png": (lambda kit, name: pipe(kit.mask(name)), (("not_a_file", MASK),)),
    "image that states a huge size": (lambda kit, name: bomb(kit.image(name)), (("too_large", IMAGE),)),
    "mask that states a huge size": (lambda kit, name: bomb(kit.mask(name)), (("too_large", MASK),)),
    "image of five pages": (lambda kit, name: five_pages(kit.image(name)), (("several_pages", IMAGE),)),
    "mask of five pages": (lambda kit, name: five_pages(kit.mask(name)), (("several_pages", MASK),)),
    "infra-red declared as transparency": (
        lambda kit, name: as_tiff(kit, name, with_fourth_band(kit, name)),
        (("unclear_band", IMAGE),),
    ),
    "floats of 0 to 1": (
        lambda kit, name: as_tiff(kit, name, (grey(kit, name) / 255).astype(np.float32)),
        (("unclear_range", IMAGE),),
    ),
    "12 bits in 16": (
        lambda kit, name: as_tiff(kit, name, grey(kit, name).astype(np.uint16) * 16),
        (("unclear_range", IMAGE),),
    ),
    "signed values": (
        lambda kit, name: as_tiff(kit, name, grey(kit, name).astype(np.int32) - 128),
        (("unclear_range", IMAGE),),
    ),
    "id listed twice": (list_twice, (("double_id", IMAGE),)),
    "id that leads elsewhere": (leave_the_folder, (("unsafe_id", "JPEGImages/../other/{}.jpg"),)),
}
KEPT: dict[str, tuple[Callable[[Devkit, str], object], tuple[tuple[str, str], ...]]] = {
    "copy of a train image": (lambda kit, name: copy_of(kit, name, kit.train[0]), (("duplicate", IMAGE),)),
    "copy in val": (
        lambda kit, name: copy_of(kit, kit.val[0], name),
        (("duplicate_between_splits", "JPEGImages/{val}.jpg"),),
    ),
    "all ignored": (lambda kit, name: only(kit, name, 255), (("all_ignored", MASK),)),
    "0 and 255": (lambda kit, name: only(kit, name, 0, 255), (("binary_mask", MASK),)),
    "background alone": (lambda kit, name: only(kit, name, 0), (("one_class", MASK),)),
    "image upside down by EXIF": (lambda kit, name: orient(kit, name, 3), (("turned_image", IMAGE),)),
    "infra-red that nothing declares": (undeclared_band, (("extra_bands", IMAGE),)),
    "image half transparent": (half_transparent, (("transparent_image", IMAGE),)),
    "image almost black": (
        lambda kit, name: write_image(kit.image(name), np.asarray(Image.open(kit.image(name))) // 8, quality=95),
        (("dark_image", IMAGE),),
    ),
    "JPEG without its end": (without_its_end, (("stored_anew", IMAGE),)),
    "thumbnail": (shrink, (("tiny_image", IMAGE),)),
    "pair that no list names": (take_off_the_list, (("unlisted", MASK),)),
    "blank line": (blank_line, (("blank_line", LIST),)),
}
PAIRS = HEALTHY + len(BAD) + len(KEPT)


@dataclasses.dataclass(frozen=True)
class Damage:
    """What was done, and what is due.

    Args:
        root: The damaged devkit.
        findings: Kind and file, below `root`, of every finding that is due; nothing else may be accused.
        good: Names of the pairs that conversion has to keep, in order, by split.
    """

    root: Path
    findings: set[tuple[str, str]]
    good: dict[str, list[str]]


def draw_devkit(root: Path, train: int = PAIRS, val: int = 4, seed: int = 0) -> Path:
    """A devkit of drawn shapes: classes 0-5 and void, PASCAL VOC's palette and layout."""
    names = [f"2007_{index:06d}" for index in range(train + val)]
    for index, name in enumerate(names):
        image, ids = draw_image(np.random.default_rng([seed, index]), (64, 96))
        if ids.shape[0] == ids.shape[1]:
            image, ids = image[:-1], ids[:-1]
        write_image(root / "JPEGImages" / f"{name}.jpg", image, quality=92)
        write_label_png(root / "SegmentationClass" / f"{name}.png", ids, PALETTE)
    write_lists(root, names[:train], names[train:])
    return root


def write_lists(root: Path, train: Sequence[str], val: Sequence[str]) -> None:
    (root / LISTS).mkdir(parents=True, exist_ok=True)
    for split, names in (("train", train), ("val", val)):
        (root / LISTS / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))


def read_list(root: Path, split: str) -> list[str]:
    return (root / LISTS / f"{split}.txt").read_text().split()


def copy_devkit(source: Path, root: Path, train: int = PAIRS, val: int = 4) -> Path:
    """The first pairs of both lists of a devkit."""
    names = read_list(source, "train")[:train], read_list(source, "val")[:val]
    for folder, suffix in (("JPEGImages", ".jpg"), ("SegmentationClass", ".png")):
        (root / folder).mkdir(parents=True)
        for name in (*names[0], *names[1]):
            shutil.copy(source / folder / f"{name}{suffix}", root / folder)
    write_lists(root, *names)
    return root


def damage(root: Path) -> Damage:
    """Lets every accident happen to a devkit of at least `PAIRS` training pairs, in place."""
    train = read_list(root, "train")
    if len(train) < PAIRS:
        raise ValueError(f"{root} has {len(train)} training pairs; the accidents need {PAIRS}.")
    kit = Devkit(root, list(train), read_list(root, "val"))
    victims = dict(zip((*BAD, *KEPT), train[HEALTHY:]))
    findings = set()
    for accident, (happen, due) in (BAD | KEPT).items():
        name = victims[accident]
        happen(kit, name)
        findings |= {(kind, file.format(name, val=kit.val[0])) for kind, file in due}
    write_lists(root, kit.train, kit.val)
    # Of an id listed twice the first stays.
    lost = {victims[accident] for accident in BAD if accident != "id listed twice"}
    lost.add(victims["pair that no list names"])
    return Damage(root, findings, {"train": [name for name in train if name not in lost], "val": kit.val})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("devkit", type=Path, nargs="?")
    arguments = parser.parse_args()
    made = copy_devkit(arguments.devkit, arguments.output) if arguments.devkit else draw_devkit(arguments.output)
    for kind, file in sorted(damage(made).findings):
        print(f"{kind:26} {file}")


if __name__ == "__main__":
    main()
