"""Published and worked-out parameter counts of the large models, all in one table."""

import keras
import numpy as np
import pytest

from deeplab_tf import DeepLabV2, DeepLabV3, DeepLabV3Plus
from deeplab_tf.backbones import backbone
from deeplab_tf.models.without_values import without_values
from harness.variables import checkpoint_variables, model_variables

V2, V3, PLUS = DeepLabV2, DeepLabV3, DeepLabV3Plus
PLAIN = {"separable": False}


def learned(layers):
    """Number of values but moving statistics: what a checkpoint trains, scale and shift though they be frozen."""
    weights = [weight for layer in layers for weight in layer.weights]
    return sum(int(np.prod(weight.shape)) for weight in weights if not weight.name.startswith("moving_"))


@pytest.mark.parametrize(
    "model, name, settings, expected",
    [
        (V2, "vgg_16", {}, 37_877_652),
        (V2, "vgg_16", {"atrous_rates": (12,)}, 20_505_429),
        (V2, "resnet_101_v2", {}, 44_048_532),
        (V2, "resnet_101_v2", {"atrous_rates": (12,)}, 42_887_253),
        (V3, "resnet_50_beta", {}, 39_172_309),
        (V3, "resnet_101", {}, 58_040_661),
        (V3, "resnet_101_beta", {}, 58_164_437),
        (V3, "xception_65", {}, 53_407_813),
        (PLUS, "resnet_50_beta", {}, 26_819_909),
        (PLUS, "resnet_50_beta", PLAIN, 40_475_957),
        (PLUS, "resnet_101_beta", {}, 45_812_037),
        (PLUS, "resnet_101_beta", PLAIN, 59_468_085),
        (PLUS, "xception_41", {}, 28_108_661),
        (PLUS, "xception_65", {"classes": 19}, 41_054_899),
        (PLUS, "xception_65", {}, 41_055_413),
        (PLUS, "xception_65", PLAIN, 54_711_461),
        (PLUS, "xception_71", {}, 43_477_837),
    ],
)
def test_learned_values(model, name, settings, expected):
    assert learned(without_values(lambda: model(name, **{"classes": 21, **settings})).layers) == expected


@pytest.mark.parametrize(
    "name, expected",
    [
        ("resnet_50", (23_508_032, 36_895_808, 50_283_584, 63_671_360)),
        ("resnet_101", (42_500_160, 55_887_936, 69_275_712, 82_663_488)),
        ("resnet_50_beta", tuple(123_776 + count for count in (23_508_032, 36_895_808, 50_283_584, 63_671_360))),
        ("resnet_101_beta", tuple(123_776 + count for count in (42_500_160, 55_887_936, 69_275_712, 82_663_488))),
    ],
)
def test_cascaded_bodies(name, expected):
    def make():
        images = keras.Input((None, None, 3))
        return keras.Model(images, backbone(name).build(images, cascade_blocks=3).last)

    layers = without_values(make).layers
    for beyond, count in zip((5, 6, 7, 8), expected):
        later = tuple(f"block{block}." for block in range(beyond, 8))
        assert learned([layer for layer in layers if not layer.name.split(".", 1)[-1].startswith(later)]) == count


def test_the_defaults_are_those_of_the_papers():
    made = [without_values(lambda model=model: model()) for model in (V2, V3, PLUS)]
    assert [model.backbone_name for model in made] == ["resnet_101_v2", "resnet_101_beta", "xception_65"]
    assert [learned(model.layers) for model in made] == [44_048_532, 58_164_437, 41_055_413]


@pytest.mark.shared
def test_variables_are_those_of_an_xception_checkpoint(shared):
    original = checkpoint_variables(shared, "xception_65_aspp_decoder_2_classes.tsv")
    assert len(original) == 732
    assert model_variables(without_values(lambda: PLUS("xception_65", classes=2))) == original
