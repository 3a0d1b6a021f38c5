"""A full disk, through the command line: one line that names the output, no half file, nothing lost."""

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.cli import main
from deeplab_tf.datasets import convert_folder
from deeplab_tf.models import save_model
from harness.file_limit import largest_file
from harness.tiny_model import tiny_model


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Photos, masks, a data set and a model."""
    root = tmp_path_factory.mktemp("world")
    generator = np.random.default_rng(0)
    for folder, most, shape in (("photos", 256, (65, 65, 3)), ("masks", 4, (65, 65))):
        (root / folder).mkdir()
        for name in "ab":
            Image.fromarray(generator.integers(0, most, shape, np.uint8)).save(root / folder / f"{name}.png")
    convert_folder(root / "photos", root / "masks", root / "data", labels=4, workers=1)
    save_model(tiny_model(), root / "model.keras")
    return root


COMMANDS = {
    "convert": ["convert", "folder", "--images", "photos", "--masks", "masks", "--labels", "4"],
    "train": ["train", "--data", "data", "--weights", "model.keras", "--steps", "2", "--batch-size", "2"],
    "saved_model": ["export", "model.keras", "--format", "saved_model", "--overwrite"],
    "tflite": ["export", "model.keras", "--format", "tflite", "--size", "65", "--overwrite"],
    "segment": ["segment", "model.keras", "photos", "--skip-bad"],
    "evaluate": ["evaluate", "model.keras", "--data", "data", "--split", "train"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_one_line_and_nothing_half(world, monkeypatch, capsys, tmp_path, name):
    monkeypatch.chdir(world)
    output = tmp_path / ("out.tflite" if name == "tflite" else "out")
    flag = "--json" if name == "evaluate" else "--output"
    with largest_file(100 if name in ("evaluate", "segment") else 4096):
        code = main([*COMMANDS[name], flag, str(output)])
    said = capsys.readouterr().err.splitlines()
    errors = [line for line in said if line.startswith("Error")]
    assert code == 2, said
    assert len(errors) == 1, said
    assert str(output) in errors[0]
    assert "could not be written: the file would be larger" in errors[0]
    left = {path.name for path in tmp_path.rglob("*")}
    # A run that began keeps its settings: it can go on.
    assert left <= ({"out", "config.json"} if name == "train" else {"out"} if name == "segment" else set())


@pytest.mark.parametrize("name", ["saved_model", "tflite"])
def test_what_was_there_stays(world, monkeypatch, capsys, tmp_path, name):
    monkeypatch.chdir(world)
    output = tmp_path / ("out.tflite" if name == "tflite" else "out")
    if name == "tflite":
        output.write_text("old")
    else:
        output.mkdir()
        (output / "saved_model.pb").write_text("old")
    with largest_file(4096):
        assert main([*COMMANDS[name], "--output", str(output)]) == 2
    assert "could not be written" in capsys.readouterr().err
    assert (output if name == "tflite" else output / "saved_model.pb").read_text() == "old"
    assert list(tmp_path.iterdir()) == [output]
