import inspect
import re
from pathlib import Path

import pytest

from deeplab_tf.cli.convert import convert
from deeplab_tf.cli.data import inspect as inspect_command
from deeplab_tf.datasets.registry import DATA_SETS, count_notes, source_help, sources_table
from deeplab_tf.labels import KNOWN

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", DATA_SETS)
def test_help_is_two_lines(name):
    lines = source_help(name).splitlines()
    assert [line.split(":")[0] for line in lines] == ["From", "Root"]
    assert all(len(line) <= 120 for line in lines)


def test_counts_fit_each_other():
    voc, cityscapes = DATA_SETS["pascal_voc"].splits, DATA_SETS["cityscapes"].splits
    assert voc["train"] + voc["val"] == voc["trainval"]
    # What SBD adds to PASCAL VOC's train.
    assert voc["train_aug"] - voc["train"] == 9118
    assert cityscapes["train"] + cityscapes["val"] == cityscapes["trainval"]
    assert cityscapes["train"] + cityscapes["train_extra"] == cityscapes["train_coarse"]
    assert cityscapes["train_coarse"] + cityscapes["val_coarse"] == cityscapes["trainval_coarse"]
    assert sum(DATA_SETS["camvid"].splits.values()) == 701
    assert sum(DATA_SETS["stanford_background"].splits.values()) == 715


def test_classes_are_those_of_the_labels():
    first = {name: int(re.search(r"\d+", source.classes)[0]) for name, source in DATA_SETS.items() if name in KNOWN}
    assert first == {name: KNOWN[name].classes for name in first}
    assert len(first) == 5


def test_documents_have_every_data_set():
    data = (ROOT / "docs/data.md").read_text(encoding="utf-8")
    assert sources_table() in data
    shown = set(re.findall(r"deeplab-tf convert (\w+)", data))
    assert {"folder", "labelme", "shapes"} <= shown <= set(convert.list_commands(None))


def test_the_command_names_what_it_audits():
    shown = " ".join(inspect_command.help.split())
    names = {name for name, row in DATA_SETS.items() if row.title in shown}
    assert names == {"pascal_voc", "cityscapes", "ade20k", "camvid", "stanford_background"}


def test_only_other_numbers_are_noted():
    assert count_notes("ade20k", {"train": 20210, "val": 1999}) == (
        "val has 1999 images; ADE20K (MIT scene parsing benchmark) has 2000.",
    )
    assert count_notes("pascal_voc", {"mine": 3}) == ()


@pytest.mark.parametrize("name", DATA_SETS)
def test_options_and_defaults_are_those_of_the_function(name):
    parameters = inspect.signature(DATA_SETS[name].listing()).parameters
    assert list(parameters)[:2] == ["root", "split"]
    assert {option.name: option.default for option in DATA_SETS[name].options}.items() <= {
        key: parameter.default for key, parameter in parameters.items()
    }.items()
