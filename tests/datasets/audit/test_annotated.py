"""The way of an annotator: label, inspect, convert, open."""

import base64
import collections
import json
import tempfile

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.cli import main
from deeplab_tf.datasets import evaluation_images, inspect_dataset, open_dataset
from deeplab_tf.datasets.builders.class_names import read_class_names
from harness.exports import cvat, label_studio, roboflow, save_image, x_anylabeling
from harness.labelme_files import box, write


def labelme(root):
    """Both ways of labelme: the image beside its file, and inside."""
    write(root, "a", [box("cat", 2, 3, 10, 8), box("dog", 5, 5, 20, 12)])
    inside = write(root, "b", [box("dog", 0, 0, 30, 2)])
    data = base64.b64encode((root / "b.png").read_bytes()).decode()
    inside.write_text(json.dumps(json.loads(inside.read_text()) | {"imageData": data}))
    (root / "b.png").unlink()
    first, second = np.zeros((2, 20, 31), np.uint8)
    first[3:9, 2:11] = 1
    first[5:13, 5:21] = 2
    second[0:3] = 2
    return ("_background_", "cat", "dog"), {"train": {"a": first, "b": second}}


def run(*arguments):
    return main([str(argument) for argument in arguments])


@pytest.mark.parametrize("make", [labelme, x_anylabeling, cvat, roboflow, label_studio])
def test_inspect_convert_open(tmp_path, make, capsys):
    names, masks = make(tmp_path / "labelled")
    before = sorted(path for path in (tmp_path / "labelled").rglob("*"))
    assert run("inspect", tmp_path / "labelled", "--strict", "--json", tmp_path / "audit.json") == 0
    assert sorted(path for path in (tmp_path / "labelled").rglob("*")) == before
    audit = json.loads((tmp_path / "audit.json").read_text())
    assert audit["splits"] == {split: len(members) for split, members in masks.items()}
    every = [mask for members in masks.values() for mask in members.values()]
    pixels = [sum(int((mask == value).sum()) for mask in every) for value in range(3)]
    assert [(one["name"], one["pixels"]) for one in audit["classes"]] == list(zip(names, pixels))

    own = make in (labelme, x_anylabeling)
    arguments = ["labelme", "--folder"] if own else ["coco", "--annotations"]
    assert run("convert", *arguments, tmp_path / "labelled", "--output", tmp_path / "out") == 0, capsys.readouterr().err
    dataset = open_dataset(tmp_path / "out")
    assert dataset.labels.names == names
    for split, members in masks.items():
        found = {one["filename"].decode(): one for one in evaluation_images(dataset, split).as_numpy_iterator()}
        assert found.keys() == members.keys()
        for name, mask in members.items():
            np.testing.assert_array_equal(found[name]["label"], mask)
    assert run("inspect", tmp_path / "out", "--json", tmp_path / "after.json") == 0
    assert json.loads((tmp_path / "after.json").read_text())["classes"] == audit["classes"]


def kinds(inspection):
    return collections.Counter(finding.kind for finding in inspection.findings)


def test_findings_of_a_labelme_folder(tmp_path):
    folder = tmp_path / "photos"
    write(folder, "a", [box("cat", 2, 3, 10, 8), box("Cat ", 5, 5, 20, 12)])
    write(folder, "b", [box("cat", 0, 0, 5, 5)], imagePath="DSC_1.jpg")
    write(folder, "c", [box("cat", 0, 0, 5, 5)], None, imagePath="DSC_2.jpg")
    write(folder, "d", [box("cat", 50, 50, 55, 55)], np.zeros((20, 31, 3), np.uint8))
    (folder / "e.json").write_bytes('{"shapes": [{"label": "行人"}]}'.encode("gbk"))
    write(folder, "f", [box("cat", 0, 0, 5, 5)], np.ones((20, 31, 3), np.uint8), imageHeight=60_000, imageWidth=60_000)
    save_image(folder / "alone.jpg", 9)
    found = inspect_dataset(folder, workers=1)
    by_file = {finding.file.rsplit("/", 1)[-1]: finding for finding in found.findings if finding.severity == "error"}
    assert by_file["DSC_2.jpg"].kind == "missing_image"
    assert "c.json names the image 'DSC_2.jpg'" in by_file["DSC_2.jpg"].detail
    assert "lies outside its image" in by_file["d.json"].detail
    assert "which is UTF-8" in by_file["e.json"].detail
    assert by_file["f.json"].kind == "size_mismatch"
    assert kinds(found)["labels"] == 2
    assert kinds(found)["unlabelled"] == 1
    assert any("alone.jpg has no labels" in finding.detail for finding in found.findings)
    assert found.labels.names == ("_background_", "Cat", "cat")


