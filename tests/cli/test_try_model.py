"""The command `try`, up to the browser that it opens."""

import os
import signal
import tempfile
import threading
import urllib.request

import pytest

from deeplab_tf.cli import main, try_model
from deeplab_tf.export import browser
from deeplab_tf.models import save_model
from harness.small_tflite import small_tflite
from harness.tiny_model import tiny_model


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """What a browser found at the address that it was given, after which the user pressed Ctrl-C."""
    found = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def browse(url):
        def visit():
            for name in ("", "model.tflite"):
                with urllib.request.urlopen(url + name, timeout=60) as answer:
                    found.append(answer.read())
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=visit).start()

    monkeypatch.setattr(try_model.webbrowser, "open", browse)
    return found


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return small_tflite(tmp_path_factory.mktemp("lite") / "town.tflite")


def test_page_until_ctrl_c(file, opened, capsys, tmp_path):
    assert main(["try", str(file)]) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("http://127.0.0.1:")
    assert last == "Stopped."
    page, model = opened
    assert b"importmap" in page
    assert model == file.read_bytes()
    assert not list(tmp_path.glob("deeplab_tf-*"))


def test_a_model_is_exported_first(opened, capsys, tmp_path, monkeypatch):
    def export_browser(model, folder, **given):
        assert (model.classes, given) == (4, {"size": 65, "runtime": None, "sample": None})
        folder.mkdir()
        for name in ("index.html", "model.tflite"):
            (folder / name).write_text(name)

    monkeypatch.setattr(browser, "export_browser", export_browser)
    save_model(tiny_model(backbone="resnet_18"), tmp_path / "model.keras")
    assert main(["try", str(tmp_path / "model.keras"), "--size", "65"]) == 0
    assert opened == [b"index.html", b"model.tflite"]
    assert "Stopped." in capsys.readouterr().out
    assert not list(tmp_path.glob("deeplab_tf-*"))


def test_wrong_inputs(file, opened, capsys, tmp_path):
    file = str(file)
    (tmp_path / "notes.tflite").write_text("no model")
    (tmp_path / "served" / "1").mkdir(parents=True)
    (tmp_path / "served" / "1" / "saved_model.pb").write_text("")
    for arguments, message in (
        ([str(tmp_path / "served")], "served is a SavedModel, which browsers do not run"),
        ([str(tmp_path / "served" / "1")], "1 is a SavedModel, which browsers do not run"),
        ([str(tmp_path / "none.tflite")], "none.tflite"),
        ([str(tmp_path / "none.keras")], "none.keras"),
        ([str(tmp_path / "notes.tflite")], "notes.tflite"),
        ([file, "--size", "65"], "has its size already"),
        ([file, "--precision", "int8"], "has its precision already"),
        ([file, "--sample", file], "town.tflite"),
        ([file, "--runtime", str(tmp_path)], "does not hold LiteRT.js"),
    ):
        assert main(["try", *arguments]) == 2
        error = capsys.readouterr().err.splitlines()
        assert len(error) == 1
        assert message in error[0]
    assert not opened
    assert not list(tmp_path.glob("deeplab_tf-*"))
