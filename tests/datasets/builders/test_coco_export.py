"""The way of an annotator: from an export in its tool's own layout to a data set, pixel for pixel."""

import json
import pickle

import numpy as np
import pytest

from deeplab_tf.cli import main
from deeplab_tf.datasets import convert_coco_export, evaluation_images, open_dataset
from deeplab_tf.datasets.builders.coco_listing import annotation_files
from harness.exports import H, W, annotation, box, cvat, image_entry, label_studio, roboflow, save_image, write_json


def examples(path):
    dataset = open_dataset(path)
    return {
        split: {
            example["filename"].decode(): example for example in evaluation_images(dataset, split).as_numpy_iterator()
        }
        for split in dataset.splits
    }


@pytest.mark.parametrize("make", [cvat, roboflow, label_studio])
def test_export_by_its_folder(tmp_path, make, capsys):
    names, masks = make(tmp_path / "export")
    arguments = ["convert", "coco", "--annotations", tmp_path / "export", "--output", tmp_path / "out"]
    assert main([str(argument) for argument in arguments]) == 0, capsys.readouterr().err
    assert open_dataset(tmp_path / "out").labels.names == names
    found = examples(tmp_path / "out")
    assert found.keys() == masks.keys()
    for split, members in masks.items():
        assert found[split].keys() == members.keys()
        for name, mask in members.items():
            np.testing.assert_array_equal(found[split][name]["label"], mask)


@pytest.mark.parametrize(
    "make, file, split",
    [
        (cvat, "annotations/instances_default.json", "train"),
        (roboflow, "valid/_annotations.coco.json", "val"),
        (label_studio, "result.json", "train"),
    ],
)
def test_export_by_its_file(tmp_path, make, file, split):
    _, masks = make(tmp_path / "export")
    assert convert_coco_export(tmp_path / "export" / file, tmp_path / "out").images == {split: len(masks[split])}
    again = convert_coco_export(tmp_path / "export" / file, tmp_path / "out", split="other")
    assert again.images == {"other": len(masks[split])}


def test_split_in_the_name_of_the_file(tmp_path):
    for name in ("instances_val2017", "instances_Train", "instances_default", "labels", "instances_night"):
        assert annotation_files(tmp_path / f"{name}.json").keys() == {
            {"instances_val2017": "val", "instances_night": "night"}.get(name, "train")
        }


def test_crowds(tmp_path):
    _, masks = cvat(tmp_path / "export")
    report = convert_coco_export(tmp_path / "export", tmp_path / "out", crowds="ignore")
    label = examples(tmp_path / "out")["train"]["images/b"]["label"]
    np.testing.assert_array_equal(label, np.where(masks["train"]["images/b"] == 2, 255, 0))
    assert any("1 annotations are marked iscrowd: ignored" in note for note in report.notes)
    report = convert_coco_export(tmp_path / "export", tmp_path / "out", overwrite=True)
    assert any("iscrowd: their class, as CVAT" in note for note in report.notes)


@pytest.fixture
def export(tmp_path):
    """Five images, three of cats, two of dogs; and a function that changes the file and gives its path."""
    for index in range(5):
        save_image(tmp_path / "photos" / f"{index}.jpg", index)
    content = {
        "images": [image_entry(index, f"/home/x/photos/{index}.jpg") for index in range(5)],
        "categories": [{"id": 3, "name": "cat "}, {"id": 90, "name": "dog"}],
        "annotations": [annotation(index, index, 90 if index > 2 else 3, [box(2, 2, 9, 9)]) for index in range(5)],
    }

    def write(change=None):
        changed = json.loads(json.dumps(content))
        if change is not None:
            change(changed)
        write_json(tmp_path / "labels" / "mine.json", changed)
        return tmp_path / "labels" / "mine.json"

    return write


def convert(path, **options):
    options = {"images": path.parents[1] / "photos", "workers": 1} | options
    return convert_coco_export(path, path.parents[1] / "out", **options)


def test_share_for_validation_has_every_class(export):
    report = convert(export(), val_share=0.2)
    assert report.images == {"train": 3, "val": 2}
    assert report.labels.names == ("background", "cat", "dog")
    assert any("blanks" in note for note in report.notes)
    for members in examples(report.path).values():
        assert {one for example in members.values() for one in np.unique(example["label"])} == {0, 1, 2}


