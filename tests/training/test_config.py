"""Settings: round trip, defaults, and the refusal of everything impossible."""

import dataclasses
import inspect
import json

import pytest

from deeplab_tf.datasets import Augmentation
from deeplab_tf.labels import label_spec
from deeplab_tf.settings import fields_of
from deeplab_tf.training import DataSettings, TrainConfig
from deeplab_tf.training.config import GROUPS

GIVEN = {"data": "records", "output": "run"}


def test_json_round_trip():
    config = TrainConfig(
        **GIVEN, atrous_rates=[6, 12], crop_size=[129, 257], labels=label_spec("camvid"), weights="x.keras", seed=3,
        color_jitter=[0.1, 0.2, 0.3, 0.4], class_weights=[1.0, 2.0],
    )  # fmt: skip
    again = TrainConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    assert again == config
    assert (again.atrous_rates, again.crop_size, again.labels["ignore_label"]) == ((6, 12), (129, 257), 11)


def test_unknown_settings_are_refused():
    with pytest.raises(ValueError, match=r"Unknown training settings \['lr'\]; known are .*'learning_rate'"):
        TrainConfig.from_dict({**GIVEN, "lr": 1})
    with pytest.raises(ValueError, match=r"lack \['output'\]"):
        TrainConfig.from_dict({"data": "records"})
    with pytest.raises(ValueError, match="names and values; received 5"):
        TrainConfig.from_dict(5)


def test_settings_cannot_change_later():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainConfig(**GIVEN).steps = 5


@pytest.mark.parametrize(
    "steps, eval_every, expected",
    [(3000, None, 300), (500, None, 100), (60, None, 60), (90_000, None, 2000), (500, 7, 7), (5, 7, 5)],
)
def test_steps_between_checkpoints(steps, eval_every, expected):
    assert TrainConfig(**GIVEN, steps=steps, eval_every=eval_every).eval_steps == expected


def test_crop_of_one_side_is_square():
    assert TrainConfig(**GIVEN, crop_size=65).data.crop == (65, 65)
    assert TrainConfig(**GIVEN, crop_size=(65, 97)).data.crop == (65, 97)


def test_settings_are_kept_in_groups_and_read_by_name():
    config = TrainConfig(**GIVEN, rotate=10, steps=600, network={"multi_grid": [1, 2, 4]})
    assert (config.data.folder, config.schedule.steps, config.steps) == ("records", 600, 600)
    assert config.augmentation == Augmentation(rotate=10)
    assert config.network.arguments == {"multi_grid": [1, 2, 4]}
    with pytest.raises(AttributeError, match="has no setting 'step'"):
        _ = config.step


def test_a_group_and_a_setting_of_it_can_be_given_together():
    config = TrainConfig(**GIVEN, augmentation=Augmentation(rotate=10, blur=1), blur=2)
    assert config.augmentation == Augmentation(rotate=10, blur=2)
    data = DataSettings(folder="records", crop_size=65)
    assert TrainConfig(data=data, output="run") == TrainConfig(**GIVEN, crop_size=65)
    with pytest.raises(ValueError, match=r"augmentation must be the group Augmentation; received \{'rotate': 10\}"):
        TrainConfig(**GIVEN, augmentation={"rotate": 10})


def test_replacing_keeps_all_else():
    config = TrainConfig(**GIVEN, crop_size=65, power=0.5, rotate=10)
    assert config.replace(data="other", schedule="poly", steps=7) == TrainConfig(
        data="other", output="run", crop_size=65, power=0.5, rotate=10, steps=7
    )
    assert config.replace(augmentation=Augmentation(blur=1)) == TrainConfig(**GIVEN, crop_size=65, power=0.5, blur=1)
    with pytest.raises(ValueError, match="Unknown training settings.*Did you mean 'learning_rate'"):
        config.replace(learning_rat=1)


def test_every_setting_has_one_name_and_help():
    names = [name for group in GROUPS.values() for name in fields_of(group)]
    assert len(names) == len(set(names)) == len(TrainConfig(**GIVEN).flat())
    assert all(known.help for group in GROUPS.values() for _, known in fields_of(group).values())
    assert list(inspect.signature(TrainConfig).parameters) == names


FLAT = {
    **GIVEN, "labels": None, "network": {"filters": 8}, "atrous_rates": [], "steps": 6, "learning_rate": 0.01,
    "scale_step": 0, "flip": False, "class_weights": [1.0, 2.0], "mixed_precision": False,
}  # fmt: skip