def test_labelme_folder_with_class_names(tmp_path, capsys):
    labelme(tmp_path / "labelled")
    (tmp_path / "labels.txt").write_text("__ignore__\n_background_\ndog\n")
    line = ["inspect", tmp_path / "labelled", "--class-names", tmp_path / "labels.txt", "--strict"]
    assert run(*line, "--json", tmp_path / "audit.json") == 1
    assert f"{'':19}a.json has shapes of unknown labels: 'cat'; known are" in capsys.readouterr().out
    assert "unknown labels: 'cat'" in (tmp_path / "audit.json").read_text()
    (tmp_path / "labels.txt").write_text("__ignore__\ndog\ncat\n")
    assert run(*line) == 0


def test_folder_whose_files_cannot_be_read_is_still_one_of_labelme(tmp_path):
    folder = tmp_path / "photos"
    write(folder, "a", [])
    (folder / "a.json").write_bytes('{"shapes": [{"label": "行人"}]}'.encode("gbk"))
    (error,) = (finding for finding in inspect_dataset(folder).findings if finding.severity == "error")
    assert "a.json cannot be read as a JSON file, which is UTF-8" in error.detail


def test_export_by_its_file_and_split(tmp_path):
    roboflow(tmp_path / "flow")
    found = inspect_dataset(tmp_path / "flow", "val")
    assert found.splits == {"val": 1}
    assert inspect_dataset(tmp_path / "flow" / "valid" / "_annotations.coco.json").class_pixels == found.class_pixels
    with pytest.raises(ValueError, match=r"no split 'night'; it has \['test', 'train', 'val'\]"):
        inspect_dataset(tmp_path / "flow", "night")
    (tmp_path / "flow" / "valid" / "_annotations.coco.json").write_text("[1]")
    with pytest.raises(ValueError, match=r"valid/_annotations\.coco\.json is not a COCO annotation file"):
        inspect_dataset(tmp_path / "flow")


def test_file_of_an_export_on_the_command_line(tmp_path, capsys):
    label_studio(tmp_path / "export")
    before = sorted((tmp_path / "export").rglob("*"))
    assert run("inspect", tmp_path / "export" / "result.json") == 0
    assert "2 images (train 2)" in capsys.readouterr().out
    assert sorted((tmp_path / "export").rglob("*")) == before
    assert run("inspect", tmp_path / "export" / "gone.json") == 2
    assert "gone.json is not a folder" in capsys.readouterr().err


def test_labels_of_an_export(tmp_path):
    cvat(tmp_path / "cvat")
    (tmp_path / "names.txt").write_text("bird\ndog\ncat\n")
    labels = read_class_names(tmp_path / "names.txt")
    plain, named = inspect_dataset(tmp_path / "cvat"), inspect_dataset(tmp_path / "cvat", labels=labels)
    assert inspect_dataset(tmp_path / "cvat", labels=tmp_path / "names.txt").to_dict() == named.to_dict()
    assert named.labels.names == ("_background_", "bird", "dog", "cat")
    assert named.class_pixels == (plain.class_pixels[0], 0, plain.class_pixels[2], plain.class_pixels[1])
    with pytest.raises(ValueError, match="expected the background first, .*every category, also 'cat'"):
        inspect_dataset(tmp_path / "cvat", labels=3)


def test_images_inside_leave_nothing_in_the_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    labelme(tmp_path / "labelled")
    assert inspect_dataset(tmp_path / "labelled").errors == 0
    assert not list((tmp_path / "temporary").iterdir())


def test_labels_drawn_on_a_photo_that_lies(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = write(tmp_path / "photos", "a", [box("cat", 0, 0, 5, 5)])
    Image.open(path.with_suffix(".png")).save(path.with_suffix(".png"), exif=exif)
    (error,) = (finding for finding in inspect_dataset(tmp_path / "photos").findings if finding.severity == "error")
    assert error.kind == "rotated_image"
    assert "a.json has 31x20 pixels but its image" in error.detail
