"""A data set is one function and one row; Python, the command line, the audit and TFDS follow."""

import inspect
import pickle
import re
import sys

import numpy as np
import pytest
from PIL import Image

from deeplab_tf import datasets
from deeplab_tf.cli import main
from deeplab_tf.datasets import converters
from deeplab_tf.datasets.data_source import DataSource, Option
from deeplab_tf.datasets.registry import DATA_SETS, sources_table
from deeplab_tf.labels import LabelSpec
from harness.stored_records import check_stored, random_ids, save_image, save_mask

pytest.importorskip("tensorflow_datasets")

from deeplab_tf.datasets.tfds import add_builder

COMMON = ["output", "shards", "workers", "skip_bad", "overwrite", "max_side"]


def moon_pairs(root, split, *, side="near"):
    """The pairs of one split of the moon.

    Args:
        root: The folder of both sides.
        split: `train` or `val`.
        side: The side that is seen, `near` or `far`.
    """
    if split not in ("train", "val"):
        raise ValueError(f"The moon has no split {split!r}.")
    images = sorted((root / side / split).glob("*.png"))
    return [datasets.Pair(path.stem, path, root / side / f"{path.stem}.png", read_inverted) for path in images]


def read_inverted(path):
    return 255 - np.asarray(Image.open(path))


@pytest.fixture
def moon(monkeypatch, tmp_path):
    """Registers a made-up data set; gives its folder, and the images and masks of the split `val`."""
    row = DataSource(
        name="moon",
        pairs=moon_pairs,
        labels=LabelSpec(("plain", "crater")),
        example=("moon", "moon-tfrecords"),
        title="Moon",
        where="above",
        layout="near/*.png",
        splits={"train": 3, "val": 5},
        classes="2",
        options=(Option("side", "The side.", default="near", choices=("near", "far")),),
    )
    monkeypatch.setitem(DATA_SETS, "moon", row)
    monkeypatch.delitem(vars(converters), "convert_moon", raising=False)
    images, masks = {}, {}
    for seed, name in enumerate("ab"):
        images[name] = save_image(tmp_path / "moon" / "far" / "val" / f"{name}.png", seed)
        masks[name] = random_ids(seed, [0, 1, 255])
        save_mask(tmp_path / "moon" / "far" / f"{name}.png", 255 - masks[name])
    return tmp_path / "moon", images, masks


def test_a_new_data_set_is_converted_in_python(moon, tmp_path):
    root, images, masks = moon
    report = datasets.convert_dataset("moon", root, "val", tmp_path / "out", side="far")
    assert (report.images, report.notes) == ({"val": 2}, ("val has 2 images; Moon has 5.",))
    assert report.labels.names == ("plain", "crater")
    check_stored(tmp_path / "out", "val", images, masks)
    assert datasets.convert_moon(root, ["val"], tmp_path / "again", side="far").images == {"val": 2}
    with pytest.raises(ValueError, match=r"Moon has no option 'size'; it has \['side'\]"):
        datasets.convert_dataset("moon", root, "val", tmp_path / "no", size=3)
    with pytest.raises(ValueError, match="name must be one of .*received 'sun'. convert_folder and"):
        datasets.convert_dataset("sun", root, "val", tmp_path / "no")
    with pytest.raises(ValueError, match="No split is named"):
        datasets.convert_dataset("moon", root, [], tmp_path / "no")


def test_a_new_data_set_has_a_command(moon, tmp_path, capsys):
    root, images, masks = moon
    arguments = ["--root", root, "--split", "val", "--side", "far", "--output", tmp_path / "out"]
    assert main(["convert", "moon", *map(str, arguments)]) == 0
    assert "Note: val has 2 images; Moon has 5." in capsys.readouterr().out
    check_stored(tmp_path / "out", "val", images, masks)
    assert main(["convert", "--help"]) == 0
    assert "moon" in capsys.readouterr().out
    assert main(["convert", "moon", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "deeplab-tf convert moon --root moon --split train --split val --output moon-tfrecords" in shown
    assert "--side [near|far]" in shown


def test_a_new_data_set_is_audited(moon, tmp_path):
    root = moon[0]
    (root / "far").rename(root / "near")
    assert datasets.inspect_dataset(root).labels.names == ("plain", "crater")


def test_a_new_data_set_serves_tfds(moon, tmp_path):
    builder = add_builder(DATA_SETS["moon"])
    assert (builder.name, builder.__doc__) == ("deeplab_moon", "Moon.")
    assert builder.MANUAL_DOWNLOAD_INSTRUCTIONS == "From: above\nRoot: near/*.png\nSplits: train and val."


def test_a_new_data_set_has_a_row_in_the_documentation(moon):
    row = "| Moon | `moon` | above | `near/*.png` | train 3, val 5 | 2 | `deeplab_moon` |"
    assert row in sources_table().splitlines()


@pytest.mark.parametrize("name", DATA_SETS)
def test_converters_look_written_by_hand(name):
    row = DATA_SETS[name]
    convert = getattr(datasets, f"convert_{row.short}")
    own = list(inspect.signature(row.listing()).parameters)[2:]
    assert list(inspect.signature(convert).parameters) == ["root", "split", "output", *own, *COMMON[1:]]
    text = inspect.getdoc(convert)
    assert text.startswith(f"Converts splits of {row.title}. Classes: {row.classes}.")
    described = text.partition("Args:\n")[2].partition("\n\n")[0]
    lines = [line[4:] for line in described.splitlines() if line[:4] == " " * 4 and line[4] != " "]
    assert [line.partition(":")[0] for line in lines] == ["root", "split", "output", *own, *COMMON[1:]]
    assert all(line.partition(": ")[2] for line in lines)
    assert convert.__name__ == f"convert_{row.short}"
    assert pickle.loads(pickle.dumps(convert)) is convert


@pytest.mark.parametrize("name", ["convert_folder", "convert_labelme", "convert_coco_export"])
def test_converters_of_ones_own_files_show_the_common_options(name, tmp_path):
    convert = getattr(datasets, name)
    parameters = inspect.signature(convert).parameters
    assert list(parameters)[-5:] == COMMON[1:]
    assert all(parameters[option].kind is inspect.Parameter.KEYWORD_ONLY for option in COMMON[1:])
    described = inspect.getdoc(convert).partition("Args:\n")[2].partition("\n\n")[0]
    assert re.findall(r"^    (\S+): \S", described, re.M) == list(parameters)
    assert pickle.loads(pickle.dumps(convert)) is convert
    with pytest.raises(TypeError, match="unexpected keyword argument 'shard'"):
        convert(*[tmp_path for one in parameters.values() if one.default is one.empty], shard=2)


def test_what_is_no_data_set_has_no_converter():
    for name in ("convert_sun", "voc"):
        with pytest.raises(AttributeError, match=name):
            getattr(sys.modules["deeplab_tf.datasets.converters"], name)
