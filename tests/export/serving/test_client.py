"""The kit's client against servers that run the signature through TensorFlow."""

import re
import runpy
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf.inference import Segmenter
from harness.encoded_images import encoded
from harness.model_server import grpc_server, rest_server
from harness.tiny_model import photo


@pytest.fixture(scope="module")
def signature(tiny_exports):
    loaded = tf.saved_model.load(str(tiny_exports.folder / "served/1"))

    def run(images):
        results = loaded.signatures["image_bytes"](image_bytes=tf.constant(images))
        return {name: value.numpy() for name, value in results.items()}

    return run


@pytest.fixture
def rest(signature):
    def predict(images):
        results = {name: value.tolist() for name, value in signature(images).items()}
        results["error"] = [error.decode() for error in results["error"]]
        return [dict(zip(results, each)) for each in zip(*results.values())]

    with rest_server(predict) as server:
        yield ["--url", server]


@pytest.fixture
def grpc(signature):
    pytest.importorskip("tensorflow_serving", reason="needs tensorflow-serving-api")
    with grpc_server(lambda inputs: signature(inputs["image_bytes"])) as server:
        yield ["--grpc", server]


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "upright.jpg").write_bytes(encoded(photo(40, 60), "JPEG"))
    (tmp_path / "rotated.jpg").write_bytes(encoded(photo(90, 70), "JPEG", 6))
    (tmp_path / "broken.jpg").write_bytes(encoded(photo(40, 60), "JPEG")[:500])
    return tmp_path


def run(tiny_exports, monkeypatch, *arguments):
    """Runs the client of the kit, as its README says; its exit code."""
    client = tiny_exports.folder / "served/client.py"
    monkeypatch.setattr(sys, "argv", [str(client), *arguments])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(client), run_name="__main__")
    return ended.value.code


@pytest.mark.parametrize("way", ["rest", "grpc"])
def test_labels_are_those_of_segment(way, request, tiny_exports, photos, monkeypatch, capsys):
    server = request.getfixturevalue(way)
    code = run(tiny_exports, monkeypatch, "upright.jpg", "rotated.jpg", "broken.jpg", "--output", "out/labels", *server)
    assert code == 1
    told, failed = capsys.readouterr()
    assert failed == "broken.jpg: It is damaged: its pixels cannot be decoded.\n"
    segment = Segmenter(tiny_exports.folder / "saved")
    for name in ("upright", "rotated"):
        expected = segment(f"{name}.jpg").labels
        found = Image.open(f"out/labels/{name}.png")
        np.testing.assert_array_equal(found, expected)
        colors = np.array(segment.labels.colors, np.uint8)
        np.testing.assert_array_equal(found.convert("RGB"), colors[expected])
        first = segment.labels.names[np.bincount(expected.ravel()).argmax()]
        assert f"{name}.jpg: {first} {(np.bincount(expected.ravel()).max() / expected.size):.1%}" in told


@pytest.mark.parametrize("way", ["rest", "grpc"])
def test_what_the_server_refuses_is_shown(way, request, tiny_exports, photos, monkeypatch, capsys):
    server = request.getfixturevalue(way)
    assert run(tiny_exports, monkeypatch, "missing.jpg", "upright.jpg", "--model", "other", *server) == 1
    missing, refused = capsys.readouterr().err.splitlines()
    assert missing.startswith("missing.jpg: ")
    assert re.fullmatch("upright.jpg: .*Servable not found for request: .*other.*", refused)


def test_a_server_that_does_not_run_is_named(tiny_exports, photos, monkeypatch, capsys):
    assert run(tiny_exports, monkeypatch, "upright.jpg", "--url", "http://127.0.0.1:1") == 1
    told = capsys.readouterr().err
    assert told.startswith("upright.jpg: no answer from http://127.0.0.1:1 (")
    assert "docker compose up" in told
