"""DeepLabv3+ against the harness and the published parameter counts."""

import numpy as np
import pytest
from model_harness import ModelHarness
from variables import checkpoint_variables, counts, model_variables

from deeplab_tf import DeepLabV3Plus


class TestDeepLabV3Plus(ModelHarness):
    model_class = DeepLabV3Plus


def test_parameter_counts():
    # Of the released ADE20K model with MobileNetV2.
    assert counts(DeepLabV3Plus("mobilenet_v2", classes=151, atrous_rates=())) == (2_304_519, 2_339_847)


def test_logits_stand_at_the_decoder_stride_when_not_upsampled():
    model = DeepLabV3Plus(
        "mobilenet_v2", depth_multiplier=0.25, atrous_rates=(), upsample_logits=False, input_shape=(65, 97, 3)
    )
    assert model.output_shape == (None, 17, 25, 21)


def test_several_plain_decoder_stages_build():
    model = DeepLabV3Plus(
        "mobilenet_v2", depth_multiplier=0.25, atrous_rates=(), decoder_strides=(8, 4), separable=False
    )
    assert model.get_layer("decoder.resize").output.shape[-1] == 256
    assert model(np.zeros((1, 65, 97, 3), np.uint8)).shape == (1, 65, 97, 21)


@pytest.mark.shared
def test_head_variables_are_those_of_the_original_code(shared):
    original = checkpoint_variables(shared, "xception_65_aspp_decoder_2_classes.tsv")
    original = {name: shape for name, shape in original.items() if not name.startswith("xception_65/")}
    # What reads the backbone has its width: Xception-65 ends in 2048 channels and has 256 at stride 4.
    expected = {name: tuple(320 if side == 2048 else side for side in shape) for name, shape in original.items()}
    expected["decoder/feature_projection0/weights"] = (1, 1, 144, 48)
    built = model_variables(DeepLabV3Plus("mobilenet_v2", classes=2))
    assert {name: shape for name, shape in built.items() if not name.startswith("MobilenetV2/")} == expected


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"decoder_strides": (4, 8)}, r"Decoder strides must descend.*received \(4, 8\)"),
        ({"decoder_strides": (2,)}, r"no decoder features at stride 2; it has them at \[4, 8, 16\]"),
        ({"decoder_strides": (16,), "output_stride": 8}, r"stride 16; it has them at \[4, 8\]"),
    ],
)
def test_impossible_decoders_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        DeepLabV3Plus("mobilenet_v2", depth_multiplier=0.25, **settings)
