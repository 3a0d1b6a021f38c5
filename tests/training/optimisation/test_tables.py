"""A loss, a schedule and an optimiser of one row each: trained with from the command line, and resumed."""

import importlib
import json

import keras
import pytest

import deeplab_tf.cli.train
from deeplab_tf.cli import main
from deeplab_tf.cli.group import cli
from deeplab_tf.datasets import convert_folder, draw_shapes
from deeplab_tf.labels import LabelSpec
from deeplab_tf.training import RunFolder, TrainConfig, train
from deeplab_tf.training.checkpoint import RunState, save_checkpoint
from deeplab_tf.training.optimisation.tables import LOSSES, OPTIMIZERS, SCHEDULES, Part
from deeplab_tf.training.optimisation.trainer import make_optimizer, make_trainer
from deeplab_tf.training.start import build_model
from harness.tiny_model import tiny_model


class Softened(keras.losses.Loss):
    """Cross entropy in which what is right already counts less."""

    def __init__(self, ignore_label, gamma=2.0):
        super().__init__()
        self.ignore_label, self.gamma = ignore_label, gamma

    def call(self, y_true, y_pred):
        given = keras.ops.cast(y_true, "int32")
        counted = given != self.ignore_label
        truth = keras.ops.where(counted, given, 0)
        loss = keras.ops.sparse_categorical_crossentropy(truth, y_pred, from_logits=True)
        loss = (1 - keras.ops.exp(-loss)) ** self.gamma * loss * keras.ops.cast(counted, loss.dtype)
        return keras.ops.sum(loss) / keras.ops.sum(keras.ops.cast(counted, loss.dtype))


def halving(learning_rate, steps, every=1):
    return keras.optimizers.schedules.ExponentialDecay(learning_rate, every, 0.5, staircase=True)


