"""Labelme files that came from elsewhere, or went wrong on the way."""

import json
import resource

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import evaluation_images, open_dataset
from harness.labelme_files import PIXELS, H, W, box, convert, expected, write, write_two


@pytest.fixture
def folder(tmp_path):
    return write_two(tmp_path / "photos", "b")


@pytest.mark.parametrize(
    "named", ["DSC_01.JPG", "C:\\photos\\DSC_01.png", "/home/me/x.png", "", None, 5, "\0", "x" * 400, "../"]
)
def test_own_name_is_tried_where_the_named_image_is_not_there(folder, named):
    write(folder, "a", [box("cat", 0, 0, 5, 5)], imagePath=named)
    (folder / "a.png").rename(folder / "a.PNG")
    _, found = convert(folder)
    np.testing.assert_array_equal(found["a"]["image"], PIXELS)


@pytest.mark.parametrize("named", ["DSC_01.jpg", "x" * 400, "\0", ""])
def test_missing_image_is_reported_with_its_json(folder, named):
    write(folder, "a", [box("cat", 0, 0, 5, 5)], None, imagePath=named)
    (folder / "a.png").unlink()
    with pytest.raises(
        ValueError, match=r"1 of 2 pairs are bad: .*missing; .*a\.json names .*no image called a lies beside it"
    ):
        convert(folder)
    assert list(convert(folder, skip_bad=True)[1]) == ["b"]


def test_damaged_image_is_reported_with_its_json(folder):
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nxx")
    with pytest.raises(ValueError, match=r"a\.png cannot be read .*a\.json names the image 'a\.png'"):
        convert(folder)


def test_labels_that_differ_by_blanks_are_one_and_by_case_are_two(folder):
    write(folder, "a", [box(" dog", 2, 3, 10, 8), box("cat\t", 5, 5, 20, 12)])
    write(folder, "c", [box("Dog", 0, 0, 5, 5), box("traffic \u3000 light", 8, 8, 9, 9)])
    report, found = convert(folder)
    assert report.labels.names == ("_background_", "Dog", "cat", "dog", "traffic light")
    np.testing.assert_array_equal(found["a"]["label"], expected("a", cat=2, dog=3))
    assert len(report.notes) == 2
    assert "' dog'" in report.notes[0]
    assert "'Dog' and 'dog' differ in case alone" in report.notes[1]
    assert "Note: The labels 'Dog' and 'dog'" in str(report)


def test_names_of_the_background_mean_the_same(folder):
    write(folder, "c", [box("cat", 0, 0, 9, 9), box("background", 0, 0, 4, 9), box("__background__", 5, 0, 9, 4)])
    report, found = convert(folder)
    assert report.labels.names == ("background", "cat", "dog")
    assert found["c"]["label"].sum() == 5 * 5


def test_unknown_label_that_is_near_a_class(folder, tmp_path):
    (tmp_path / "labels.txt").write_text("catt\nDog\n")
    with pytest.raises(ValueError, match=r"unknown labels: 'cat', 'dog'; .* Did you mean 'catt', 'Dog'\?"):
        convert(folder, class_names=tmp_path / "labels.txt")


def gbk(path):
    content = json.loads(path.read_text())
    content["shapes"][0]["label"] = "行人"
    path.write_bytes(json.dumps(content, ensure_ascii=False).encode("gbk"))


BREAKS = {
    "gbk": (gbk, "JSON file, which is UTF-8 .*save it as UTF-8"),
    "deep": (lambda path: path.write_text("[" * 100_000), "cannot be read as a JSON file"),
    "digits": (lambda path: path.write_text('{"shapes": ' + "1" * 5000 + "}"), "cannot be read as a JSON file"),
    "null label": (lambda path: write(path.parent, "a", [box(None, 0, 0, 5, 5)]), "shape 1 has no label"),
    "blank label": (lambda path: write(path.parent, "a", [box(" ", 0, 0, 5, 5)]), "shape 1 has no label"),
    "number as label": (lambda path: write(path.parent, "a", [box(3, 0, 0, 5, 5)]), "shape 1 has no label"),
    "list as label": (lambda path: write(path.parent, "a", [box(["cat"], 0, 0, 5, 5)]), "shape 1 has no label"),
    "shape is text": (lambda path: write(path.parent, "a", ["cat"]), "shape 1 has no label"),
    "of COCO": (lambda path: path.write_text('{"images": [], "annotations": []}'), "is not a labelme file"),
    "folder": (lambda path: (path.unlink(), path.mkdir()), "cannot be read"),
    "dangling link": (lambda path: (path.unlink(), path.symlink_to("gone")), "is missing"),
}


