"""Checks of arguments: NumPy's numbers count, and each message says what was received, expected and what to do."""

import json
import re

import numpy as np
import pytest

from deeplab_tf.checks import is_number, is_whole, listing, nearest, number, one_of, sides, whole, whole_numbers

WHOLE = [3, np.int64(3), np.uint8(3), np.int16(3), np.array(3), np.array(3, np.uint16)]


@pytest.mark.parametrize("value", WHOLE, ids=repr)
def test_whole_numbers_of_all_kinds(value):
    assert is_whole(value)
    assert is_number(value)
    got = {
        "whole": whole("n", value, remedy=""),
        "number": number("n", value, remedy=""),
        "numbers": whole_numbers("n", [value], remedy=""),
        "sides": sides("n", value, remedy=""),
        "pair": sides("n", (value, value), remedy=""),
        "one of": one_of("n", value, (3, 4)),
    }
    # json takes Python's own only.
    assert json.loads(json.dumps(got)) == {
        "whole": 3, "number": 3, "numbers": [3], "sides": [3, 3], "pair": [3, 3], "one of": 3
    }  # fmt: skip


@pytest.mark.parametrize("value", [True, np.bool_(True), np.array(True), 3.0, np.float64(3), "3", None, [3]], ids=repr)
def test_what_is_not_a_whole_number(value):
    assert not is_whole(value)
    with pytest.raises(ValueError, match=r"^n must be a whole number above 0; received .*\. Try 3\.$"):
        whole("n", value, remedy="Try 3.")


@pytest.mark.parametrize("value", [True, np.bool_(True), float("nan"), np.float32("inf"), 10**400, "1", None, 1j])
def test_what_is_not_a_finite_number(value):
    assert not is_number(value)


def test_float32_is_a_number_of_its_value():
    assert number("n", np.float32(0.25), remedy="") == 0.25
    assert type(number("n", np.float32(0.25), remedy="")) is float


@pytest.mark.parametrize(
    "limits, expected",
    [
        ({}, "a number"),
        ({"least": 0}, "a number from 0 up"),
        ({"most": -1}, "a number of at most -1"),
        ({"least": 0, "most": 0.5}, "a number from 0 to 0.5"),
        ({"least": 0, "below": 1}, "a number from 0 to below 1"),
        ({"above": 5}, "a number above 5"),
        ({"above": 5, "most": 9}, "a number above 5 and at most 9"),
        ({"above": 5, "below": 9}, "a number above 5 and below 9"),
        ({"below": 1}, "a number below 1"),
    ],
)
def test_the_message_says_the_range(limits, expected):
    value = "text" if not limits else 1.5 if "least" in limits and len(limits) > 1 else 0 if "most" in limits else 5
    value = -1 if limits == {"least": 0} else value
    message = f"share must be {expected}; received {value!r}. Try 2."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        number("share", value, **limits, remedy="Try 2.")