def test_background_among_the_categories(export):
    def change(content):
        content["categories"][0]["name"] = "Background"

    report = convert(export(change))
    assert report.labels.names == ("background", "dog")
    assert not examples(report.path)["train"]["1"]["label"].any()
    assert examples(report.path)["train"]["4"]["label"].max() == 1


def test_image_without_annotations_is_told(export):
    report = convert(export(lambda content: content["annotations"].pop()))
    assert report.images == {"train": 5}
    assert any("1 of 5 images" in note and "no annotation" in note for note in report.notes)


def test_polygon_without_the_list_around_it(export):
    report = convert(export(lambda content: content["annotations"][0].update(segmentation=box(2, 2, 9, 9))))
    assert examples(report.path)["train"]["0"]["label"].sum() == 49


@pytest.mark.parametrize(
    "segmentation, reason",
    [
        ([], "annotation 1 has no outline: .*A box"),
        (None, "annotation 1 has no outline"),
        (5, "annotation 1 has no outline"),
        ("outline", "annotation 1 has no outline"),
        ([["1", "2"]], "annotation 1 has no outline"),
        ([[10**400] * 6], "annotation 1 has no outline"),
        ([{"x": 1}], "annotation 1 has no outline"),
        ([[float("nan")] * 6], "points far outside"),
        ([[0, 0, 99999, 99999] * 500], "points far outside"),
        ({"size": 5, "counts": [H * W]}, "run lengths for 5 rows"),
        ({"size": [H, W], "counts": [H * W + 1]}, "damaged run lengths"),
        ({"size": [H, W], "counts": "o" * 1_000_000}, "damaged run lengths"),
        ({"size": [H, W], "counts": "\0\ud83d"}, "damaged run lengths"),
        ({"size": [H, W], "counts": {"a": 1}}, "damaged run lengths"),
    ],
)
def test_bad_outline_is_named_and_can_be_skipped(export, segmentation, reason):
    path = export(lambda content: content["annotations"][1].update(segmentation=segmentation))
    with pytest.raises(ValueError, match=rf"1 of 5 pairs are bad: .*mine\.json.*{reason}"):
        convert(path)
    assert convert(path, skip_bad=True).images == {"train": 4}


@pytest.mark.parametrize(
    "change, reason",
    [
        (lambda content: content["images"][1].update(file_name="gone.jpg"), r"mine\.json names the image 'gone\.jpg'"),
        (lambda content: content["images"][1].update(file_name="x" * 5000), r"mine\.json names the image"),
        (lambda content: content["images"][1].update(file_name=".."), r"mine\.json names the image"),
        (lambda content: content["images"][1].update(height=60_000, width=60_000), "has 60000x60000 pixels but"),
        (lambda content: content["images"][1].update(file_name="0.jpg"), "listed twice"),
    ],
)
def test_bad_image_is_named_with_the_file_and_can_be_skipped(export, change, reason):
    path = export(change)
    with pytest.raises(ValueError, match=rf"1 of 5 pairs are bad: .*{reason}"):
        convert(path)
    assert convert(path, skip_bad=True).images == {"train": 4}


def test_images_of_one_name_are_told_apart_by_their_folders(export, tmp_path):
    for folder in ("day", "night"):
        save_image(tmp_path / "photos" / folder / "0.jpg", len(folder))
    (tmp_path / "photos" / "0.jpg").unlink()
    path = export(lambda content: content["images"][0].update(file_name="C:\\set\\night\\0.jpg"))
    assert "night/0" in examples(convert(path).path)["train"]
    with pytest.raises(ValueError, match=r"0\.jpg is missing; .*which may be .*day/0\.jpg, .*night/0\.jpg"):
        convert(export(), overwrite=True)


def test_images_that_differ_in_case(export, tmp_path):
    save_image(tmp_path / "photos" / "0.JPG", 9)
    found = examples(convert(export(lambda content: content["images"][1].update(file_name="0.JPG"))).path)["train"]
    assert {"0.jpg", "0.JPG"} <= found.keys()
    (tmp_path / "photos" / "0.jpg").unlink()
    found = examples(
        convert(export(lambda content: content["images"].pop(1) and content["annotations"].pop(1)), overwrite=True).path
    )
    assert "0" in found["train"]


