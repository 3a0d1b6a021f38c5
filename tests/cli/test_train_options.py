"""What the options of `deeplab-tf train` become as settings."""

import dataclasses
import json

import click
import pytest

from deeplab_tf import training
from deeplab_tf.cli import main
from deeplab_tf.cli.group import cli
from deeplab_tf.training import TrainConfig


def settings(monkeypatch, *arguments):
    """The settings that a call would train with."""
    given = []
    monkeypatch.setattr(training, "train", lambda config, overwrite: given.append(config))
    assert main(["train", "--data", "records", "--output", "run", *arguments]) == 0
    return given[0]


def test_augmentation_and_balance(monkeypatch):
    options = ("--rotate", "10", "--blur", "1.5", "--sampling", "class_balanced", "--class-weights", "inverse_log")
    found = settings(monkeypatch, *options, "--color-jitter", "0.4")
    assert (found.rotate, found.blur, found.color_jitter) == (10.0, 1.5, 0.4)
    assert (found.sampling, found.class_weights) == ("class_balanced", "inverse_log")
    assert settings(monkeypatch, "--color-jitter", "0.4,0.3,0.2,0.1").color_jitter == (0.4, 0.3, 0.2, 0.1)
    assert settings(monkeypatch, "--class-weights", "w.json").class_weights == "w.json"


def test_left_out_or_none_they_are_off(monkeypatch):
    off = TrainConfig(data="records", output="run")
    assert settings(monkeypatch) == off == settings(monkeypatch, "--class-weights", "none")
    assert (off.rotate, off.blur, off.color_jitter, off.sampling, off.class_weights) == (0, 0, 0, "uniform", None)
    # Settings of runs that began before there were these options.
    assert TrainConfig.from_dict(json.loads('{"data": "records", "output": "run"}')) == off


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("--color-jitter", "a,b"), "'a,b' is neither a number nor numbers such as 0.4,0.4,0.4,0.1"),
        (("--color-jitter", "0.1,0.2"), "color_jitter must be a number in 0-1, or four"),
        (("--rotate", "270"), "rotate must be a greatest angle of 0-180 degrees; received 270"),
        (("--class-weights", "median"), "class_weights must be one of"),
        (("--sampling", "even"), "'even' is not one of"),
    ],
)
def test_impossible_values_are_told(capsys, arguments, said):
    assert main(["train", "--data", "records", "--output", "run", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_help_shows_every_default_once():
    fields = {field.name: field.default for field in dataclasses.fields(TrainConfig)}
    context, shown = click.Context(cli.commands["train"]), {}
    for option in cli.commands["train"].params:
        default = fields.get(option.name, dataclasses.MISSING)
        if not isinstance(default, bool | None) and default is not dataclasses.MISSING:
            text = option.get_help_record(context)[1]
            assert text.count("[default: ") == 1
            shown[option.name] = (text.split("[default: ")[1].removesuffix("]"), default)
    assert len(shown) >= 15
    for text, default in shown.values():
        assert type(default)(text) == default
