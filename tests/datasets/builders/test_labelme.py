"""Folders as labelme leaves them."""

import base64
import pickle

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.cli import main
from deeplab_tf.datasets import open_dataset
from deeplab_tf.datasets.builders.labelme import labelme_pairs
from harness.labelme_files import PIXELS, H, W, box, convert, expected, write, write_two


@pytest.fixture
def folder(tmp_path):
    return write_two(tmp_path / "photos", "more/b")


def test_collected_labels_in_the_order_of_the_alphabet(folder):
    report, found = convert(folder)
    assert report.images == {"train": 2}
    assert report.labels.names == ("_background_", "cat", "dog")
    assert list(found) == ["a", "more/b"]
    for name, example in found.items():
        np.testing.assert_array_equal(example["image"], PIXELS)
        np.testing.assert_array_equal(example["label"], expected(name))
    assert sorted(path.name for path in report.path.iterdir()) == ["dataset.json", "train-00000-of-00001.tfrecord"]


@pytest.mark.parametrize(
    "lines, names, cat, dog",
    [
        ("__ignore__\n_background_\ndog\ncat\n", ("_background_", "dog", "cat"), 2, 1),
        ("dog\nbird\ncat", ("_background_", "dog", "bird", "cat"), 3, 1),
    ],
)
def test_class_names_of_labelme(folder, lines, names, cat, dog):
    (folder / "labels.txt").write_text(lines)
    report, found = convert(folder, class_names=folder / "labels.txt")
    assert report.labels.names == names
    for name, example in found.items():
        np.testing.assert_array_equal(example["label"], expected(name, cat, dog))


def test_background_may_have_any_id(folder):
    (folder / "labels.txt").write_text("cat\ndog\nbackground\n")
    _, found = convert(folder, class_names=folder / "labels.txt")
    mask = expected("a", cat=10, dog=11)
    np.testing.assert_array_equal(found["a"]["label"], np.where(mask == 0, 2, mask - 10))


def test_unknown_labels(folder):
    (folder / "labels.txt").write_text("_background_\ncat\n")
    with pytest.raises(ValueError, match=r"1 of 2 pairs are bad: .*a\.json has shapes of unknown labels: 'dog'"):
        convert(folder, class_names=folder / "labels.txt")
    _, found = convert(folder, class_names=folder / "labels.txt", ignore_unknown=True)
    np.testing.assert_array_equal(found["a"]["label"], expected("a", 1, 255))


def test_later_split_takes_the_labels_that_are_there(folder):
    convert(folder, split="train")
    (folder / "a.json").unlink()
    report, _ = convert(folder, split="val")
    assert report.labels.names == ("_background_", "cat", "dog")
    report, _ = convert(folder, split="val", overwrite=True)
    assert open_dataset(report.path).splits.keys() == {"train", "val"}


def test_share_for_validation(folder):
    report, _ = convert(folder, val_share=0.5)
    assert report.images == {"train": 1, "val": 1}


def test_image_inside_the_file_is_taken_where_no_other_is(folder):
    image = (folder / "a.png").read_bytes()
    (folder / "a.png").unlink()
    write(folder, "a", [box("cat", 0, 0, 5, 5)], None, imageData=base64.b64encode(image).decode())
    report, found = convert(folder)
    np.testing.assert_array_equal(found["a"]["image"], PIXELS)
    assert sorted(path.name for path in report.path.iterdir()) == ["dataset.json", "train-00000-of-00001.tfrecord"]
    write(folder, "a", [box("cat", 0, 0, 5, 5)], None, imageData="!")
    with pytest.raises(ValueError, match=r"the image inside .*a\.json cannot be read as an image") as refused:
        convert(folder, overwrite=True)
    assert "extracted" not in str(refused.value)
    assert sorted(path.name for path in report.path.iterdir()) == ["dataset.json", "train-00000-of-00001.tfrecord"]


def test_image_path_of_another_machine_and_of_the_folder_above(folder):
    write(folder, "a", [box("cat", 0, 0, 5, 5)], imagePath="C:\\photos\\2019\\a.png")
    (folder / "more" / "b.png").rename(folder / "c.png")
    write(folder, "more/b", [], None, imagePath="..\\c.png")
    assert [pair.image.resolve() for pair in labelme_pairs(folder)[0]] == [folder / "a.png", folder / "c.png"]


