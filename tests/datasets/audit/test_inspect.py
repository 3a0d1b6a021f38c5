import json
import re

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf.cli import main
from deeplab_tf.datasets import inspect_dataset
from deeplab_tf.datasets.records.record import Record, serialize

SIZES = {"height": (30, 45.0, 71), "width": (33, 45.0, 90)}


@pytest.fixture(scope="module")
def inspection(tiny):
    return inspect_dataset(tiny.path)


@pytest.fixture(scope="module")
def masks(tiny):
    return [np.asarray(Image.open(path)) for path in sorted((tiny.path.parent / "masks").iterdir())]


def test_counts_are_those_of_the_mask_files(inspection, masks):
    assert inspection.images == 7
    assert inspection.class_pixels == tuple(sum(int((mask == index).sum()) for mask in masks) for index in range(3))
    assert inspection.class_images == (7, 7, 7)
    assert inspection.ignore_pixels == sum(int((mask == 255).sum()) for mask in masks)
    assert inspection.pixels == sum(mask.size for mask in masks)
    assert sum(inspection.class_shares) == pytest.approx(1)
    assert inspection.sizes == {mask.shape: 1 for mask in masks}
    assert inspection.side_range() == SIZES
    assert inspection.unexpected == ()


def test_dictionary_is_json(inspection):
    values = json.loads(json.dumps(inspection.to_dict()))
    assert values["images"] == 7
    assert values["sides"]["width"] == {"min": 33, "median": 45.0, "max": 90}
    assert values["classes"][2]["pixels"] == inspection.class_pixels[2]
    assert values["class_weights"] == list(inspection.class_weights)
    assert (values["errors"], values["warnings"], values["counts"]) == (0, 1, {"tiny_image": 1})
    assert values["worst"] == [{"split": "train", "name": "4", "kinds": ["tiny_image"]}]
    assert values["ignore"] == {"id": 255, "pixels": inspection.ignore_pixels, "share": pytest.approx(0.25, abs=0.02)}


def test_table_has_a_line_for_every_class(inspection):
    table = inspection.table()
    for index, (name, pixels) in enumerate(zip(inspection.labels.names, inspection.class_pixels)):
        line = rf"^\s+{index}\s+{name}\s+{pixels:,d}\s+\d+\.\d\d%\s+7\s+100\.0%\s+\d\.\d\d$"
        assert re.search(line, table, re.MULTILINE)
    assert "height  30 to 71, median 45" in table
    assert f"{inspection.ignore_pixels:,d}" in table


def records(folder, masks, **options):
    with tf.io.TFRecordWriter(str(folder / "val-00000-of-00001.tfrecord")) as writer:
        for index, mask in enumerate(masks):
            image = tf.io.encode_png(np.full((*mask.shape, 3), 100 + 40 * index, np.uint8)).numpy()
            label = None if options.get("unlabelled") else tf.io.encode_png(mask[..., None]).numpy()
            writer.write(serialize(Record(f"file {index}", image, "png", *mask.shape, label)))
    return folder


def test_values_that_are_no_class_are_listed_with_their_files(tmp_path):
    good = np.array([[0, 1, 255]], np.uint8)
    bad = np.array([[0, 7, 9]], np.uint8)
    good, bad = (np.repeat(np.repeat(mask, 11, axis=1), 40, axis=0) for mask in (good, bad))
    inspection = inspect_dataset(records(tmp_path, [good, bad]), labels=2)
    assert inspection.unexpected == (("file 1", (7, 9)),)
    assert inspection.to_dict()["findings"][0] == {
        "kind": "wrong_values",
        "severity": "error",
        "split": "val",
        "name": "file 1",
        "file": "",
        "detail": "file 1 holds the value(s) 7, 9; expected class ids 0-1 or 255 (ignore). Map them to ids or give the "
        "labels that fit.",
        "values": [7, 9],
    }
    assert (inspection.class_pixels, inspection.ignore_pixels, inspection.pixels) == ((880, 440), 440, 2640)
    assert "file 1 holds the value(s) 7, 9;" in inspection.table()


def test_ignore_label_that_is_a_class_id_counts_once(tmp_path):
    labels = {"names": ["nothing", "wall"], "ignore_label": 0}
    inspection = inspect_dataset(records(tmp_path, [np.array([[0, 0, 1]], np.uint8)]), labels=labels)
    assert (inspection.class_pixels, inspection.ignore_pixels) == ((0, 1), 2)
    assert inspection.class_shares == (0, 1)


def test_split_without_masks(tmp_path):
    inspection = inspect_dataset(records(tmp_path, [np.zeros((2, 3), np.uint8)], unlabelled=True), labels=2)
    assert inspection.pixels == 0
    assert "no masks" in inspection.table().splitlines()


def test_contact_sheet_shows_images_overlays_and_legend(tiny, tmp_path):
    path = tmp_path / "sheet.png"
    inspect_dataset(tiny.path, "train", contact_sheet=path)
    sheet = np.asarray(Image.open(path))
    assert sheet.shape[0] > 500
    assert sheet.shape[1] > 1400
    for color in inspect_dataset(tiny.path).labels.colors:
        assert (sheet == color).all(axis=-1).sum() > 150, "the legend lacks a class colour"
    assert sheet[40:-40].std() > 40


def test_contact_sheet_in_a_bad_place_is_refused(tiny, tmp_path):
    (tmp_path / "file").touch()
    for name, message in (("file/sheet.png", "Cannot write to"), ("sheet.unknown", "cannot be written as an image")):
        with pytest.raises(ValueError, match=message):
            inspect_dataset(tiny.path, contact_sheet=tmp_path / name)


def test_outputs_in_a_bad_place_are_refused_before_anything_is_read(tmp_path, capsys):
    (tmp_path / "file").touch()
    for option in ("--html", "--json", "--contact-sheet"):
        for place, message in ((tmp_path / "file/out.png", "Cannot write to"), (tmp_path, "is a folder")):
            assert main(["inspect", str(tmp_path / "none"), option, str(place)]) == 2
            assert message in capsys.readouterr().err


def test_unknown_split(tiny):
    with pytest.raises(ValueError, match="no split 'val'"):
        inspect_dataset(tiny.path, "val")