@pytest.mark.parametrize("break_it, reason", BREAKS.values(), ids=BREAKS)
def test_one_bad_file_is_named_and_can_be_skipped(folder, break_it, reason):
    break_it(folder / "a.json")
    with pytest.raises(ValueError, match=rf"1 of 2 pairs are bad: .*a\.json.*({reason})"):
        convert(folder)
    report, found = convert(folder, skip_bad=True)
    assert list(found) == ["b"]
    assert [name for name, _ in report.skipped] == ["a"]


def test_real_reason_is_told_where_no_file_can_be_read(folder):
    for name in ("a", "b"):
        gbk(folder / f"{name}.json")
    with pytest.raises(
        ValueError, match=r"2 of 2 cannot be read: .*a\.json cannot be read as a JSON file, which is UTF-8"
    ):
        convert(folder)


def test_real_reason_is_told_where_the_image_was_inside(folder):
    (folder / "a.png").unlink()
    (folder / "a.json").write_text('{"shapes": [')
    with pytest.raises(ValueError, match=r"1 of 2 pairs are bad: .*a\.json cannot be read as a JSON file") as caught:
        convert(folder)
    # JSON is not an image of another kind, which could be saved as one.
    assert "save it as" not in str(caught.value)


def test_label_of_half_a_surrogate_pair(folder):
    write(folder, "a", [box("\ud83d", 0, 0, 5, 5)])
    assert convert(folder)[0].labels.names == ("_background_", "\\ud83d", "cat")


def test_stated_size_is_that_of_the_image_or_refused(folder):
    write(folder, "a", [box("cat", 0, 0, 5, 5)], imageHeight=60_000, imageWidth=60_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=r"a\.json has 60000x60000 pixels but its image .*a\.png has 31x20"):
        convert(folder)
    (folder / "a.png").unlink()
    with pytest.raises(ValueError, match=r"a\.png is missing"):
        convert(folder)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1e6
    for height, width in (("20", 10**30), (True, W), (H, None), (H, -1)):
        write(folder, "a", [box("cat", 0, 0, 5, 5)], imageHeight=height, imageWidth=width)
        assert convert(folder, overwrite=True)[1]["a"]["label"].shape == (H, W)


def test_image_inside_that_states_a_great_size(folder):
    from harness.labelme_files import bomb

    (folder / "a.png").unlink()
    write(folder, "a", [box("cat", 0, 0, 5, 5)], None, imageData=bomb())
    with pytest.raises(ValueError, match=r"the image inside .*a\.json"):
        convert(folder)


def test_few_images_have_every_class_in_both_splits(tmp_path):
    folder = tmp_path / "photos"
    for index, label in enumerate(("cat", "cat", "dog", "cat", "dog")):
        write(folder, str(index), [box(label, 0, 0, 5, 5)])
    for seed in range(3):
        dataset = open_dataset(convert(folder, val_share=0.2, seed=seed, overwrite=True)[0].path)
        for split, images in (("train", 3), ("val", 2)):
            examples = list(evaluation_images(dataset, split).as_numpy_iterator())
            assert len(examples) == images
            assert {one for example in examples for one in np.unique(example["label"])} == {0, 1, 2}


def test_image_of_another_size_than_labelled(folder):
    Image.new("RGB", (W, H + 1)).save(folder / "a.png")
    with pytest.raises(ValueError, match=r"a\.json has 31x20 pixels but its image .*a\.png has 31x21"):
        convert(folder)