@pytest.mark.parametrize(
    "limits, ends",
    [
        ({"least": 0, "most": 1}, (0, 1)),
        ({"above": 0, "most": 1}, (0.01, 1)),
        ({"least": 0, "below": 1}, (0, 0.99)),
        ({"above": 0, "below": 1}, (0.01, 0.99)),
    ],
)
def test_the_ends_of_a_range(limits, ends):
    taken = [value for value in (-0.01, 0, 0.01, 0.99, 1, 1.01) if is_number(value, **limits)]
    assert (taken[0], taken[-1]) == ends


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: whole("n", 9, least=0, most=8, remedy="Try 3."),
         "n must be a whole number from 0 to 8; received 9. Try 3."),
        (lambda: whole("n", 1, least=2, remedy="Try 3."),
         "n must be a whole number from 2 up; received 1. Try 3."),
        (lambda: whole("n", np.int64(0), remedy="Try 3."),
         "n must be a whole number above 0; received 0. Try 3."),
        (lambda: whole_numbers("n", [1, 2.5], remedy="Try ()."),
         "n must be whole numbers above 0; received [1, 2.5]. Try ()."),
        (lambda: whole_numbers("n", "12", length=2, remedy="Try (1, 2)."),
         "n must be 2 whole numbers above 0; received '12'. Try (1, 2)."),
        (lambda: sides("n", (1, 2, 3), remedy="Try 9."),
         "n must be a side or (height, width) in pixels; received (1, 2, 3). Try 9."),
        (lambda: sides("n", (9, 8), above=8, most=99, remedy="Try 9."),
         "n must be a side or (height, width) in pixels, above 8 and at most 99; received (9, 8). Try 9."),
        (lambda: one_of("n", "trian", ("train", "val")),
         "n must be one of 'train', 'val'; received 'trian'. Did you mean 'train'?"),
        (lambda: one_of("n", True, (1, 2)), "n must be one of 1, 2; received True. Choose one of them."),
        (lambda: one_of("n", np.array([1, 2]), (1, 2)),
         "n must be one of 1, 2; received [1, 2]. Choose one of them."),
    ],
)  # fmt: skip
def test_messages(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        call()


@pytest.mark.parametrize("value", [(5, 7), [5, 7], np.array([5, 7]), np.array([5, 7], np.int32)])
def test_pairs_of_sides(value):
    assert sides("n", value, remedy="") == (5, 7)


@pytest.mark.parametrize("value", ["57", {5: 0, 7: 0}, np.array([[5, 7]]), (True, 7), (5.0, 7), {5, 7}, None])
def test_what_is_not_a_pair_of_sides(value):
    with pytest.raises(ValueError, match="side or"):
        sides("n", value, remedy="")


def test_the_nearest_regards_no_case():
    assert nearest("Xception65", ["xception_65", "xception_41", 3]) == ["xception_65"]
    assert nearest(65, ["xception_65"]) == []
    assert nearest("resnet", ["resnet_50", "resnet_18", "vgg"], 2) == ["resnet_50", "resnet_18"]


@pytest.mark.parametrize(
    "items, shown, text", [("abcd", 3, "a, b, c and 1 more"), ("abc", 3, "a, b, c"), (range(7), 2, "0, 1 and 5 more")]
)
def test_listings(items, shown, text):
    assert listing(items, shown) == text


N = np.int64
SIDES = np.array([65, 97])
MODELS = {
    "v1": {"depth_multiplier": np.float32(1 / 16), "atrous_rate": N(12)},
    "v2": {"depth_multiplier": np.float64(0.25), "atrous_rates": np.array([6, 12]), "backbone": "mobilenet_v2"},
    "v3": {
        "backbone": "resnet_18_beta", "multi_grid": np.array([1, 2]), "atrous_rates": [N(6), N(12)], "filters": N(16)
    },
    "v3plus": {
        "backbone": "mobilenet_v2", "depth_multiplier": np.float32(0.25), "divisible_by": N(8),
        "dropout": np.float32(0.5), "decoder_strides": (N(4),), "decoder_filters": np.uint8(16),
        "dense_prediction_cell": [{"op": "conv", "kernel": N(3), "rate": np.array([1, 6]), "input": N(-1)}],
    },
    "lr_aspp": {"depth_multiplier": np.float32(0.25), "filters": N(16)},
    "auto_deeplab": {"base_filters": N(4), "filters": N(9), "drop_path_keep": np.float32(0.5), "drop_path_steps": N(9)},
}  # fmt: skip


@pytest.mark.parametrize("kind", MODELS)
def test_models_take_numpys_numbers_and_store_pythons(kind):
    from deeplab_tf.models import create_model
    from deeplab_tf.models.without_values import without_values

    settings = {"classes": N(3), "input_shape": (N(65), None, N(3)), "crop_size": SIDES, "image_size": N(129)}
    stride = {} if kind == "v1" else {"output_stride": N(8)}
    model = without_values(lambda: create_model(kind, **settings, **stride, **MODELS[kind]))
    stored = json.loads(json.dumps(model.settings))
    assert (stored["classes"], stored["crop_size"], stored["image_size"]) == (3, [65, 97], [129, 129])
    assert stored["output_stride"] == 8
    assert model.input_shape == (None, 65, None, 3)


def convert(tmp_path):
    from deeplab_tf import datasets

    drawn = datasets.draw_shapes(tmp_path / "drawn", N(4), size=np.array([40, 48]), seed=N(1))
    folders = (drawn / "images", drawn / "masks", tmp_path / "records")
    options = {"val_share": np.float64(0.5), "ignore_label": N(255), "max_side": N(44), "shards": N(1)}
    datasets.convert_folder(*folders, class_names=drawn / "class_names.txt", workers=N(1), **options)
    return datasets.open_dataset(tmp_path / "records")


def test_data_sets_take_numpys_numbers(tmp_path):
    from deeplab_tf import datasets
    from deeplab_tf.datasets.pipeline.class_weights import check_class_weights

    data = convert(tmp_path)
    settings = {"batch_size": N(2), "crop_size": np.array([33, 33]), "max_side": N(40), "seed": N(3)}
    images, labels = next(iter(datasets.training_batches(data, start_step=N(1), **settings)))
    assert (images.shape, labels.shape) == ((2, 33, 33, 3), (2, 33, 33))
    assert "train 2, val 2" in datasets.inspect_dataset(data.path, workers=N(1)).table()
    assert check_class_weights([N(1), np.float32(2)], 2).tolist() == [1, 2]


def test_predictions_take_numpys_numbers(tmp_path):
    from deeplab_tf import Segmenter
    from deeplab_tf.cost import model_cost
    from deeplab_tf.evaluation import evaluate
    from deeplab_tf.models import load_model, save_model
    from deeplab_tf.visualize import overlay
    from harness.tiny_model import photo, tiny_model

    model = tiny_model(classes=N(4), crop_size=N(33), image_size=SIDES)
    save_model(model, tmp_path / "model.keras")
    assert load_model(tmp_path / "model.keras").image_size == (65, 97)
    image, truth = photo(100, 80), np.zeros((100, 80), np.uint8)
    segmentation = Segmenter(model, max_side=N(60))(image)
    assert segmentation.labels.shape == (100, 80)
    assert overlay(image, segmentation.labels, model.labels, alpha=np.float32(0.5)).shape[0] == 100
    assert evaluate(model, [(image, truth)], N(4), max_side=np.array([60, 50])).pixel_accuracy >= 0
    assert model_cost(model, np.array([65, 65])).multiply_adds > 0


def test_settings_of_training_take_numpys_numbers():
    from deeplab_tf.training import TrainConfig

    numbers = {"steps": N(8), "batch_size": N(2), "seed": N(1), "crop_size": N(65), "learning_rate": np.float32(0.5)}
    more = {"atrous_rates": (N(6),), "output_stride": N(16), "rotate": np.float32(4), "max_side": (N(65), N(97))}
    config = TrainConfig(data="data", output="run", **numbers, **more)
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
