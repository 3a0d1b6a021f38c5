"""A damaged PASCAL VOC devkit: each kind of accident once, on files of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from deeplab_tf.images import write_image
from harness.accidents import (
    as_tiff,
    blank_line,
    bomb,
    colours,
    copy_of,
    cut,
    five_pages,
    flip_checksum,
    folder_for_mask,
    grey,
    half_transparent,
    jpeg_mask,
    leave_the_folder,
    list_twice,
    no_files,
    only,
    orient,
    other_size,
    pipe,
    shrink,
    sixteen_bits,
    smooth_resizing,
    strange_palette,
    strange_values,
    take_off_the_list,
    transparency,
    undeclared_band,
    with_fourth_band,
    without_its_end,
)
from harness.voc_devkit import LISTS, Devkit, read_list, write_lists

HEALTHY = 10
IMAGE, MASK, LIST = "JPEGImages/{}.jpg", "SegmentationClass/{}.png", (LISTS / "train.txt").as_posix()

Accident = tuple[Callable[[Devkit, str], object], tuple[tuple[str, str], ...]]
# What happens to a pair; the finding that is due; the files it is due for.
BAD: dict[str, Accident] = {
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
KEPT: dict[str, Accident] = {
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
