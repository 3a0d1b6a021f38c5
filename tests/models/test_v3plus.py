"""DeepLabv3+ against the harness and the published parameter counts."""

import keras
import numpy as np
import pytest

from deeplab_tf import DeepLabV3Plus
from harness.model_harness import ModelHarness
from harness.variables import checkpoint_variables, counts, model_variables


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


def test_a_decoder_that_sums_adds_the_projected_features():
    model = DeepLabV3Plus("mobilenet_v2", depth_multiplier=0.25, decoder_merge="sum", decoder_filters=16)
    encoder, features, merged = (
        model.get_layer(f"decoder.{name}") for name in ("resize", "feature_projection0", "add")
    )
    assert (encoder.output.shape[-1], features.filters, merged.output.shape[-1]) == (256, 16, 16)
    maps = ("decoder.decoder_conv0_pointwise.relu", "decoder.feature_projection0.relu", "decoder.add")
    one, other, total = keras.Model(model.inputs, [model.get_layer(name).output for name in maps])(
        np.random.default_rng(0).integers(0, 256, (1, 65, 97, 3)).astype(np.uint8)
    )
    np.testing.assert_array_equal(total, one + other)


@pytest.mark.parametrize("merge, convolutions", [("concat", 2), ("sum", 1)])
def test_logits_in_the_decoder_have_no_normalisation_and_no_classifier(merge, convolutions):
    model = DeepLabV3Plus(
        "mobilenet_v2", classes=5, depth_multiplier=0.25, decoder_merge=merge, decoder_logits=True, separable=True
    )
    head = [layer for layer in model.layers if layer.name.startswith(("decoder", "logits")) and layer.weights]
    assert len(head) == 1 + convolutions
    assert all(layer.kernel_size == (1, 1) and layer.use_bias for layer in head)
    assert model(np.zeros((1, 65, 97, 3), np.uint8)).shape == (1, 65, 97, 5)
    assert model.rebuild(classes=3).output_shape == (None, None, None, 3)


def test_the_head_without_image_pooling():
    model = DeepLabV3Plus("mobilenet_v2", depth_multiplier=0.25, image_pooling=False, decoder_separable=False)
    names = {layer.name for layer in model.layers}
    assert "image_pooling" not in names
    assert model.get_layer("concat_projection").kernel.shape == (1, 1, 4 * 256, 256)
    assert {"aspp1_depthwise", "decoder.decoder_conv0.decoder_conv0_2"} <= names


@pytest.mark.shared
def test_head_variables_are_those_of_the_original_code(shared):
    original = checkpoint_variables(shared, "xception_65_aspp_decoder_2_classes.tsv")
    original = {name: shape for name, shape in original.items() if not name.startswith("xception_65/")}
    # What reads the backbone has its width: Xception-65 ends in 2048 channels and has 256 at stride 4.
    expected = {name: tuple(320 if side == 2048 else side for side in shape) for name, shape in original.items()}
    expected["decoder/feature_projection0/weights"] = (1, 1, 144, 48)
    built = model_variables(DeepLabV3Plus("mobilenet_v2", classes=2))
    assert {name: shape for name, shape in built.items() if not name.startswith("MobilenetV2/")} == expected


@pytest.mark.parametrize("backbone", ["mobilenet_edgetpu", "mobilenet_edgetpu_slim"])
def test_a_backbone_without_low_level_features_is_refused(backbone):
    with pytest.raises(ValueError, match=r"no decoder features at stride 4; it has none\. Take DeepLabV3\."):
        DeepLabV3Plus(backbone, depth_multiplier=0.25)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"decoder_strides": (4, 8)}, r"Decoder strides must descend.*received \(4, 8\)"),
        ({"decoder_strides": (2,)}, r"no decoder features at stride 2; it has them at \[4, 8, 16\]"),
        ({"decoder_strides": (16,), "output_stride": 8}, r"stride 16; it has them at \[4, 8\]"),
        ({"decoder_merge": "max"}, "decoder_merge must be one of 'concat', 'sum'; received 'max'"),
        ({"decoder_logits": True, "decoder_strides": ()}, r"needs a decoder.*received decoder_strides=\(\)"),
    ],
)
def test_impossible_decoders_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        DeepLabV3Plus("mobilenet_v2", depth_multiplier=0.25, **settings)
