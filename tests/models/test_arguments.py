"""Arguments that several models have: what is refused, by which words."""

import inspect
import os

import pytest

from deeplab_tf import AutoDeepLab, DeepLabV1, DeepLabV2, DeepLabV3, DeepLabV3Plus
from deeplab_tf.models import LRASPP, MODELS
from deeplab_tf.models.arguments import OPTIONAL, RULES, arguments_of, own_arguments

SMALL = {"backbone": "mobilenet_v2", "depth_multiplier": 0.25}


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"atrous_rates": 6}, r"atrous_rates must be whole numbers above 0.*received 6\."),
        ({"atrous_rates": "6,12"}, "atrous_rates must be .*received '6,12'"),
        ({"atrous_rates": (6, -1)}, r"atrous_rates must be .*received \(6, -1\)"),
        ({"decoder_strides": 4}, "decoder_strides must be whole numbers above 0.*received 4"),
        ({"filters": 1.5}, "filters must be a whole number above 0.*received 1.5"),
        ({"decoder_filters": 0}, "decoder_filters must be a whole number above 0.*received 0"),
        ({"dropout": 1}, "dropout must be a number from 0 to below 1; received 1"),
        ({"separable": "maybe"}, "separable must be true or false; received 'maybe'"),
        ({"separable": None}, "separable must be true or false; received None"),
        ({"depth_multiplier": "wide"}, "depth_multiplier must be a number above 0.*received 'wide'"),
        ({"multi_grid": 3}, "multi_grid must be whole numbers.*received 3"),
        ({"crop_size": "big"}, "crop_size must be a side or.*received 'big'"),
        ({"crop_size": 65.5}, "crop_size must be a side or.*received 65.5"),
        ({"input_shape": 3}, r"input_shape must be \(H, W, channels\).*received 3"),
        ({"weights": 3}, 'weights must be None, "imagenet", .*received 3'),
        ({"dense_prediction_cell": "cityscapes", "atrous_rates": (6,)}, r"has its own rates, so atrous_rates=\(6,\)"),
        ({"dense_prediction_cell": "cityscapes", "atrous_rates": ()}, r"has its own rates, so atrous_rates=\(\)"),
        ({"dense_prediction_cell": "cityscapes", "image_pooling": False}, "takes the ASPP's place, so image_pooling"),
    ],
)
def test_wrong_values_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        DeepLabV3Plus(**{**SMALL, **settings})


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: DeepLabV1(msc="yes"), "msc must be true or false; received 'yes'"),
        (lambda: DeepLabV2("mobilenet_v2", dropout="x"), "dropout must be a number"),
        (lambda: DeepLabV2("mobilenet_v2", atrous_rates=3), "atrous_rates must be .*received 3"),
        (lambda: LRASPP(filters="x"), "filters must be a whole number above 0.*received 'x'"),
        (lambda: AutoDeepLab(drop_path_steps=-1), "drop_path_steps must be a whole number above 0; received -1"),
        (lambda: DeepLabV3("resnet_18", cascade_blocks=1, image_pooling=False), "no ASPP, so image_pooling=False"),
    ],
)
def test_every_model_refuses_them(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "kind, first, second",
    [
        ("v1", "classes", "variant"),
        ("v2", "backbone", "classes"),
        ("v3", "backbone", "classes"),
        ("v3plus", "backbone", "classes"),
        ("lr_aspp", "backbone", "classes"),
        ("auto_deeplab", "genotype", "base_filters"),
    ],
)
def test_arguments_after_the_first_two_go_by_name(kind, first, second):
    network = MODELS[kind]
    message = rf"{network.__name__} takes {first} and {second} by position and all else by name; received 3 arguments"
    with pytest.raises(ValueError, match=message):
        network("mobilenet_v2", 21, 16)
    by_name = [one.name for one in inspect.signature(network).parameters.values() if one.kind is one.KEYWORD_ONLY]
    assert list(inspect.signature(network).parameters) == [first, second, *by_name]


def test_every_rule_is_of_an_argument_that_a_model_has():
    names = {name for kind in MODELS.values() for name in arguments_of(kind)}
    assert set(RULES) <= names
    assert set(OPTIONAL) <= set(RULES)


def test_what_is_right_passes_as_it_is_and_what_is_left_out_has_its_default():
    shared = {"name": "n", "atrous_rates": None, "filters": 3, "weights": os.curdir}
    found = own_arguments(DeepLabV3Plus, {"self": None, "decoder_strides": [], "settings": shared})
    given = {"decoder_strides": [], **shared}
    assert {name: found[name] for name in given} == given
    assert (found["backbone"], found["input_shape"], found["dropout"]) == ("xception_65", (None, None, 3), 0.1)
    assert list(found) == arguments_of(DeepLabV3Plus)
