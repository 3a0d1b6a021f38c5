import json

import pytest

from deeplab_tf import training
from deeplab_tf.cli import main
from deeplab_tf.training import RECIPES, TrainConfig


def says(capsys, *arguments, code=0):
    assert main([str(argument) for argument in arguments]) == code
    found = capsys.readouterr()
    return found.err if code else found.out


def test_list_and_text(capsys):
    lines = says(capsys, "recipes").splitlines()
    assert [line.split()[0] for line in lines] == list(RECIPES)
    assert all(len(line.split()) > 4 for line in lines)
    said = says(capsys, "recipes", "v3_voc")
    assert "--set-recipe NAME=VALUE): coco" in said
    assert "deeplab-tf train --recipe v3_voc" in said
    assert "Did you mean 'v3_voc'" in says(capsys, "recipes", "v3_vok", code=2)


def test_the_printed_settings_are_those_of_the_run(capsys, monkeypatch):
    given = []
    monkeypatch.setattr(training, "train", lambda config, overwrite: given.append(config))
    words = ["train", "--recipe", "v3plus_cityscapes", "--steps", 60, "--data", "d", "--output", "o"]
    printed = TrainConfig.from_dict(json.loads(says(capsys, *words, "--print-config")))
    says(capsys, *words)
    assert printed == given[0].replace(eval_every=60)
    assert (printed.steps, printed.crop_size, printed.recipe) == (60, 769, "v3plus_cityscapes")


def test_stages_are_printed_without_data(capsys):
    words = ["train", "--recipe", "v3_voc", "--set-recipe", "coco=coco-voc", "--print-config"]
    stages = [TrainConfig.from_dict(stage) for stage in json.loads(says(capsys, *words))["stages"]]
    assert [stage.data.folder for stage in stages] == ["coco-voc", "DATA", "DATA"]
    assert [stage.eval_every for stage in stages] == [2000] * 3


def test_the_rate_that_follows_from_the_weights_is_printed(capsys):
    weights = ["--weights", "mobilenetv2_coco_voc_trainaug"]
    assert json.loads(says(capsys, "train", "--print-config"))["schedule"]["learning_rate"] == 0.01
    assert json.loads(says(capsys, "train", "--print-config", *weights))["schedule"]["learning_rate"] == 0.001


@pytest.mark.parametrize(
    "words, said",
    [
        (["--recipe", "v3_vok", "--data", "d", "--output", "o"], "Did you mean 'v3_voc'"),
        (["--recipe", "v3_voc", "--data", "d"], "Give --output"),
        (["--recipe", "v3_voc", "--output", "o"], "Give --data"),
        (["--set-recipe", "coco=x", "--data", "d", "--output", "o"], "Give --recipe too"),
        (["--recipe", "v3_voc", "--resume", "--output", "o"], "--resume goes on with the settings of the run"),
        (["--stepz", 3], "'--steps'"),
        (["--recipe", "v3_voc_stage_2", "--print-config"], "Give weights"),
    ],
)
def test_wrong_words(capsys, words, said):
    assert said in says(capsys, "train", *words, code=2)