BAD = {
    "boxes alone": (lambda content: [one.pop("segmentation") for one in content["annotations"]], "has no outlines"),
    "captions": (lambda content: [one.pop("category_id") for one in content["annotations"]], "no instances file"),
    "height": (lambda content: content["images"][0].update(height=None), "has the height None, which cannot be"),
    "width": (lambda content: content["images"][0].update(width=float("nan")), "has the width nan"),
    "name": (lambda content: content["images"][0].update(file_name=7), "has the file_name 7"),
    "image id": (lambda content: content["images"][0].update(id=[1]), r"has the id \[1\]"),
    "image ids": (lambda content: content["images"][0].update(id=1), "images of the same id: 1"),
    "category id": (lambda content: content["categories"][0].update(id="3"), "has the id '3'"),
    "category ids": (lambda content: content["categories"][0].update(id=90), "categories of the same id: 90"),
    "category name": (lambda content: content["categories"][0].update(name=None), "has the name None"),
    "category": (lambda content: content["annotations"][0].update(category_id={}), r"has the category_id \{\}"),
    "unknown category": (lambda content: content["annotations"][0].update(category_id=4), "does not list: the ids 4"),
    "no categories": (lambda content: (content["categories"].clear(), content["annotations"].clear()), "no category"),
    "images": (lambda content: content.update(images={}), "not a COCO annotation file"),
    "annotation": (lambda content: content["annotations"].append(3), "lacks"),
    "surrogate": (lambda content: content["images"][0].update(file_name="\ud83d.jpg"), ""),
}


@pytest.mark.parametrize("change, reason", BAD.values(), ids=BAD)
def test_bad_file_is_named(export, change, reason):
    with pytest.raises(ValueError, match=rf"mine\.json.*{reason}"):
        convert(export(change))


@pytest.mark.parametrize("text", ["[1]", "[" * 100_000, '{"images": ' + "1" * 5000 + "}", "", "null", "\xff"])
def test_file_that_is_no_coco_json_is_named(export, text):
    path = export()
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=r"mine\.json"):
        convert(path)


def test_wrong_arguments(export, tmp_path, capsys):
    path = export()
    for options, message in (
        ({"crowds": "maybe"}, "crowds must be one of"),
        ({"images": tmp_path / "gone"}, r"^\S+gone is not a folder\. .*--images\)\.$"),
        ({"val_share": 1.0}, "val_share must be a number from 0 to below 1"),
    ):
        with pytest.raises(ValueError, match=message):
            convert(path, **options)
    with pytest.raises(ValueError, match=r"has no annotation file of a name .*labels/mine\.json"):
        convert_coco_export(tmp_path, tmp_path / "out")
    roboflow(tmp_path / "flow")
    with pytest.raises(ValueError, match="has 3 annotation files, each a split"):
        convert_coco_export(tmp_path / "flow", tmp_path / "out", val_share=0.5)
    (tmp_path / "flow" / "val").mkdir()
    (tmp_path / "flow" / "valid" / "_annotations.coco.json").rename(
        tmp_path / "flow" / "val" / "_annotations.coco.json"
    )
    for arguments, message in (
        (["--annotations", path, "--root", tmp_path], "takes no --root"),
        (["--annotations", "panoptic", "--images", tmp_path], "takes no --images"),
        (["--root", tmp_path], "need --root and --split"),
        (["--annotations", path, "--split", "a", "--split", "b"], "one split"),
        (["--annotations", tmp_path / "absent.json"], r"absent\.json is missing"),
    ):
        line = ["convert", "coco", "--output", tmp_path / "out", *arguments]
        assert main([str(argument) for argument in line]) == 2
        said = capsys.readouterr().err
        assert message.replace("\\", "") in said
        assert "Traceback" not in said


def test_pairs_can_go_to_other_processes(export):
    from deeplab_tf.datasets.builders.coco_annotations import read_annotations
    from deeplab_tf.datasets.builders.coco_export import _pairs
    from deeplab_tf.datasets.builders.image_finder import ImageFinder
    from deeplab_tf.labels import LabelSpec

    path = export()
    labels = LabelSpec(("background", "cat", "dog"))
    pairs = _pairs(read_annotations(path, "instances"), ImageFinder(path.parents[1]), labels, "class")
    for pair in pickle.loads(pickle.dumps(pairs)):
        assert pair.read(pair.mask).max() in (1, 2)
