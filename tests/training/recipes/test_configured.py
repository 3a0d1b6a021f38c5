import pytest

from deeplab_tf.training import recipe
from deeplab_tf.training.recipes.configured import configured, staged

FOLDERS = {"data": "records", "output": "run"}


def test_a_given_setting_takes_the_place_of_the_published_one():
    found = recipe("v3plus_voc", **FOLDERS, steps=10, backbone="mobilenet_v2", atrous_rates=(), weights=None)
    assert (found.steps, found.backbone, found.atrous_rates, found.weights) == (10, "mobilenet_v2", (), None)
    assert found.learning_rate == 0.007


def test_a_given_argument_of_the_network_leaves_the_others():
    found = recipe("auto_deeplab_cityscapes", **FOLDERS, network={"base_filters": 32})
    assert found.network.arguments == {"genotype": "auto_deeplab", "base_filters": 32}
    # Those of another model would not fit.
    assert recipe("v1_large_fov", **FOLDERS, model="v3").network.arguments is None


def test_class_weights_go_where_the_given_loss_has_none():
    weights = recipe("camvid_cpu", **FOLDERS).class_weights
    assert weights is not None
    assert recipe("camvid_cpu", **FOLDERS, loss="focal").class_weights == weights
    assert recipe("camvid_cpu", **FOLDERS, loss="dice").class_weights is None
    # Who gives them is told.
    assert recipe("camvid_cpu", **FOLDERS, loss="dice", class_weights=weights).class_weights == weights


def test_given_settings_hold_for_every_stage_except_the_weights():
    first, second = recipe("v3_voc", **FOLDERS, steps=3, weights="mine.keras")
    assert (first.steps, second.steps) == (3, 3)
    assert (first.weights, second.weights) == ("mine.keras", "run/stage-1")


def test_a_stage_on_data_of_its_own_takes_nothing_about_data():
    given = {"data": "photos", "masks": "masks", "val_share": 0.2, "output": "run", "crop_size": 65}
    own, others = staged(given, {"data": "coco"}, {})
    assert (own.data.folder, own.masks, own.val_share, own.crop_size) == ("coco", None, None, 65)
    assert (others.data.folder, others.masks, others.val_share, others.crop_size) == ("photos", "masks", 0.2, 65)


@pytest.mark.parametrize(
    "name, own, said",
    [
        ("v3plus_vok", {}, r"received 'v3plus_vok'. Did you mean 'v3plus_voc'\?"),
        ("v3plus_voc", {"cocoo": "x"}, r"one of the settings of recipe v3plus_voc: coco; .*Did you mean 'coco'\?"),
        ("v1_large_fov", {"coco": "x"}, "it has none; received 'coco'"),
    ],
)
def test_unknown_recipes_and_settings_name_the_nearest(name, own, said):
    with pytest.raises(ValueError, match=said):
        recipe(name, own, **FOLDERS)


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValueError, match="Did you mean 'steps'"):
        configured({**FOLDERS, "stepz": 3}, model="v3")
