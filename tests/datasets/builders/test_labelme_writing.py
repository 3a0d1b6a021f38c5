"""Label maps out as labelme's files, and back by the reader of labelme's own."""

import json

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.datasets import write_labelme
from deeplab_tf.datasets.builders.labelme import labelme_pairs
from deeplab_tf.labels import LabelSpec, label_spec
from harness.labelme_files import convert

PETS = LabelSpec(("background", "cat", "dog"))
STREET = LabelSpec(("road", "car"))


def pets(shape=(60, 80)):
    """A cat with a hole and a dog in front of it, and an ignored corner."""
    mask = np.zeros(shape, np.uint8)
    mask[10:50, 10:50] = 1
    mask[20:30, 20:30] = 0
    mask[35:55, 40:70] = 2
    mask[:6, 60:] = 255
    return mask


def written(folder, mask, spec, **options):
    folder.mkdir(exist_ok=True)
    Image.new("RGB", mask.shape[::-1]).save(folder / "a.png")
    return json.loads(write_labelme(folder / "a.json", mask, spec, folder / "a.png", **options).read_text())


def test_the_file_as_labelme_has_it(tmp_path):
    content = written(tmp_path / "photos", pets(), PETS)
    shapes = content.pop("shapes")
    assert content == {
        "version": "5.5.0", "flags": {}, "imagePath": "a.png", "imageData": None, "imageHeight": 60, "imageWidth": 80,
    }  # fmt: skip
    # The background has a shape only where it lies within a cat.
    assert [shape["label"] for shape in shapes] == ["cat", "dog", "__ignore__", "background"]
    assert all(shape["shape_type"] == "polygon" and len(shape["points"]) >= 3 for shape in shapes)
    assert {frozenset(shape) for shape in shapes} == {
        frozenset({"label", "points", "group_id", "description", "shape_type", "flags"})
    }


def test_conversion_gives_the_mask_back(tmp_path):
    written(tmp_path / "photos", pets(), PETS, tolerance=0, smallest=0)
    report, found = convert(tmp_path / "photos")
    assert report.labels.names == PETS.names
    np.testing.assert_array_equal(found["a"]["label"], pets())


def test_without_a_background_gaps_are_ignored(tmp_path):
    mask = np.zeros((40, 40), np.uint8)
    mask[10:20, 10:30] = 1
    content = written(tmp_path / "photos", mask, STREET)
    assert [shape["label"] for shape in content["shapes"]] == ["__ignore__", "road", "car"]
    report, found = convert(tmp_path / "photos")
    assert report.labels.names == ("_background_", "car", "road")
    np.testing.assert_array_equal(found["a"]["label"] == 1, mask == 1)
    # A road that a person takes out leaves nothing to learn.
    content["shapes"].pop(1)
    (tmp_path / "photos" / "a.json").write_text(json.dumps(content))
    _, found = convert(tmp_path / "photos", overwrite=True)
    assert set(np.unique(found["a"]["label"])) == {1, 255}


def test_an_image_elsewhere_is_found_by_its_relative_path(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    image = tmp_path / "photos" / "a.png"
    Image.new("RGB", (80, 60)).save(image)
    path = write_labelme(tmp_path / "link" / "a.json", pets(), PETS, image)
    assert json.loads(path.read_text())["imagePath"] == "../photos/a.png"
    (pair,) = labelme_pairs(tmp_path / "link")[0]
    assert pair.image.samefile(image)


def test_everything_of_one_pixel(tmp_path):
    mask = np.zeros((1, 1), np.uint8)
    assert written(tmp_path, mask, PETS)["shapes"] == []
    (shape,) = written(tmp_path, mask + 1, PETS, smallest=0)["shapes"]
    assert shape["points"] == [[0, 0]] * 3


@pytest.mark.parametrize(
    "mask, options, message",
    [
        (pets() + 1, {}, r"a\.png: expected label ids below 3, or 255; received \[3\]"),
        (pets(), {"tolerance": -1}, "tolerance must be .* received -1"),
        (pets(), {"tolerance": float("nan")}, "tolerance must be"),
        (pets(), {"smallest": -1}, "smallest must be .* received -1"),
    ],
)
def test_wrong_inputs(tmp_path, mask, options, message):
    with pytest.raises(ValueError, match=message):
        write_labelme(tmp_path / "a.json", mask, PETS, tmp_path / "a.png", **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.shared
def test_masks_of_voc_come_back(tmp_path, shared):
    spec, voc = label_spec("pascal_voc"), shared / "data" / "voc2012"
    masks = {path.stem: np.asarray(Image.open(path)) for path in sorted(voc.glob("SegmentationClass/*.png"))[:12]}
    for name, mask in masks.items():
        write_labelme(tmp_path / f"{name}.json", mask, spec, voc / "JPEGImages" / f"{name}.jpg")
    for pair in labelme_pairs(tmp_path, labels=spec)[0]:
        truth, found = masks[pair.name], pair.read(pair.mask)
        assert (truth == found).mean() > 0.985
        # Only beside boundaries.
        for label in set(truth.ravel()) - {255}:
            one, other = truth == label, found == label
            if one.sum() > 2000:
                assert (one & other).sum() / (one | other).sum() > 0.95
