"""The page's requests, as it shows them, to stand-ins of the server."""

import functools
import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.export.serving import image_bytes, kit
from harness.encoded_images import encoded
from harness.model_server import grpc_server, rest_server
from harness.tiny_model import photo

TEXT = (Path(__file__).resolve().parents[2] / "docs/serving.md").read_text(encoding="utf-8")
REST, GRPC = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def labels(tmp_path, monkeypatch):
    """Those of `photo.jpg` in the current folder: its red, in four steps."""
    monkeypatch.chdir(tmp_path)
    content = encoded(photo(20, 30), "JPEG")
    (tmp_path / "photo.jpg").write_bytes(content)
    return tf.io.decode_jpeg(content, dct_method="INTEGER_ACCURATE").numpy()[..., 0] // 64


@functools.cache
def signature():
    return image_bytes.image_bytes(lambda image: tf.cast(image[..., 0] // 64, tf.int32), (65, 65), 4)


def predict(images):
    return {name: value.numpy() for name, value in signature()(tf.constant(images)).items()}


def predict_one(images):
    result = {name: value[0] for name, value in predict(images).items()}
    sizes = {side: int(result[side]) for side in ("height", "width")}
    return [{**sizes, "labels_bytes": result["labels_bytes"], "error": result["error"].decode()}]


def asked(code, server, port):
    assert f"localhost:{port}" in code
    names = {}
    exec(code.replace(f"http://localhost:{port}", server).replace(f"localhost:{port}", server), names)
    return names["labels"]


def test_rest(labels):
    with rest_server(predict_one, model="mine") as server:
        np.testing.assert_array_equal(asked(REST, server, 8501), labels)
        Path("photo.jpg").write_bytes(b"text")
        with pytest.raises(ValueError, match="It is neither a JPEG nor a PNG file"):
            asked(REST, server, 8501)


def test_grpc(labels):
    pytest.importorskip("tensorflow_serving", reason="needs tensorflow-serving-api")
    with grpc_server(lambda inputs: predict(inputs["image_bytes"]), model="mine") as server:
        np.testing.assert_array_equal(asked(GRPC, server, 8500), labels)


def test_curl_is_that_of_the_kit(tmp_path):
    command = re.search(r"```bash\n(\(printf.*?)```", TEXT, re.DOTALL)[1]
    folder = tmp_path / "mine"
    kit.write_kit(folder, overwrite=False)
    readme = re.sub("^    ", "", (folder / "README.md").read_text(), flags=re.M)
    assert command in readme
    listed = re.findall(r"^  (\w[\w.]+) ", re.search(r"\nserved/mine/\n(.*?)\n```", TEXT, re.DOTALL)[1], re.M)
    assert set(listed) == {path.name for path in folder.iterdir()}
