"""`--max-side` of the commands that predict."""

import pytest
from click.testing import CliRunner

from deeplab_tf import inference
from deeplab_tf.cli import cli


@pytest.mark.parametrize(
    "given, expected",
    [((), "model"), (("--max-side", "none"), None), (("--max-side", 65), 65), (("--max-side", "65x97"), (65, 97))],
)
def test_what_segment_hands_on(monkeypatch, tmp_path, given, expected):
    made = []
    monkeypatch.setattr(inference, "Segmenter", lambda model, **options: made.append(options["max_side"]))
    monkeypatch.setattr(inference, "segment_files", lambda *_, **__: inference.SegmentedFiles({}, {}, 1.0))
    arguments = ["segment", "m.keras", "a.jpg", "--output", str(tmp_path), *map(str, given)]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert (result.exit_code, made) == (0, [expected])


@pytest.mark.parametrize("command", ["segment", "evaluate", "train", "convert folder"])
def test_wrong_sides_are_refused(command):
    result = CliRunner().invoke(cli, [*command.split(), "--max-side", "big"])
    assert result.exit_code == 2
    assert "'big' is not a side" in result.output


def test_a_side_that_may_be_none_says_so():
    result = CliRunner().invoke(cli, ["segment", "m.keras", "a.jpg", "--output", "out", "--max-side", "big"])
    assert "for instance 257 or 257x513, or none." in result.output.replace("\n", " ")
    result = CliRunner().invoke(cli, ["export", "m.keras", "--format", "tflite", "--output", "o", "--size", "big"])
    assert "for instance 257 or 257x513." in result.output.replace("\n", " ")


@pytest.mark.parametrize(
    "command", [["segment", "m.keras", "a.jpg", "--output", "o"], ["evaluate", "m", "--data", "d"]]
)
@pytest.mark.parametrize(
    "given, message",
    [
        (("--scales", "half"), "'half' is not numbers with commas between, such as 0.5,1,1.5"),
        (("--overlap", "1"), "1.0 is not in the range 0<=x<1"),
        (("--window", "wide"), "'wide' is not a side"),
        (("--output-stride", "eight"), "'eight' is not a valid integer"),
    ],
)
def test_wrong_ways_to_predict_are_refused(command, given, message):
    result = CliRunner().invoke(cli, [*command, *given])
    assert result.exit_code == 2
    assert message in result.output


def test_ways_to_predict_reach_the_predictor(monkeypatch, tmp_path):
    made = []
    monkeypatch.setattr(inference, "Segmenter", lambda model, **options: made.append(options))
    monkeypatch.setattr(inference, "segment_files", lambda *_, **__: inference.SegmentedFiles({}, {}, 1.0))
    given = [
        "--scales",
        "0.5,1",
        "--flip",
        "--window",
        "65x97",
        "--overlap",
        "0.5",
        "--output-stride",
        "8",
        "--crf",
        "v1",
    ]
    CliRunner().invoke(cli, ["segment", "m.keras", "a.jpg", "--output", str(tmp_path), *given], catch_exceptions=False)
    wanted = {"scales": (0.5, 1.0), "flip": True, "window": (65, 97), "overlap": 0.5, "output_stride": 8, "crf": "v1"}
    assert {name: made[0][name] for name in wanted} == wanted
