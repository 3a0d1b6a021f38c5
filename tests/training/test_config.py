"""Settings: round trip, defaults, and the refusal of everything impossible."""

import dataclasses
import json

import pytest

from deeplab_tf.labels import label_spec
from deeplab_tf.training import TrainConfig

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
    assert TrainConfig(**GIVEN, crop_size=65).crop == (65, 65)
    assert TrainConfig(**GIVEN, crop_size=(65, 97)).crop == (65, 97)


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("model", "v9", r"model must be one of .*'v3', 'v3plus'\]; received 'v9'"),
        ("backbone", "vgg_99", "backbone must be one of .*received 'vgg_99'"),
        ("atrous_rates", (6, 0), r"atrous_rates must be whole numbers above 0.*received \(6, 0\)"),
        ("atrous_rates", 6, "atrous_rates must be"),
        ("steps", 0, "steps must be a whole number above 0; received 0"),
        ("steps", 2.5, r"steps must be a whole number above 0; received 2\.5"),
        ("batch_size", -1, "batch_size must be a whole number above 0; received -1"),
        ("batch_size", 1, "batch_norm='train' needs a batch_size of at least 2.*received 1.*batch_norm='frozen'"),
        ("batch_norm", "frozen", "there are none; received weights=None. Give weights"),
        ("batch_norm", "on", "batch_norm must be 'train' or 'frozen'; received 'on'"),
        ("learning_rate", 0, "learning_rate must be a number above 0; received 0"),
        ("learning_rate", float("nan"), "learning_rate must be a number above 0; received nan"),
        ("learning_rate", "fast", "learning_rate must be a number above 0; received 'fast'"),
        ("power", -0.9, r"power must be a number above 0; received -0\.9"),
        ("momentum", 1.0, r"momentum must be a number from 0 to below 1.*received 1\.0"),
        ("weight_decay", -1e-4, "weight_decay must be 0 or above.*received -0.0001"),
        ("recalibrate", -1, "recalibrate must be a whole number, 0 or above; received -1"),
        ("seed", None, "seed must be a whole number, 0 or above; received None"),
        ("eval_every", 0, "eval_every must be a whole number above 0; received 0"),
        ("crop_size", (65, 65, 3), r"crop_size must be a side or \(height, width\).*received \(65, 65, 3\)"),
        ("crop_size", 0, "crop_size must be"),
        ("min_scale", 3, r"\(min_scale, max_scale\) must be above 0 and in this order.*received \(3, 2\.0\)"),
        ("min_scale", 0, r"\(min_scale, max_scale\) must be"),
        ("scale_step", -0.25, r"scale_step must be 0 or above.*received -0\.25"),
        ("rotate", 200, "rotate must be a greatest angle of 0-180 degrees; received 200"),
        ("color_jitter", 2, "color_jitter must be a number in 0-1.*received 2"),
        ("blur", -1, "blur must be a standard deviation in pixels.*received -1"),
        ("sampling", "even", r"sampling must be one of \('uniform', 'class_balanced'\); received 'even'"),
        ("class_weights", "median", r"class_weights must be one of \[.*'median_frequency'\], a \.json file.*'median'"),
        ("labels", {"classes": 3}, "needs 'names'"),
        ("model", ["v3"], r"model must be a text; received \['v3'\]"),
        ("val_split", 3, "val_split must be a text; received 3"),
        ("flip", 1, "flip must be true or false; received 1"),
        ("learning_rate", 10**400, "learning_rate must be a number above 0; received 1000"),
        ("steps", 10**12, "steps must be a whole number above 0; received 1000"),
        ("crop_size", 60_000, "crop_size must be a side"),
        ("blur", 10**6, "blur must be a standard deviation in pixels, 0-1000; received 1000000"),
        ("class_weights", 2.5, r"class_weights must be.*received 2\.5"),
    ],
)
def test_impossible_values_are_refused(name, value, message):
    with pytest.raises(ValueError, match=message.replace(". Give", r"\. Give")):
        TrainConfig(**GIVEN, **{name: value})
