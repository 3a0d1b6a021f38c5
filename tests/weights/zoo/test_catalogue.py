"""The zoo's table against the fact sheet's counts and the publisher's own figures."""

import pytest

from deeplab_tf import models
from deeplab_tf.backbones import BACKBONES
from deeplab_tf.models.without_values import without_values
from deeplab_tf.weights import ZOO, zoo_entry
from deeplab_tf.weights.zoo.catalogue import entry_of_file, zoo_table


def test_entries_name_distinct_files_and_known_parts():
    assert len({entry.file for entry in ZOO.values()}) == len(ZOO) == 24
    for entry in ZOO.values():
        assert entry.backbone in BACKBONES
        assert entry.model is None or entry.model in models.MODELS
        assert entry.url.startswith("https://download.tensorflow.org/models/")
        assert entry.url.endswith(".tar.gz")
        assert bool(entry.scores) == bool(entry.model)
        if entry.scores:
            assert entry.scores[0].output_stride == entry.settings["output_stride"]


@pytest.mark.parametrize(
    "name, trainable, all_values",
    [
        ("mobilenetv2_coco_voc_trainaug", 2_113_557, 2_146_645),
        ("mobilenetv2_dm05_coco_voc_trainval", 697_013, 714_325),
        ("mobilenetv2_coco_cityscapes_trainfine", 2_113_043, 2_146_131),
        ("mobilenetv2_ade20k_train", 2_304_519, 2_339_847),
        ("mobilenetv3_large_cityscapes_trainfine", 1_507_198, 1_525_230),
        ("mobilenetv3_small_cityscapes_trainfine", 468_830, 477_454),
        ("xception65_ade20k_train", 41_088_823, 41_291_623),
        ("xception71_dpc_cityscapes_trainfine", 41_608_523, 41_818_955),
    ],
)
def test_networks_have_the_size_of_the_released_ones(name, trainable, all_values):
    arguments = zoo_entry(name).arguments
    model = without_values(lambda: models.create_model(arguments.pop("model"), **arguments))
    assert sum(weight.shape.num_elements() for weight in model.trainable_variables) == trainable
    assert model.count_params() == all_values


def test_canvas_and_labels_are_those_of_the_data():
    sizes = {entry.data: set() for entry in ZOO.values() if entry.model}
    for entry in ZOO.values():
        if entry.model:
            sizes[entry.data].add((entry.settings["labels"], entry.settings["crop_size"]))
    assert sizes == {
        "PASCAL VOC 2012": {("pascal_voc", 513)},
        "Cityscapes": {("cityscapes", (1025, 2049))},
        "ADE20K": {("ade20k", 257), ("ade20k", 513)},
    }


def test_unknown_names_list_the_close_ones_and_all():
    with pytest.raises(
        ValueError,
        match=r"'xception_coco_voc_trainaug', and there is no such file\. Did you mean.*xception65_coco_voc_trainaug",
    ):
        zoo_entry("xception_coco_voc_trainaug")
    with pytest.raises(ValueError, match=r"'resnest', .*file\. Known are edgetpu_deeplab, .*xception_71_imagenet"):
        zoo_entry("resnest")


def test_files_are_recognised_by_their_names():
    assert entry_of_file("deeplabv3_pascal_train_aug_2018_01_04.tar.gz").name == "xception65_coco_voc_trainaug"
    assert entry_of_file("mine.tar.gz") is None


def test_table_has_a_line_an_entry():
    lines = zoo_table().splitlines()
    for entry, line in zip(ZOO.values(), lines[1:]):
        assert line.startswith(entry.name)
    line = next(line for line in lines if line.startswith("xception65_coco_voc_trainval"))
    assert line.split() == [
        "xception65_coco_voc_trainval",
        "PASCAL",
        "VOC",
        "2012",
        "v3plus",
        "xception_65",
        "87.80",
        "test,",
        "stride",
        "8*",
        "3055.35",
        "G",
        "439",
        "MB",
    ]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_terminal_gets_narrow_lines_that_say_the_same(width):
    lines = zoo_table(width).splitlines()
    assert max(map(len, lines)) <= width
    assert " ".join(" ".join(lines).split()).count("87.80 test, stride 8*") == 1
    assert set(ZOO) <= set(lines)


def test_scores_read_as_sentences():
    scores = [str(score) for score in zoo_entry("xception65_coco_voc_trainaug").scores]
    assert scores == [
        "82.20 % (val, output stride 16)",
        "83.58 % (val, output stride 8 at scales 0.5 to 1.75 by 0.25, mirrored too)",
    ]
