"""Training on image and mask files is training on the TFRecords that are made of them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from deeplab_tf import load_model
from deeplab_tf.cli import main
from deeplab_tf.datasets import batch_files, convert_folder, open_data
from deeplab_tf.training import TrainConfig, resume, train


@pytest.fixture
def folder(shapes, tmp_path):
    """The drawn images and masks, which a test may damage."""
    return shutil.copytree(shapes.parent / "drawn", tmp_path / "drawn")


def weights(output):
    return load_model(output).get_weights()


def test_files_and_their_records_give_the_same_weights(folder, light, tmp_path, capsys):
    folders = folder / "images", folder / "masks"
    names = folder / "class_names.txt"
    convert_folder(*folders, tmp_path / "records", class_names=names, val_share=0.25)
    asked = {**light, "class_weights": "median_frequency", "eval_every": 1}
    records = train(TrainConfig(**{**asked, "data": str(tmp_path / "records"), "output": str(tmp_path / "a")}))
    own = {"data": str(folders[0]), "masks": str(folders[1]), "labels": str(names), "val_share": 0.25}
    files = train(TrainConfig(**{**asked, **own, "output": str(tmp_path / "b")}))
    for one, other in zip(weights(records.output), weights(files.output), strict=True):
        np.testing.assert_array_equal(one, other)
    assert records.miou == files.miou

    told = json.loads((tmp_path / "b/config.json").read_text())["resolved"]["data"]
    assert {split: found["images"] for split, found in told.items()} == {"train": 12, "val": 4}
    assert told["train"]["masks"] == str(folders[1])
    assert told["val"]["drawn"]["val_share"] == 0.25
    capsys.readouterr()
    assert main(["evaluate", str(tmp_path / "b"), "--data", str(folders[0]), "--masks", str(folders[1])]) == 0
    assert "12 of its 16 images are those that" in capsys.readouterr().err
    # A finished run, which is looked at all the same.
    moved = shutil.move(folder, tmp_path / "moved")
    where = {"data": f"{moved}/images", "masks": f"{moved}/masks"}
    names.parent.mkdir()
    shutil.copy(f"{moved}/class_names.txt", names)
    assert resume(tmp_path / "b", **where).step == 2
    image = moved / "images/00001.jpg"
    image.write_bytes(image.read_bytes() + b"\0")
    with pytest.raises(ValueError, match="has other files in split '(train|val)'"):
        resume(tmp_path / "b", **where)


def test_a_file_that_cannot_be_read_ends_the_run_which_goes_on_once_it_is_mended(folder, light):
    asked = {**light, "data": str(folder), "val_share": 0, "steps": 4}
    with open_data(folder, val_share=0) as data:
        (image,) = batch_files(data, 2, batch_size=light["batch_size"], paths=True)[-1:]
    # The run begins with the damaged file.
    whole = Path(image).read_bytes()
    Path(image).write_bytes(whole[:700])
    said = rf"{image} .*leaves such pairs out\. Once that is mended, --resume goes on from step 2 \("
    with pytest.raises(ValueError, match=said):
        train(TrainConfig(**asked))
    Path(image).write_bytes(whole)
    assert resume(light["output"]).step == 4


def test_a_file_damaged_since_is_named(folder, light):
    mask = folder / "masks/00002.png"
    mask.write_bytes(mask.read_bytes()[:60])
    with pytest.raises(ValueError, match=r"00002\.png .*leave it out\. `deeplab-tf convert --skip-bad`"):
        train(TrainConfig(**{**light, "data": str(folder), "val_share": 0, "steps": 9}))
