import re
import shutil
import subprocess

import pytest

from deeplab_tf.export.serving import kit
from deeplab_tf.inference import open_predictor
from harness.model_server import rest_server
from harness.tiny_model import photo


@pytest.fixture(scope="module")
def served(tiny_exports):
    return tiny_exports.folder / "served"


def test_it_lies_beside_the_version_which_opens(served):
    assert {path.name for path in served.iterdir()} == {
        "1", "README.md", "batching.config", "client.py", "compose.yaml", "models.config",
    }  # fmt: skip
    assert open_predictor(served / "1").predict(photo(20, 30)).shape == (20, 30)


def test_the_server_understands_its_settings(served):
    text_format = pytest.importorskip("google.protobuf.text_format")
    messages = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2", reason="tensorflow-serving-api")
    config = text_format.Parse((served / "models.config").read_text(), messages.ModelServerConfig())
    (model,) = config.model_config_list.config
    assert (model.name, model.base_path, model.model_platform) == ("served", "/models/served", "tensorflow")
    # As in TensorFlow Serving's session_bundle_config.proto, whose message is in no package.
    settings = dict(re.findall(r"^(\w+) \{ value: (\w+) \}$", (served / "batching.config").read_text(), re.M))
    assert settings == {
        "max_batch_size": "1", "batch_timeout_micros": "0", "max_enqueued_batches": "100", "num_batch_threads": "2",
        "enable_large_batch_splitting": "true",
    }  # fmt: skip


def test_docker_compose_starts_it_with_them(served):
    text = (served / "compose.yaml").read_text()
    assert "\n      - .:/models/served:ro\n" in text
    assert '\n      TF_ENABLE_ONEDNN_OPTS: "1"\n' in text
    files = re.findall(r"\n      - --(\w+)_file=/models/served/(.+)", text)
    assert files == [("model_config", "models.config"), ("batching_parameters", "batching.config")]
    assert all((served / file).is_file() for _, file in files)


@pytest.mark.parametrize("name, expected", [("voc", "voc"), ("my voc: 2", "my_voc_2"), ("ß", "model"), (".", "here")])
def test_the_name_fits_into_an_address(tmp_path, monkeypatch, name, expected):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert kit.served_name(folder / name) == expected


def test_what_was_changed_stays_unless_asked(tmp_path):
    kit.write_kit(tmp_path, overwrite=False)
    (tmp_path / "compose.yaml").write_text("mine")
    (tmp_path / "client.py").unlink()
    kit.write_kit(tmp_path, overwrite=False)
    assert (tmp_path / "compose.yaml").read_text() == "mine"
    assert (tmp_path / "client.py").exists()
    kit.write_kit(tmp_path, overwrite=True)
    assert (tmp_path / "compose.yaml").read_text() != "mine"


def test_the_curl_command_of_its_readme_asks_a_server(served, tmp_path):
    if not shutil.which("curl"):
        pytest.skip("there is no curl")
    block = re.search(r"\n    (\(printf.*?:predict)\n", (served / "README.md").read_text(), re.DOTALL)[1]
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\x00")
    with rest_server(lambda images: [{"height": len(images[0])}]) as server:
        command = block.replace("http://localhost:8501", server)
        done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == '{"predictions": [{"height": 3}]}'
