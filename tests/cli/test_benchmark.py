"""`deeplab-tf benchmark`: a table of files, in one line what is wrong, and what is there after Ctrl-C."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf.cli import main
from deeplab_tf.evaluation import Benchmark
from harness.written_tflite import write_tflite


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two networks of three classes, of which the second takes red for green; photos and masks of the red pixels."""
    folder = tmp_path_factory.mktemp("benchmark")
    write_tflite(folder / "right.tflite", lambda x: tf.cast(x, tf.float32))
    write_tflite(folder / "wrong.tflite", lambda x: tf.cast(x[..., ::-1], tf.float32))
    generator = np.random.default_rng(0)
    for index in range(2):
        pixels = generator.integers(0, 255, (9, 7, 3), np.uint8)
        for name, array in (("photos", pixels), ("masks", pixels.argmax(-1).astype(np.uint8))):
            (folder / name).mkdir(exist_ok=True)
            Image.fromarray(array).save(folder / name / f"{index}.png")
    (folder / "photos/class_names.txt").write_text("a\nb\nc\n")
    return folder


def run(folder, capsys, *arguments):
    """Exit code, what was printed, and what was complained of."""
    files = [str(folder / "right.tflite"), str(folder / "wrong.tflite")]
    code = main(["benchmark", *files, *(str(argument) for argument in arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_table_of_all_figures(folder, capsys, tmp_path):
    data = ["--images", folder / "photos", "--data", folder / "photos", "--masks", folder / "masks"]
    stored = ["--json", tmp_path / "speed.json", "--csv", tmp_path / "speed.csv"]
    code, said, _ = run(folder, capsys, "--runs", 3, "--no-memory", "--markdown", *data, *stored)
    assert code == 0
    first, second = json.loads((tmp_path / "speed.json").read_text())["models"]
    assert (first["agreement"], first["miou"], first["bytes"]) == (1, 1, (folder / "right.tflite").stat().st_size)
    assert second["agreement"] == second["pixel_accuracy"] < 0.6
    assert len((tmp_path / "speed.csv").read_text().splitlines()) == 3
    assert "| `right.tflite` | " in said
    assert "2 labelled images" in said


def test_memory_is_that_of_a_process_of_its_own(folder, capsys, tmp_path):
    assert main(["benchmark", str(folder / "right.tflite"), "--runs", "1", "--json", str(tmp_path / "s.json")]) == 0
    assert "memory MB" in capsys.readouterr().out
    # The interpreter and two runs on a few pixels.
    assert 1e5 < json.loads((tmp_path / "s.json").read_text())["models"][0]["memory"] < 2e8


def test_what_is_there_after_an_interruption_is_shown(folder, capsys, monkeypatch):
    monkeypatch.setattr(Benchmark, "_remember", interrupt)
    code, said, complaint = run(folder, capsys, "--runs", 4)
    assert (code, complaint.splitlines()[-1]) == (130, "Interrupted.")
    assert "4 runs of each model" in said


def interrupt(_):
    raise KeyboardInterrupt("Interrupted.")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["{folder}/photos/0.png"], "0.png is of no kind that predicts; expected one of: a .tflite file"),
        (["{folder}/none.keras"], "There is no {folder}/none.keras"),
        (["--images", "{folder}/none"], "There is no {folder}/none"),
        (["--data", "{folder}/none"], "none"),
        (["--reference", "other.tflite"], "reference must be one of the models; received other.tflite"),
        (["--json", "{folder}/right.tflite"], "is one of the inputs and would be replaced"),
        (["--size", "9", "--images", "{folder}/photos"], "Images have their own sizes"),
        (["--output-stride", "8"], "output stride is fixed"),
    ],
)
def test_wrong_input_is_one_line_before_any_timing(folder, capsys, monkeypatch, arguments, message):
    monkeypatch.setattr(Benchmark, "_time", lambda self: pytest.fail("timed"))
    code, said, complaint = run(folder, capsys, *(argument.format(folder=folder) for argument in arguments))
    assert (code, said) == (2, "")
    assert message.format(folder=folder) in complaint.splitlines()[-1]
    assert len([line for line in complaint.splitlines() if line.startswith("Error")]) == 1
