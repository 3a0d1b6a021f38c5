"""Label specifications: published colours, round trips, refusals."""

import json

import numpy as np
import pytest

from deeplab_tf.labels import LabelSpec, label_spec, released_labels, voc_colors


def test_voc_colours_are_the_published_ones():
    colors = voc_colors(256)
    published = {0: (0, 0, 0), 1: (128, 0, 0), 3: (128, 128, 0), 9: (192, 0, 0), 15: (192, 128, 128)}
    published |= {20: (0, 64, 128), 255: (224, 224, 192)}
    assert {index: colors[index] for index in published} == published
    assert len(set(colors)) == 256


@pytest.mark.parametrize(
    "name, classes, ignore_label, example",
    [
        ("pascal_voc", 21, 255, (15, "person", (192, 128, 128))),
        ("cityscapes", 19, 255, (13, "car", (0, 0, 142))),
        ("camvid", 11, 11, (10, "bicyclist", (0, 128, 192))),
        ("camvid_32", 32, 30, (16, "Pedestrian", (64, 64, 0))),
        ("ade20k", 151, 0, (13, "person", (150, 5, 61))),
        ("ade20k", 151, 0, (150, "flag", (92, 0, 255))),
        ("stanford_background", 8, 255, (7, "foreground object", (128, 128, 128))),
    ],
)
def test_known_sets(name, classes, ignore_label, example):
    spec = label_spec(name)
    index, class_name, color = example
    assert (spec.classes, spec.ignore_label, spec.name) == (classes, ignore_label, name)
    assert (spec.names[index], spec.colors[index]) == (class_name, color)


def test_ade20k_ids_are_those_of_the_benchmark_list():
    published = {1: "wall", 3: "sky", 21: "car", 57: "pool table", 75: "computer", 90: "television", 128: "bicycle"}
    spec = label_spec("ade20k")
    assert {index: spec.names[index] for index in published} == published
    assert spec.is_valid(np.array([0, 150, 151, 255])).tolist() == [True, True, False, False]


def test_camvid_colours_are_those_of_the_32_classes_but_for_the_pavement():
    wide, narrow = label_spec("camvid_32"), label_spec("camvid")
    assert len(set(wide.colors)) == 32
    assert [name for name, rgb in zip(narrow.names, narrow.colors) if rgb not in wide.colors] == ["pavement"]


def test_numbers_of_classes():
    assert label_spec(151).ignore_label == 255
    for count in (19, 21):
        assert (label_spec(count).name, label_spec(count).names[-1]) == ("custom", f"class_{count - 1}")
    assert label_spec(3).names == ("class_0", "class_1", "class_2")


def test_only_released_files_get_names_by_their_number_of_classes():
    assert released_labels(21) is label_spec("pascal_voc")
    assert released_labels(19) is label_spec("cityscapes")
    assert released_labels(151) == label_spec(151)


def test_json_round_trip():
    spec = LabelSpec(("a", "b"), ((1, 2, 3), (4, 5, 6)), ignore_label=0, name="pair")
    assert LabelSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
    assert label_spec(spec.to_dict()) == spec
    assert label_spec(spec) is spec


def test_palette_and_colours_of_ids():
    spec = LabelSpec(("a", "b"), ((1, 2, 3), (4, 5, 6)))
    assert spec.palette.shape == (256, 3)
    assert spec.palette.dtype == np.uint8
    assert spec.colorize(np.array([[1, 0, 7, 255]])).tolist() == [[[4, 5, 6], [1, 2, 3], [0, 0, 0], [224, 224, 192]]]


def test_an_ignore_label_among_the_classes_keeps_its_class_colour():
    spec = LabelSpec(("void", "wall"), ((9, 9, 9), (4, 5, 6)), ignore_label=0)
    assert spec.palette[0].tolist() == [9, 9, 9]


def test_valid_ids():
    spec = LabelSpec(("a", "b"), ignore_label=7)
    assert spec.is_valid(np.array([0, 1, 2, 7, 255])).tolist() == [True, True, False, True, False]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"names": ("one",)}, r"Received one class, 'one'; segmentation needs at least 2\. A single object"),
        ({"names": tuple(map(str, range(257)))}, "Received 257 classes"),
        ({"names": ("a", "b", "a")}, r"must be unique and not empty; received \['a'\]"),
        ({"names": ("a", "")}, "unique and not empty"),
        ({"names": ("a", "b"), "colors": ((1, 2, 3),)}, "Expected 2 RGB colours"),
        ({"names": ("a", "b"), "colors": ((1, 2, 3), (1, 2, 256))}, "Expected 2 RGB colours"),
        ({"names": ("a", "b"), "colors": 7}, "Expected RGB colours .* received 7"),
        ({"names": ("a", "b"), "colors": [[1, 2, float("inf")]] * 2}, "Expected RGB colours"),
        ({"names": ("a", "b"), "ignore_label": 256}, "ignore_label must be .* from 0 to 255; received 256"),
        (
            {"names": ("a", "b"), "ignore_label": float("nan")},
            "ignore_label must be a whole number.*received nan",
        ),
        ({"names": "road"}, "Expected a list of class names; received 'road'"),
        ({"names": ["a", None]}, "Expected a list of class names"),
        ({"names": ["a", "\ud800"]}, r"'\\ud800' cannot be written"),
    ],
)
def test_bad_specifications_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LabelSpec(**arguments)


def test_bad_sources_are_refused():
    with pytest.raises(ValueError, match=r"labels must be one of .*'ade20k'.*received 'mars'"):
        label_spec("mars")
    with pytest.raises(ValueError, match=r"needs 'names'; received the keys \['classes'\]"):
        label_spec({"classes": 3})
    with pytest.raises(ValueError, match="an object with 'names'; received 7"):
        LabelSpec.from_dict(7)
    for source in (10**12, 2.5, True, None):
        with pytest.raises(ValueError, match="or a number of classes from 2 to 65536; received"):
            label_spec(source)


def test_more_than_256_classes_need_16_bits():
    names = tuple(f"thing {number}" for number in range(459))
    spec = LabelSpec(names, ignore_label=65535)
    assert (spec.mask_dtype, spec.mask_values) == (np.uint16, 65536)
    assert (LabelSpec(names[:256]).mask_dtype, LabelSpec(names[:256]).mask_values) == (np.uint8, 256)
    assert len(set(spec.colors)) == 459
    np.testing.assert_array_equal(spec.colorize(np.array([[458, 65535]])), [[spec.colors[458], (224, 224, 192)]])
    assert spec.is_valid(np.array([458, 459, 65535])).tolist() == [True, False, True]
    assert LabelSpec.from_dict(spec.to_dict()) == spec
    with pytest.raises(ValueError, match="Received 459 classes and ignore_label 255.*Give 65535"):
        LabelSpec(names)
