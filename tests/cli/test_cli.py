"""The command line: exit codes, one-line errors, and the whole path on a few drawn images."""

import shutil
import signal
import sys

import click
import numpy as np
import pytest
from PIL import Image

from deeplab_tf import DeepLabV3, save_model
from deeplab_tf.cli import main
from deeplab_tf.cli.group import cli
from deeplab_tf.datasets import draw_shapes
from deeplab_tf.files import read_json

NETWORK = {"backbone": "resnet_18", "depth-multiplier": 0.25, "atrous-rates": "none", "batch-size": 2, "crop-size": 65}
NETWORK = [f"--{name}={value}" for name, value in NETWORK.items()]


def fails(capsys, *arguments) -> str:
    """Runs a command that must fail, and gives its one line."""
    assert main([str(argument) for argument in arguments]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("Error: ")
    return lines[0]


def succeeds(capsys, *arguments) -> str:
    assert main([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return draw_shapes(tmp_path_factory.mktemp("cli") / "shapes", 8, size=(60, 90), seed=4)


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    save_model(DeepLabV3("mobilenet_v2", depth_multiplier=0.25, atrous_rates=(), classes=6, crop_size=65), path)
    return path


def commands(group=cli, path=()):
    """The words of every command, however deep."""
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(capsys, command):
    assert "deeplab-tf " + " ".join(command) + " " in succeeds(capsys, *command, "--help")


def test_describe_a_model_file_and_a_named_network(model_file, tmp_path, capsys):
    drawing, counts = tmp_path / "network.png", tmp_path / "counts.json"
    said = succeeds(capsys, "describe", model_file, "--size", "65x97", "--output", drawing, "--json", counts)
    assert "DeepLabV3 mobilenet_v2, output stride 16, 6 classes, images of 65x97" in said
    assert drawing.is_file()
    assert read_json(counts)["input_shape"] == [65, 97, 3]
    # Of the released checkpoint.
    assert "2,113,557 parameters" in succeeds(capsys, "describe", "v3:mobilenet_v2", "--set", "atrous_rates=[]")
    assert "exists already" in fails(capsys, "describe", model_file, "--json", counts)
    assert "has its settings already" in fails(capsys, "describe", model_file, "--set", "classes=3")
    assert "Unknown model 'v9'" in fails(capsys, "describe", "v9")
    assert "no model file" in fails(capsys, "describe", tmp_path / "missing.keras")
    assert "output_stride" in fails(capsys, "describe", "v3:mobilenet_v2", "--set", f"output_stride={'9' * 5000}")


def test_whole_path(drawn, tmp_path, capsys):
    records, run = tmp_path / "records", tmp_path / "run"
    names = drawn / "class_names.txt"
    convert = ["convert", "folder", "--images", drawn / "images", "--masks", drawn / "masks", "--val-share", 0.25]
    assert "train 6 images" in succeeds(capsys, *convert, "--class-names", names, "--output", records)
    assert "triangle" in succeeds(capsys, "inspect", records, "--json", tmp_path / "found.json")
    assert read_json(tmp_path / "found.json")["images"] == 8
    succeeds(capsys, "train", "--data", records, "--output", run, "--steps", 2, "--eval-every", 1, *NETWORK)
    metrics = tmp_path / "metrics.json"
    assert "mean IoU" in succeeds(capsys, "evaluate", run, "--data", records, "--json", metrics)
    assert 0 <= read_json(metrics)["miou"] <= 1
    assert "2 images" in succeeds(
        capsys, "segment", run, *sorted((drawn / "images").iterdir())[:2], "--output", tmp_path
    )
    labels = np.asarray(Image.open(tmp_path / "00000_labels.png"))
    assert labels.shape == np.asarray(Image.open(drawn / "images" / "00000.jpg")).shape[:2]

    outputs = {"saved_model": (tmp_path / "served", ["--serving-kit"]), "tflite": (tmp_path / "model.tflite", [])}
    for kind, (output, more) in outputs.items():
        arguments = ["export", run, "--format", kind, "--output", output, "--images", drawn / "images", *more]
        assert "equal labels" in succeeds(capsys, *arguments)
        assert "mean IoU" in succeeds(capsys, "evaluate", output, "--data", records)

    assert "a split 'train' already" in fails(capsys, *convert, "--class-names", names, "--output", records)
    assert f"--weights {run}" in fails(capsys, "train", "--data", records, "--output", run, *NETWORK)
    assert "overwrite" in fails(capsys, "export", run, "--format", "tflite", "--output", tmp_path / "model.tflite")


def test_audit_before_conversion(drawn, tmp_path, capsys):
    page, json = tmp_path / "audit.html", tmp_path / "audit.json"
    outputs = ["--html", page, "--json", json]
    before = sorted(drawn.rglob("*"))
    assert "triangle" in succeeds(capsys, "inspect", drawn, "--strict", *outputs)
    assert sorted(drawn.rglob("*")) == before
    assert "data:image/jpeg" in page.read_text()
    assert read_json(json)["errors"] == 0

    shutil.copytree(drawn, tmp_path / "damaged")
    (tmp_path / "damaged" / "masks" / "00003.png").unlink()
    folders = [tmp_path / "damaged" / "images", "--masks", tmp_path / "damaged" / "masks"]
    command = ["inspect", *folders, "--class-names", drawn / "class_names.txt", "--json", json]
    assert "00003.png" in succeeds(capsys, *command)
    assert main([str(argument) for argument in (*command, "--strict")]) == 1
    assert read_json(json)["counts"] == {"missing_mask": 1}
    assert "Give one of them" in fails(capsys, *command, "--labels", "camvid")


def test_wrong_paths(capsys, tmp_path, model_file):
    assert "none.tflite" in fails(capsys, "import", tmp_path / "none.tflite", "--output", tmp_path / "m.keras")
    assert "exists already" in fails(capsys, "import", model_file, "--output", model_file)
    assert "is one of the inputs" in fails(capsys, "import", model_file, "--output", model_file, "--overwrite")
    # Before the model is read, which is none.
    (tmp_path / "text.tflite").write_text("no model")
    place = model_file / "m.keras"
    assert "Cannot write to" in fails(capsys, "import", tmp_path / "text.tflite", "--output", place)
    assert "none.keras" in fails(capsys, "segment", tmp_path / "none.keras", "x.jpg", "--output", tmp_path)
    assert "none.jpg" in fails(capsys, "segment", model_file, tmp_path / "none.jpg", "--output", tmp_path)
    assert str(tmp_path) in fails(capsys, "evaluate", model_file, "--data", tmp_path)
    assert "absent" in fails(capsys, "inspect", tmp_path / "absent")
    demo = ["demo", "--output", tmp_path / "demo", "--photo", model_file, "--weights"]
    assert "none.tflite" in fails(capsys, *demo, tmp_path / "none.tflite")
    assert not (tmp_path / "demo").exists()


def test_truncated_image_is_named_and_can_be_skipped(capsys, tmp_path, model_file, drawn):
    whole = drawn / "images" / "00000.jpg"
    (tmp_path / "cut.jpg").write_bytes(whole.read_bytes()[:600])
    command = ["segment", model_file, tmp_path / "cut.jpg", whole, "--output", tmp_path / "out"]
    assert "cut.jpg" in fails(capsys, *command)
    said = succeeds(capsys, *command, "--skip-bad")
    assert f"1 image in {tmp_path / 'out'}, " in said
    assert "Left out: " in said
    assert (tmp_path / "out" / "00000_overlay.png").is_file()


def test_usage_errors(capsys, tmp_path, model_file):
    for arguments, said in (
        (["train", "--output", tmp_path / "run"], "--data"),
        (["train", "--output", tmp_path, "--data", "d", "--crop-size", "wide"], "HEIGHTxWIDTH"),
        (["train", "--output", tmp_path, "--data", "d", "--atrous-rates", "a,b"], "6,12,18"),
        (["train", "--output", tmp_path, "--data", "d", "--set", "filters"], "'filters' is not NAME=VALUE"),
        (["export", model_file, "--format", "saved_model", "--output", tmp_path / "o", "--size", "65"], "--size"),
        (
            ["export", model_file, "--format", "tflite", "--output", tmp_path / "o", "--serving-kit"],
            "--serving-kit is for",
        ),
        (["demo", "--photo", model_file], "--photo is for --weights"),
        (["fly"], "No such command"),
    ):
        assert main([str(argument) for argument in arguments]) == 2
        assert said in capsys.readouterr().err


def test_bad_network_settings(capsys, tmp_path, drawn):
    records = tmp_path / "records"
    folders = ["--images", drawn / "images", "--masks", drawn / "masks"]
    succeeds(capsys, "convert", "folder", *folders, "--output", records)
    train = ["train", "--data", records, "--output", tmp_path / "run", "--steps", 1]
    assert "one of 8, 16, 32; received 12" in fails(capsys, *train, "--output-stride", 12)
    assert "crop_size" in fails(capsys, *train, "--crop-size", 9)
    assert "backbone must be one of" in fails(capsys, *train, "--backbone", "resnet_9000")
    assert not (tmp_path / "run" / "config.json").exists()


def test_debug_shows_the_traceback(capsys, tmp_path):
    assert main(["--debug", "inspect", str(tmp_path / "absent")]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send to oneself")
def test_sigterm_ends_any_command_with_143_and_a_line(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("deeplab_tf.datasets.inspect_dataset", lambda *a, **k: signal.raise_signal(signal.SIGTERM))
    assert main(["inspect", str(tmp_path)]) == 143
    assert capsys.readouterr().err == "Terminated.\n"


def test_interrupt_ends_with_130(capsys, monkeypatch, tmp_path):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt("Stopped at step 3.")

    monkeypatch.setattr("deeplab_tf.datasets.inspect_dataset", interrupted)
    assert main(["inspect", str(tmp_path)]) == 130
    assert "Stopped at step 3." in capsys.readouterr().err
