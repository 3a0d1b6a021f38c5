"""Masks are found beside or apart from their images, whatever their tool calls them."""

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.cli import main
from deeplab_tf.datasets import inspect_dataset, open_dataset
from deeplab_tf.datasets.builders.folder_files import MASK_SUFFIXES, folder_pairs


def make(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.eye(40, dtype=np.uint8) + np.uint8(60 if "photo" in name else 0)).save(path)
    return folder


def listed(*arguments, **options):
    """Name, image and mask of each pair, as paths from the folder around."""
    pairs, around = folder_pairs(*arguments, **options), arguments[0].parent
    return [(pair.name, *(path.relative_to(around).as_posix() for path in (pair.image, pair.mask))) for pair in pairs]


@pytest.mark.parametrize("suffix", MASK_SUFFIXES)
def test_a_suffix_is_found_in_two_folders_and_in_one(tmp_path, suffix):
    make(tmp_path, "images/a.jpg", "images/b.png", f"masks/a{suffix}.png", f"masks/b{suffix}.png")
    assert listed(tmp_path / "images", tmp_path / "masks") == [
        ("a", "images/a.jpg", f"masks/a{suffix}.png"),
        ("b", "images/b.png", f"masks/b{suffix}.png"),
    ]
    make(tmp_path, "both/a.jpg", "both/deep/b.png", f"both/a{suffix}.png", f"both/deep/b{suffix}.png")
    expected = [("a", "both/a.jpg", f"both/a{suffix}.png"), ("deep/b", "both/deep/b.png", f"both/deep/b{suffix}.png")]
    assert listed(tmp_path / "both") == listed(tmp_path / "both", tmp_path / "both") == expected


def test_a_suffix_of_ones_own(tmp_path):
    make(tmp_path, "both/a.png", "both/a-klassen.png", "both/b.png")
    assert listed(tmp_path / "both", mask_suffix="-klassen") == [
        ("a", "both/a.png", "both/a-klassen.png"),
        ("b", "both/b.png", "both/b-klassen.png"),
    ]


def test_a_suffix_that_fits_no_mask_is_named(tmp_path, logged):
    make(tmp_path, "images/a.jpg", "masks/a_seg.png", "images/b.jpg", "masks/b.png")
    listed(tmp_path / "images", tmp_path / "masks", mask_suffix="_seg")
    assert not logged.messages
    listed(tmp_path / "images", tmp_path / "masks", mask_suffix="_gt")
    assert len(logged.messages) == 1
    assert "received '_gt', which none of the 2 in" in logged.messages[0]
    assert "a_seg.png for instance. Leave it out (--mask-suffix)" in logged.messages[0]
    make(tmp_path, "both/a.jpg", "both/a_seg.png")
    with pytest.raises(ValueError, match=r"of its name with '_gt' behind it\. Name .*--mask-suffix"):
        inspect_dataset(tmp_path / "both", mask_suffix="_gt")


def test_names_that_end_like_a_suffix_by_themselves_stay(tmp_path):
    make(tmp_path, *(f"{kind}/{name}.png" for kind in ("images", "masks") for name in ("gas_mask", "cat")))
    assert [name for name, *_ in listed(tmp_path / "images", tmp_path / "masks")] == ["cat", "gas_mask"]


def test_photographs_and_their_masks_of_one_name(tmp_path):
    make(tmp_path, "both/a.jpg", "both/a.png", "both/b.JPEG", "both/b.png", "both/c.jfif", "both/c.bmp")
    assert [mask for *_, mask in listed(tmp_path / "both")] == ["both/a.png", "both/b.png", "both/c.bmp"]


def test_masks_in_a_folder_among_the_images(tmp_path):
    make(tmp_path, "photos/a.jpg", "photos/masks/a.png")
    assert listed(tmp_path / "photos", tmp_path / "photos" / "masks") == [("a", "photos/a.jpg", "photos/masks/a.png")]


def test_a_folder_without_masks_says_what_was_expected(tmp_path):
    make(tmp_path, "photos/a.jpg", "photos/b.jpg")
    with pytest.raises(ValueError, match=r"photos holds no masks beside its images; .*--mask-suffix"):
        folder_pairs(tmp_path / "photos")


def test_photographs_among_which_some_are_pngs_are_no_pairs(tmp_path, capsys):
    make(tmp_path, "photos/a.jpg", "photos/b.jpg", "photos/c.png")
    with pytest.raises(ValueError, match=r"photos holds no masks beside its images; .*\(--masks\)"):
        folder_pairs(tmp_path / "photos")
    assert main(["inspect", str(tmp_path / "photos")]) == 2
    assert "a folder of images with that of its masks (--masks)" in capsys.readouterr().err


def test_an_image_is_not_taken_for_its_mask(tmp_path):
    make(tmp_path, "both/a.jpg", "both/a.png", "both/b.jpg")
    found = inspect_dataset(tmp_path / "both", labels=2).findings
    (missing,) = [finding.detail for finding in found if finding.kind == "missing_mask"]
    assert "b.png is missing; it should be the mask. Add it" in missing


def test_command_and_audit(tmp_path, capsys):
    make(tmp_path, "both/photo_1.jpg", "both/photo_2.ppm", "both/photo_3.jfif")
    for number in (1, 2, 3):
        Image.fromarray(np.eye(40, dtype=np.uint8)).save(tmp_path / "both" / f"photo_{number}_labels.png")
    assert main(["convert", "folder", "--images", str(tmp_path / "both"), "--output", str(tmp_path / "out")]) == 0
    assert open_dataset(tmp_path / "out").count("train") == 3
    assert main(["inspect", str(tmp_path / "both"), "--strict"]) == 0
    assert "3 images (train 3)" in capsys.readouterr().out
    assert inspect_dataset(tmp_path / "both", mask_suffix="_labels").images == 3
