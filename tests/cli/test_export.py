"""What `export` hands on, and which options it refuses for a format."""

import pytest
from click.testing import CliRunner

import deeplab_tf.export
from deeplab_tf.cli import cli

COMMAND = ["export", "m.keras", "--output", "m.tflite", "--format"]


def test_options_of_tflite(monkeypatch):
    given = []
    monkeypatch.setattr(deeplab_tf.export, "export_tflite", lambda *_, **options: given.append(options))
    options = ["--precision", "int8", "--calibration", "a", "--calibration", "b.jpg", "--outputs", "low_logits"]
    for more in (options, []):
        assert CliRunner().invoke(cli, [*COMMAND, "tflite", *more], catch_exceptions=False).exit_code == 0
    assert [str(path) for path in given[0].pop("calibration")] == ["a", "b.jpg"]
    assert given == [
        {"images": None, "overwrite": False, "precision": "int8", "outputs": "low_logits"},
        {"images": None, "overwrite": False},
    ]


@pytest.mark.parametrize("option", [("--precision", "int8"), ("--calibration", "photos"), ("--outputs", "low_logits")])
def test_options_of_tflite_alone(option):
    result = CliRunner().invoke(cli, [*COMMAND, "saved_model", *option])
    assert result.exit_code == 2
    assert f"{option[0]} is for --format tflite" in result.output
    assert "received --format saved_model" in result.output.replace("\n", " ")