@pytest.fixture
def rows(monkeypatch):
    """What a row written into each of the tables comes to: the command is made when its module is imported."""
    command = cli.commands["train"]
    monkeypatch.setitem(LOSSES, "softened", Part(Softened, "softened loss"))
    monkeypatch.setitem(SCHEDULES, "halving", Part(halving, "halves"))
    monkeypatch.setitem(OPTIMIZERS, "adam", Part("keras.optimizers:Adam", "Adam"))
    importlib.reload(deeplab_tf.cli.train)
    yield
    cli.add_command(command)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Four images to train on and none to validate on."""
    drawn = draw_shapes(tmp_path_factory.mktemp("drawn"), 4, size=(36, 40))
    names = drawn / "class_names.txt"
    convert_folder(drawn / "images", drawn / "masks", drawn / "records", class_names=names, workers=1)
    return drawn / "records"


def begun(run, folder):
    """The same run before its first step, in another folder."""
    done, new = RunFolder(run), RunFolder(folder)
    folder.mkdir()
    config, labels = done.read_config().replace(output=str(folder)), LabelSpec.from_dict(done.read_resolved()["labels"])
    new.write_config(config, done.read_resolved())
    keras.utils.set_random_seed(config.seed)
    model = build_model(config, labels)
    save_checkpoint(new.checkpoint, model, make_trainer(model, config), RunState())
    return folder


def logged(run):
    """Loss and learning rate of every row of the log."""
    return [tuple(row.split(",")[1:3]) for row in (run / "log.csv").read_text().splitlines()[1:]]


def test_they_train_from_the_command_line_and_resume(rows, records, tmp_path, capsys):
    assert main(["train", "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "--loss [cross_entropy|hard_pixels|focal|dice|lovasz_softmax|sum|softened]" in said
    assert "softened: softened loss." in said
    command = ["train", "--data", str(records), "--output", str(tmp_path), "--crop-size", "33"]
    command += ["--model", "v2", "--backbone", "vgg_16", "--depth-multiplier", "0.05", "--atrous-rates", "1"]
    command += ["--batch-size", "2", "--steps", "3", "--eval-every", "3", "--learning-rate", "0.01"]
    command += ["--loss", "softened", "--set-loss", "gamma=1.5", "--schedule", "halving", "--set-schedule", "every=2"]
    assert main([*command, "--optimizer", "adam", "--set-optimizer", "beta_1=0.8"]) == 0
    assert [rate for _, rate in logged(tmp_path)] == ["0.01", "0.01", "0.005"]
    config = RunFolder(tmp_path).read_config()
    assert (config.loss, config.loss_settings, config.optimizer) == ("softened", {"gamma": 1.5}, "adam")
    assert json.loads((tmp_path / "config.json").read_text())["settings"]["schedule"]["name"] == "halving"
    again = begun(tmp_path, tmp_path / "again")
    assert main(["train", "--resume", "--output", str(again), "--loss", "cross_entropy"]) == 2
    assert "loss was 'softened' and is 'cross_entropy'" in capsys.readouterr().err
    assert main(["train", "--resume", "--output", str(again), "--loss", "softened"]) == 0
    assert logged(again) == logged(tmp_path)


def test_their_settings_reach_them(rows):
    chosen = {
        "loss": "softened",
        "loss_settings": {"gamma": 3},
        "optimizer": "adam",
        "optimizer_settings": {"beta_1": 0.5},
    }
    model = tiny_model()
    config = TrainConfig(data="d", output="o", learning_rate=0.01, schedule="halving", **chosen)
    trainer = make_trainer(model, config)
    assert (trainer.loss.gamma, trainer.loss.ignore_label) == (3, model.labels.ignore_label)
    assert (type(trainer.optimizer), trainer.optimizer.beta_1) == (keras.optimizers.Adam, 0.5)
    assert float(trainer.optimizer.learning_rate) == pytest.approx(0.01)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"schedule_settings": {"powr": 1}}, "Poly has no argument 'powr'; did you mean 'power'"),
        ({"schedule_settings": {"steps": 1}}, "Poly has no argument 'steps'"),
        ({"schedule": "halving", "power": 2}, "halving has no argument 'power'"),
        ({"schedule": "cosine", "power": 2}, "Cosine has no argument 'power'"),
        ({"schedule_settings": {"warm_up_steps": 3000}}, "warm_up_steps must be a whole number from 0 to 2999"),
        ({"optimizer": "adamw", "momentum": 0.5}, "AdamW has no argument 'momentum'"),
        ({"optimizer_settings": {"clipnrom": 1}}, "SGD has no argument 'clipnrom'; did you mean 'clipnorm'"),
    ],
)
def test_settings_that_a_row_does_not_have_are_refused(rows, changes, message):
    with pytest.raises(ValueError, match=message):
        make_optimizer(TrainConfig(data="d", output="o", learning_rate=0.1, **changes))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"optimizer_settings": {"weight_decay": 1}}, "once, as weight_decay, which --weight-decay sets"),
        ({"optimizer_settings": {"learning_rate": 3}}, "once, as learning_rate, which --learning-rate sets"),
        ({"optimizer_settings": {"momentum": 0.8}, "momentum": 0.7}, r"\{'momentum': 0.8\} beside momentum=0.7. Give"),
        ({"schedule_settings": {"steps": 3}}, "which --steps sets"),
        ({"schedule_settings": {"power": 3}, "power": 2}, "beside power=2. .* which --power sets"),
        ({"loss_settings": {"class_weights": [1, 2]}, "class_weights": (1, 2)}, "which --class-weights sets"),
        ({"optimizer": "adamw", "momentum": 0.5}, "of sgd, momentum; received momentum=0.5 for the optimizer 'adamw'"),
        ({"schedule": "cosine", "power": 2}, "power is a setting of poly; received power=2 for the schedule 'cosine'"),
        ({"loss": "dice", "class_weights": "inverse_log"}, "for the loss 'dice'. Leave it out"),
    ],
)
def test_what_is_said_twice_or_of_another_row_begins_no_run(changes, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        train(TrainConfig(data="d", output=str(tmp_path / "run"), **changes))
    assert not (tmp_path / "run").exists()


def test_what_is_said_once_begins(tmp_path):
    for changes in ({"optimizer_settings": {"momentum": 0.8}}, {"loss": "sum", "class_weights": "inverse_log"}):
        with pytest.raises(ValueError, match="gone is not a folder"):
            train(TrainConfig(data=str(tmp_path / "gone"), output=str(tmp_path / "run"), **changes))