def test_stored_settings_have_groups_and_a_version():
    stored = TrainConfig(**FLAT).to_dict()
    assert list(stored) == ["version", *GROUPS]
    assert (stored["version"], stored["data"]["folder"], stored["network"]["arguments"]) == (
        2,
        "records",
        {"filters": 8},
    )
    # As runs kept them before there were groups.
    assert TrainConfig.from_dict(FLAT) == TrainConfig.from_dict(json.loads(json.dumps(stored)))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"version": 3}, "version 3; this deeplab-tf reads 2 and those without"),
        ({"version": "2"}, "version '2'"),
        ({"schedule": {"lr": 1}}, r"Unknown training settings \['lr'\]"),
        ({"schedule": 5}, "settings of 'schedule' are names and values; received 5"),
        ({"speed": {}}, "a group of training settings must be one of"),
        ({"data": {}}, r"lack \['data'\]"),
    ],
)
def test_damaged_groups_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig.from_dict({**TrainConfig(**FLAT).to_dict(), **changes})


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("model", "v9", r"model must be one of .*'v3', 'v3plus', .*; received 'v9'"),
        ("backbone", "vgg_99", "backbone must be one of .*received 'vgg_99'"),
        ("atrous_rates", (6, 0), r"atrous_rates must be whole numbers above 0.*received \(6, 0\)"),
        ("atrous_rates", 6, "atrous_rates must be"),
        ("steps", 0, "steps must be a whole number above 0; received 0"),
        ("steps", 2.5, r"steps must be a whole number above 0; received 2\.5"),
        ("batch_size", -1, "batch_size must be a whole number above 0; received -1"),
        ("batch_size", 1, "batch_norm='train' needs a batch_size of at least 2.*received 1.*batch_norm='frozen'"),
        ("batch_norm", "frozen", "there are none; received weights=None. Give weights"),
        ("batch_norm", "on", "batch_norm must be one of 'train', 'frozen'; received 'on'"),
        ("learning_rate", 0, "learning_rate must be a number above 0; received 0"),
        ("learning_rate", float("nan"), "learning_rate must be a number above 0; received nan"),
        ("learning_rate", "fast", "learning_rate must be a number above 0; received 'fast'"),
        ("power", -0.9, r"power must be a number above 0; received -0\.9"),
        ("momentum", 1.0, r"momentum must be a number from 0 to below 1.*received 1\.0"),
        ("weight_decay", -1e-4, "weight_decay must be a number from 0 up; received -0.0001"),
        ("recalibrate", -1, "recalibrate must be a whole number from 0 up; received -1"),
        ("seed", None, "seed must be a whole number from 0 up; received None"),
        ("eval_every", 0, "eval_every must be a whole number above 0; received 0"),
        ("crop_size", (65, 65, 3), r"crop_size must be a side or \(height, width\).*received \(65, 65, 3\)"),
        ("crop_size", 0, "crop_size must be"),
        ("min_scale", 3, r"\(min_scale, max_scale\) must be in this order; received \(3, 2\.0\)"),
        ("min_scale", 0, "min_scale must be a number above 0; received 0"),
        ("scale_step", -0.25, r"scale_step must be a number from 0 up; received -0\.25"),
        ("rotate", 200, "rotate must be a number from 0 to 180; received 200"),
        ("color_jitter", 2, "color_jitter must be a number from 0 to 1, or four.*received 2"),
        ("blur", -1, "blur must be a number from 0 to 1000; received -1"),
        ("sampling", "even", "sampling must be one of 'uniform', 'class_balanced'; received 'even'"),
        ("class_weights", "median", r"must be one of \[.*'root_median_frequency'\], a \.json file.*'median'"),
        ("labels", {"classes": 3}, "needs 'names'"),
        ("model", ["v3"], r"model must be a text; received \['v3'\]"),
        ("val_split", 3, "val_split must be a text; received 3"),
        ("flip", 1, "flip must be true or false; received 1"),
        ("learning_rate", 10**400, "learning_rate must be a number above 0; received 1000"),
        ("steps", 10**12, "steps must be a whole number from 1 to 4294967295; received 1000"),
        ("crop_size", 60_000, "crop_size must be a side"),
        ("blur", 10**6, "blur must be a number from 0 to 1000; received 1000000"),
        ("class_weights", 2.5, r"class_weights must be.*received 2\.5"),
    ],
)
def test_impossible_values_are_refused(name, value, message):
    with pytest.raises(ValueError, match=message.replace(". Give", r"\. Give")):
        TrainConfig(**GIVEN, **{name: value})
