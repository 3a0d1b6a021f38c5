"""Masks whose values have holes or are colours, and what is said where the classes cannot be counted."""

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.cli import main
from deeplab_tf.datasets import convert_folder, evaluation_images, inspect_dataset, open_dataset

SIZE = (40, 50)


def save(folder, name, pixels, **options):
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels)).save(folder / name, **options)


def stripes(*values, dtype=np.uint8):
    return np.repeat(np.resize(np.array(values, dtype), SIZE[0])[:, None], SIZE[1], axis=1)


@pytest.fixture
def made(tmp_path):
    """Two images; their masks are for the test to write."""
    for name in "ab":
        save(tmp_path / "images", f"{name}.png", np.full((*SIZE, 3), 90 + ord(name), np.uint8))
    return tmp_path


def both_masks(made, pixels, name="{}.png", **options):
    for stem in "ab":
        save(made / "masks", name.format(stem), pixels, **options)


def convert(made, **options):
    return convert_folder(made / "images", made / "masks", made / "out", workers=1, **options)


def stored(made, split="train"):
    return [example["label"] for example in evaluation_images(open_dataset(made / "out"), split).as_numpy_iterator()]


@pytest.mark.parametrize("values", [(0, 255), (0, 80, 160), (0, 1000, 40000)], ids=str)
def test_ids_say_which_values_are_classes(made, values):
    both_masks(made, stripes(*values, dtype=np.uint16 if max(values) > 255 else np.uint8))
    report = convert(made, ids=values)
    assert report.labels.names == tuple(f"value_{value}" for value in values)
    np.testing.assert_array_equal(stored(made)[0], stripes(*range(len(values))))
    # A second split is read as the first was.
    convert(made, split="val")
    np.testing.assert_array_equal(stored(made, "val")[0], stripes(*range(len(values))))


@pytest.mark.parametrize("values, option", [((0, 255), "0,255"), ((0, 80, 160), "0,80,160")])
def test_values_too_far_apart_ask_for_the_option_that_then_works(made, values, option, capsys):
    both_masks(made, stripes(*values))
    arguments = ["--images", made / "images", "--masks", made / "masks", "--output", made / "out", "--val-share", "0.5"]
    command = ["convert", "folder", *map(str, arguments)]
    assert main(command) == 2
    assert f"--ids {option} (ids=[{option.replace(',', ', ')}])" in capsys.readouterr().err
    (made / "names.txt").write_text("\n".join(f"thing {value}" for value in values))
    assert main([*command, "--ids", option, "--class-names", str(made / "names.txt")]) == 0
    assert open_dataset(made / "out").labels.names[-1] == f"thing {values[-1]}"
    np.testing.assert_array_equal(stored(made, "val")[0], stripes(*range(len(values))))


def test_a_class_that_no_mask_holds_is_noted(made):
    both_masks(made, stripes(0, 1, 2, 4))
    report = convert(made)
    assert report.labels.classes == 5
    assert "no mask holds the value(s) 3" in str(report)
    assert "--ids 0,1,2,4" in str(report)


def test_ids_that_do_not_fit_are_refused(made):
    both_masks(made, stripes(0, 7, 9))
    with pytest.raises(ValueError, match=r"a\.png holds the value\(s\) 9; expected 0, 7 \(ids\) or 255"):
        convert(made, ids=(0, 7))
    with pytest.raises(ValueError, match="Received 3 ids .* for 2 classes"):
        convert(made, ids=(0, 7, 9), labels=2)
    with pytest.raises(ValueError, match="different whole numbers from 0 to 65535"):
        convert(made, ids=(0, 7, 7))
    with pytest.raises(ValueError, match="different whole numbers from 0 to 65535"):
        convert(made, ids=(0, 70000), labels=2)


UNREADABLE = {
    "RGB": ({"pixels": np.full((*SIZE, 3), (1, 2, 3), np.uint8)}, "is a RGB image"),
    "JPEG": ({"pixels": stripes(0, 1), "name": "{}.jpg"}, "is a JPEG, whose compression"),
    # Pillow 10 opens 16 bits as I, later ones as I;16.
    "16 bits": ({"pixels": stripes(0, 300, dtype=np.uint16)}, "is a I(;16)? image"),
}


@pytest.mark.parametrize("made_with, reason", UNREADABLE.values(), ids=UNREADABLE)
def test_the_true_reason_is_said_where_classes_are_counted_first(made, made_with, reason):
    both_masks(made, **made_with)
    with pytest.raises(ValueError, match=rf"cannot be counted .* 2 of 2 masks cannot be read: .*a\.\w+ {reason}"):
        convert(made)


def test_the_true_reason_is_said_of_cut_masks(made):
    both_masks(made, stripes(0, 0))
    path = made / "masks" / "b.png"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ValueError, match=r"only \[0\] besides 255 .* 1 of 2 masks cannot be read: .*b\.png cannot be"):
        convert(made)


def test_masks_of_other_names_are_said_to_be_missing(made):
    save(made / "masks", "c.png", stripes(0, 0))
    with pytest.raises(ValueError, match=r"only \[0\] besides 255 .* 2 of 3 masks cannot be read: .*a\.png is missing"):
        convert(made)


COLORS = {"sky": (70, 130, 180), "road": (128, 64, 128), "car": (0, 0, 142)}


def colored(*names):
    rows = [COLORS.get(name, (224, 224, 192)) for name in names]
    return np.repeat(np.resize(np.array(rows, np.uint8), (SIZE[0], 3))[:, None], SIZE[1], axis=1)


def test_colour_masks_are_mapped_by_the_colours_of_the_names(made):
    (made / "names.txt").write_text("".join(f"{name} {r} {g} {b}\n" for name, (r, g, b) in COLORS.items()))
    both_masks(made, colored("car", "sky", "road", "void"))
    assert convert(made, class_names=made / "names.txt").labels.names == ("sky", "road", "car")
    np.testing.assert_array_equal(stored(made)[1], stripes(2, 0, 1, 255))
    found = inspect_dataset(made / "images", masks=made / "masks", labels=open_dataset(made / "out").labels)
    assert (found.errors, found.class_pixels) == (0, (1000, 1000, 1000))


def test_colours_that_are_no_class_are_named(made):
    (made / "names.txt").write_text("sky 70 130 180\nroad 128 64 128\n")
    both_masks(made, colored("car", "sky"))
    with pytest.raises(ValueError, match=r"a\.png has 1000 pixels of colours .*\(0, 0, 142\).* lines of NAME R G B"):
        convert(made, class_names=made / "names.txt")
    (made / "names.txt").write_text("sky 70 130 180\nroad 70 130 180\n")
    with pytest.raises(ValueError, match="have a colour in common: sky, road"):
        convert(made, class_names=made / "names.txt")


def test_the_audit_names_values_with_holes_and_reads_them_as_the_remedy_does(made):
    both_masks(made, stripes(0, 80, 160))
    found = inspect_dataset(made / "images", masks=made / "masks", workers=1)
    assert {finding.kind for finding in found.findings} == {"sparse_ids", "duplicate"} - {"duplicate"}
    assert "--ids 0,80,160" in found.table()
    assert found.labels.names == ("value_0", "value_80", "value_160")
    assert main(["inspect", str(made / "images"), "--masks", str(made / "masks"), "--ids", "0,80,160", "--strict"]) == 0
