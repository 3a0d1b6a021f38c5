"""LR-ASPP against the harness, the original code's counts and its names."""

import keras
import numpy as np
import pytest

from deeplab_tf.models import LRASPP
from harness.model_harness import ModelHarness, random_images
from harness.variables import counts, model_variables


class TestLRASPP(ModelHarness):
    model_class = LRASPP
    settings = {"backbone": "mobilenet_v3_small", "filters": 16}  # noqa: RUF012
    classifiers = ("decoder.feature_projection0", "decoder.decoder_conv0")
    without_dropout = {}  # noqa: RUF012


@pytest.mark.parametrize(
    "backbone, trainable, all_values, tensors, last, tap",
    [
        ("mobilenet_v3_large", 1_507_198, 1_525_230, 273, 480, 120),
        ("mobilenet_v3_small", 468_830, 477_454, 217, 288, 88),
    ],
)
def test_variables_are_those_of_the_original_code(backbone, trainable, all_values, tensors, last, tap):
    model = LRASPP(backbone, labels="cityscapes")
    variables = model_variables(model)
    assert (*counts(model), len(variables)) == (trainable, all_values, tensors)
    head = {name: shape for name, shape in variables.items() if not name.startswith("MobilenetV3/")}
    norm = {f"aspp0/BatchNorm/{leaf}": (128,) for leaf in ("gamma", "beta", "moving_mean", "moving_variance")}
    assert head == norm | {
        "aspp0/weights": (1, 1, last, 128),
        "image_pooling/weights": (1, 1, last, 128),
        "image_pooling/biases": (128,),
        "decoder/decoder_conv0/weights": (1, 1, 128, 19),
        "decoder/decoder_conv0/biases": (19,),
        "decoder/feature_projection0/weights": (1, 1, tap, 19),
        "decoder/feature_projection0/biases": (19,),
    }
    gate = "MobilenetV3/expanded_conv_4/squeeze_excite"
    assert {f"{gate}/Conv/weights", f"{gate}/Conv/biases", f"{gate}/Conv_1/weights"} <= variables.keys()


def test_the_released_evaluation_size_has_three_by_nine_gates():
    model = LRASPP("mobilenet_v3_small", classes=3, input_shape=(1025, 2049, 3), depth_multiplier=0.25)
    assert model.get_layer("image_pooling").output.shape[1:3] == (3, 9)
    assert model.get_layer("decoder.add").output.shape[1:3] == (129, 257)


def test_the_training_crop_of_the_release_has_one_gate():
    model = LRASPP("mobilenet_v3_small", classes=3, input_shape=(769, 769, 3), depth_multiplier=0.25)
    assert model.get_layer("image_pooling").output.shape[1:3] == (1, 1)
    assert "logits.semantic" not in {layer.name for layer in model.layers}


@pytest.mark.parametrize("bias, gate", [(-4, 0), (0, 3 * 0.16667), (5, 6 * 0.16667)])
def test_the_gate_multiplies_the_branch_by_a_clipped_line(bias, gate):
    model = LRASPP("mobilenet_v3_small", classes=3, depth_multiplier=0.25)
    pooling = model.get_layer("image_pooling")
    kernel, biases = pooling.get_weights()
    pooling.set_weights([kernel * 0, np.full_like(biases, bias)])
    branch, gated = keras.Model(model.inputs, [model.get_layer(name).output for name in ("aspp0.relu", "aspp0.scale")])(
        random_images(1, 65, 97)
    )
    assert np.abs(branch).max() > 0
    np.testing.assert_allclose(gated, gate * branch, rtol=1e-5)


def test_both_branches_sum_to_the_logits():
    model = LRASPP("mobilenet_v3_small", classes=3, depth_multiplier=0.25, upsample_logits=False)
    images = random_images(1, 65, 97)
    logits = model(images).numpy()
    for name in TestLRASPP.classifiers:
        layer = model.get_layer(name)
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel, bias + np.float32([1, 2, 3])])
    np.testing.assert_allclose(model(images) - logits, np.broadcast_to([2, 4, 6], logits.shape), atol=1e-4)


def test_a_backbone_option_leaves_the_name_alone():
    assert LRASPP("mobilenet_v3_small", classes=3, depth_multiplier=0.25, name="street").name == "street"


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"backbone": "mobilenet_edgetpu"}, r"'mobilenet_edgetpu' has no decoder features at stride 8; .* none"),
        ({"decoder_stride": 2}, r"no decoder features at stride 2; it has them at \[4, 8, 16\]"),
        ({"decoder_stride": 16, "output_stride": 8}, r"stride 16; it has them at \[4, 8\]"),
        ({"output_stride": 12}, r"output_stride must be one of 8, 16, 32; received 12"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        LRASPP(depth_multiplier=0.25, **settings)
