"""What the options of `deeplab-tf train` become as settings."""

import dataclasses
import json
import subprocess
import sys

import click
import pytest

from deeplab_tf import training
from deeplab_tf.cli import main
from deeplab_tf.cli.group import cli
from deeplab_tf.models import MODELS
from deeplab_tf.settings import fields_of
from deeplab_tf.training import TrainConfig
from deeplab_tf.training.config import GROUPS


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
    for said, expected in (((), "root_median_frequency"), (("--class-weights", "none"), None)):
        assert settings(monkeypatch, "--recipe", "camvid_cpu", "--weights", "w", *said).class_weights == expected
    assert (off.rotate, off.blur, off.color_jitter, off.sampling, off.class_weights) == (0, 0, 0, "uniform", None)
    # Settings of runs that began before there were these options.
    assert TrainConfig.from_dict(json.loads('{"data": "records", "output": "run"}')) == off


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("--color-jitter", "a,b"), "'a,b' is neither a number nor numbers such as 0.4,0.4,0.4,0.1"),
        (("--color-jitter", "0.1,0.2"), "color_jitter must be a number from 0 to 1, or four"),
        (("--rotate", "270"), "rotate must be a number from 0 to 180; received 270.0"),
        (("--class-weights", "median"), "class_weights must be one of"),
        (("--sampling", "even"), "'even' is not one of"),
        (
            ("--resume", "--overwrite"),
            "Received both --resume, which goes on with the run",
        ),
        # At their defaults, but said.
        (
            ("--momentum", "0.9", "--set-optimizer", "momentum=0.8"),
            "beside momentum=0.9. Give it once, as momentum",
        ),
        (
            ("--momentum", "0.9", "--optimizer", "adamw"),
            "is a setting of sgd, momentum; received momentum=0.9",
        ),
        (("--genotype", "found.json", "--model", "v3"), "--genotype is of --model auto_deeplab; received --model v3"),
        (("--genotype", "found.json", "--set", "genotype=auto_deeplab"), "both --genotype and --set genotype="),
        (("--print-config", "--set-optimizer", "learning_rate=3"), "as learning_rate, which --learning-rate sets"),
        (("--print-config", "--set", "nosuch=1"), "DeepLabV3 has no argument 'nosuch'"),
        (("--print-config", "--model", "v3plus", "--set", "output_stride=8"), "is a setting of the run itself"),
    ],
)
def test_impossible_values_are_told(capsys, arguments, said):
    assert main(["train", "--data", "records", "--output", "run", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("others", [(), ("--model", "auto_deeplab"), ("--recipe", "auto_deeplab_cityscapes")])
def test_a_genotype_is_a_network(monkeypatch, others):
    short = settings(monkeypatch, "--genotype", "found.json", "--set", "base_filters=8", *others)
    assert short.model == "auto_deeplab"
    assert short.network.arguments == {"genotype": "found.json", "base_filters": 8}


def test_every_setting_has_an_option_and_its_help_shows_the_default_once():
    context, options = click.Context(cli.commands["train"]), {one.name: one for one in cli.commands["train"].params}
    defaults = {name: field.default for group in GROUPS.values() for name, (field, _) in fields_of(group).items()}
    others = {"resume", "overwrite", "own", "print_config", "genotype"}
    assert defaults.keys() | others == options.keys()
    shown = {}
    for name, default in defaults.items():
        if default is not dataclasses.MISSING and not isinstance(default, bool | None):
            text = options[name].get_help_record(context)[1]
            assert text.count("[default: ") == 1
            shown[name] = (text.split("[default: ")[1].removesuffix("]"), default)
    assert len(shown) >= 15
    for text, default in shown.values():
        assert type(default)(text) == default


def test_flags_can_be_given_either_way(monkeypatch):
    assert settings(monkeypatch, "--no-flip", "--mixed-precision").flat().items() >= {
        ("flip", False),
        ("mixed_precision", True),
    }
    assert settings(monkeypatch, "--flip", "--no-mixed-precision") == settings(monkeypatch)


def test_the_help_names_models_losses_and_groups(capsys):
    assert main(["train", "--help"]) == 0
    said = capsys.readouterr().out
    assert f"--model [{'|'.join(MODELS)}]" in said
    assert "cross_entropy: softmax cross entropy" in " ".join(said.split())
    assert all(f"\n{title.capitalize()}:\n" in said for title in GROUPS)


def test_the_help_takes_no_tensorflow():
    code = (
        "import sys; from deeplab_tf.cli import main; main(['train', '--help']); sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=False).returncode == 0


@pytest.mark.parametrize(
    "option, example",
    [("--set-loss", "label_smoothing=0.1"), ("--set-optimizer", "clipnorm=1"), ("--set", "output_stride=8")],
)
def test_the_example_of_an_assignment_fits_the_option(option, example, capsys):
    assert main(["train", "--data", "d", "--output", "o", option, "nonsense"]) == 2
    assert f"'nonsense' is not NAME=VALUE, for instance {example}." in capsys.readouterr().err