def test_turned_photo_is_labelled_upright(folder):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.ascontiguousarray(np.rot90(PIXELS))).save(folder / "a.png", exif=exif)
    _, found = convert(folder)
    np.testing.assert_array_equal(found["a"]["image"], PIXELS)
    np.testing.assert_array_equal(found["a"]["label"], expected("a"))


def test_early_version_without_sizes_and_types(folder):
    shapes = [{"label": "cat", "line_color": None, "fill_color": None, "points": [[1, 1], [4, 1], [4, 4], [1, 4]]}]
    write(folder, "a", shapes, version="3.2.1", imageHeight=None, imageWidth=None)
    _, found = convert(folder)
    mask = np.zeros((H, W))
    mask[1:5, 1:5] = 1
    np.testing.assert_array_equal(found["a"]["label"], mask)


def test_pairs_can_go_to_other_processes(folder):
    for pair in pickle.loads(pickle.dumps(labelme_pairs(folder)[0])):
        np.testing.assert_array_equal(pair.read(pair.mask), expected(pair.name))


@pytest.mark.parametrize(
    "break_it, message",
    [
        (lambda folder: (folder / "a.png").unlink(), r"a\.png is missing"),
        (lambda folder: (folder / "a.json").write_text('{"shapes": ['), r"a\.json cannot be read as a JSON file"),
        (
            lambda folder: (folder / "a.json").write_text('{"images": []}'),
            r"a\.json is not a labelme file.*\['images'\]",
        ),
        (lambda folder: (folder / "a.json").write_text("[1]"), r"a\.json is not a labelme file.*list"),
        (lambda folder: write(folder, "a", [{"points": []}]), r"a\.json: shape 1 has no label"),
        (lambda folder: write(folder, "a", [box("cat", 40, 0, 50, 5)]), r"a\.json: shape 1 .* lies outside"),
        (lambda folder: write(folder, "a", [], imageHeight=W, imageWidth=H), r"a\.json has 20x31 .*a\.png has 31x20"),
    ],
)
def test_accidents_are_named_and_can_be_skipped(folder, break_it, message):
    break_it(folder)
    with pytest.raises(ValueError, match=rf"1 of 2 pairs are bad: .*{message}"):
        convert(folder)
    report, found = convert(folder, skip_bad=True)
    assert list(found) == ["more/b"]
    assert [name for name, _ in report.skipped] == ["a"]


def test_command(folder, tmp_path, capsys):
    arguments = ["convert", "labelme", "--folder", folder, "--output", tmp_path / "out", "--workers", 1]
    assert main([str(argument) for argument in arguments]) == 0
    assert "train 2 images; 3 classes (_background_, cat, dog)" in capsys.readouterr().out
    (folder / "labels.txt").write_text("_background_\ncat\n")
    more = ["--class-names", folder / "labels.txt", "--overwrite"]
    assert main([str(argument) for argument in arguments + more]) == 2
    assert "unknown labels: 'dog'" in capsys.readouterr().err
    assert main([str(argument) for argument in [*arguments, *more, "--ignore-unknown"]]) == 0


def test_an_image_path_that_no_file_can_have(folder):
    path = write(folder, "a", [box("dog", 2, 3, 10, 8)], image=None, imagePath="\ud800.png")
    path.with_suffix(".png").unlink()
    with pytest.raises(ValueError, match=r"a\.json"):
        convert(folder)


def test_nothing_to_convert(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    for name, message in (("empty", "empty holds no JSON files"), ("gone", "gone is not a folder")):
        with pytest.raises(ValueError, match=message):
            convert(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"^There is no \S+gone\.txt\. Check the path\.$"):
        convert(folder, class_names=tmp_path / "gone.txt")
    assert not (tmp_path / "out").exists()
    for path in folder.rglob("*.json"):
        path.unlink()
    write(folder, "a", [box("__ignore__", 0, 0, 5, 5)])
    with pytest.raises(ValueError, match=r"No file in .* \(a\.json\) has a shape of a class"):
        convert(folder)
    for option in ("line_width", "point_radius"):
        with pytest.raises(ValueError, match=f"{option} must be a whole number above 0"):
            convert(folder, **{option: 0})
