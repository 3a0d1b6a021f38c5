"""Checkpoints with the very variables of two real ones: all loaded, each where it belongs, and what else can come."""

import keras
import numpy as np
import pytest

import deeplab_tf
import harness.release_variables as release
from deeplab_tf import DeepLabV3, DeepLabV3Plus, load_released, transfer_weights
from deeplab_tf.training import TrainConfig
from deeplab_tf.training.start import build_model, with_learning_rate
from deeplab_tf.weights import load_checkpoint, load_checkpoint_model

MODULE = "xception_65/{}/xception_module/{}"
# Of each variable: layers whose output it changes, and layers which are not behind it.
MOBILENET = {
    "MobilenetV2/expanded_conv_6/expand/BatchNorm/moving_mean": (
        ["MobilenetV2.expanded_conv_6.expand.BatchNorm", "concat_projection"],
        ["MobilenetV2.expanded_conv_6.expand", "MobilenetV2.expanded_conv_5.add"],
    ),
    "MobilenetV2/expanded_conv_10/depthwise/depthwise_weights": (
        ["MobilenetV2.expanded_conv_10.depthwise"], ["MobilenetV2.expanded_conv_10.expand.relu6"],
    ),
    "aspp0/weights": (["aspp0"], ["MobilenetV2.expanded_conv_16.project.BatchNorm", "image_pooling.relu"]),
    "image_pooling/BatchNorm/beta": (["image_pooling.BatchNorm"], ["image_pooling", "aspp0.relu"]),
    "concat_projection/BatchNorm/gamma": (["concat_projection.BatchNorm"], ["concat_projection"]),
    "logits/semantic/biases": (["logits.semantic"], ["concat_projection.relu"]),
}  # fmt: skip
XCEPTION = {
    MODULE.format("middle_flow/block1/unit_9", "separable_conv2_depthwise/BatchNorm/moving_variance"): (
        ["xception_65.middle_flow.block1.unit_9.xception_module.separable_conv2_depthwise.BatchNorm", "aspp0"],
        [
            "xception_65.middle_flow.block1.unit_9.xception_module.separable_conv2_depthwise",
            "decoder.feature_projection0",
        ],
    ),
    MODULE.format("entry_flow/block2/unit_1", "shortcut/weights"): (
        ["xception_65.entry_flow.block2.unit_1.xception_module.shortcut", "aspp0"], ["decoder.feature_projection0"],
    ),
    "aspp2_depthwise/depthwise_weights": (
        ["aspp2_depthwise", "concat_projection"],
        ["aspp1_pointwise.relu", "aspp3_pointwise.relu", "image_pooling.relu", "decoder.feature_projection0.relu"],
    ),
    "decoder/feature_projection0/weights": (["decoder.feature_projection0"], ["concat_projection.relu"]),
}  # fmt: skip

pytestmark = pytest.mark.shared


class Real:
    """A checkpoint with all entries of a list, the values of its network, and the model that was loaded from it."""

    def __init__(self, shared, folder, table):
        shapes = {name: shape for name, (_, shape) in release.listed(shared, table).items() if name != "global_step"}
        slots = {name: name.removesuffix("/Momentum") for name in shapes if name.endswith("/Momentum")}
        self.values = release.random_values({name: shape for name, shape in shapes.items() if name not in slots})
        momentum = {slot: -self.values[name] for slot, name in slots.items()}
        everything = {**self.values, **momentum, "global_step": np.int64(30000)}
        self.prefix = release.write(folder / "model.ckpt-30000", everything)
        self.model = load_checkpoint_model(self.prefix)


@pytest.fixture(scope="module")
def mobilenet(shared, tmp_path_factory):
    return Real(shared, tmp_path_factory.mktemp("mobilenet"), "mobilenet_v2_pascal_21_classes.tsv")


@pytest.fixture(scope="module")
def xception(shared, tmp_path_factory):
    return Real(shared, tmp_path_factory.mktemp("xception"), "xception_65_aspp_decoder_2_classes.tsv")


@pytest.mark.parametrize(
    "name, tensors, slots, kind, classes",
    [("mobilenet", 272, 164, DeepLabV3, 21), ("xception", 732, 440, DeepLabV3Plus, 2)],
)
def test_every_variable_of_a_real_list_is_loaded(name, tensors, slots, kind, classes, request):
    real = request.getfixturevalue(name)
    transfer = load_checkpoint(real.model, real.prefix)
    assert (transfer.fresh, transfer.unused) == ([], [])
    assert transfer.ignored == {"Momentum": slots, "global_step": 1}
    assert len(real.values) == tensors
    assert (type(real.model), real.model.classes, real.model.output_stride) == (kind, classes, 16)
    assert sum(len(layer.weights) for layer in real.model.layers) == tensors
    for variable, value in real.values.items():
        np.testing.assert_array_equal(release.value_in(real.model, variable), value, err_msg=variable)


def _check_perturbation(real, folder, variable, changed, unchanged):
    maps = keras.Model(real.model.input, {name: real.model.get_layer(name).output for name in (*changed, *unchanged)})
    image = np.random.default_rng(5).uniform(0, 255, (1, 33, 49, 3)).astype(np.float32)
    load_checkpoint(real.model, real.prefix)
    before, logits = maps(image), real.model(image).numpy()
    perturbed = {**real.values, variable: real.values[variable] * 1.5 + 0.1}
    load_checkpoint(real.model, release.write(folder / "perturbed.ckpt", perturbed))
    after = maps(image)
    for name in changed:
        assert np.abs(after[name] - before[name]).max() > 1e-3 * np.abs(before[name]).max(), name
    for name in unchanged:
        np.testing.assert_array_equal(after[name], before[name], err_msg=name)
    assert np.abs(real.model(image) - logits).max() > 1e-3 * np.abs(logits).max()


@pytest.mark.parametrize("variable", MOBILENET)
def test_a_changed_variable_changes_what_is_behind_it_only(mobilenet, tmp_path, variable):
    _check_perturbation(mobilenet, tmp_path, variable, *MOBILENET[variable])


@pytest.mark.parametrize("variable", XCEPTION)
def test_a_changed_variable_of_xception_changes_what_is_behind_it_only(xception, tmp_path, variable):
    _check_perturbation(xception, tmp_path, variable, *XCEPTION[variable])


def test_strides_and_rates_can_be_given(mobilenet, logged):
    assert load_released(mobilenet.prefix).labels.name == "pascal_voc"
    said = logged.text
    assert "DeepLabV3 mobilenet_v2, 21 classes" in said
    assert "ignored 164 Momentum, 1 global_step. Assumed, since a checkpoint does not tell: output stride 16." in said
    logged.clear()
    exact = {"model": "DeepLabV3", "backbone": "mobilenet_v2", "atrous_rates": (), "output_stride": 8, "crop_size": 513}
    model = load_checkpoint_model(mobilenet.prefix, exact)
    assert (model.classes, model.output_stride, model.crop_size) == (21, 8, [513, 513])
    assert model.image_size == (513, 513)
    assert "Assumed" not in logged.text


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"model": "DeepLabV9"}, "model must be one of 'v1', .*'v3plus'.*received 'DeepLabV9'"),
        ({"stride": 8}, "DeepLabV3 has no argument 'stride'; did you mean 'output_stride'"),
        (
            {"model": "v3", "backbone": "mobilenet_v2"},
            r"missing in it: 5 of aspp1 \(aspp1/weights, ...\), .*of another shape: concat_projection/weights "
            r"\[1, 1, 512, 256\], here \[1, 1, 1280, 256\]\. Nothing was loaded",
        ),
    ],
)
def test_settings_that_do_not_fit_are_named(mobilenet, settings, message):
    with pytest.raises(ValueError, match=message):
        load_checkpoint_model(mobilenet.prefix, settings)


def test_another_number_of_classes_renews_the_classifier_only(mobilenet, logged):
    model = DeepLabV3("mobilenet_v2", atrous_rates=(), classes=5)
    fresh = model.get_layer("logits.semantic").get_weights()
    transfer = load_checkpoint(model, mobilenet.prefix)
    assert transfer.fresh == ["logits.semantic"]
    assert "has 21 classes, the model 5: logits.semantic starts from scratch" in logged.text
    for old, new in zip(fresh, model.get_layer("logits.semantic").get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(model.get_layer("aspp0").kernel, mobilenet.values["aspp0/weights"])


def test_a_checkpoint_of_another_backbone_is_refused(xception, mobilenet):
    missing = r"missing in it: 255 of MobilenetV2 \(MobilenetV2/Conv/weights, \.\.\.\)"
    message = rf"ckpt-30000 does not fit this DeepLabV3 of mobilenet_v2: {missing}; .*not used: 660 of xception_65"
    with pytest.raises(ValueError, match=message):
        load_checkpoint(mobilenet.model, xception.prefix)
    with pytest.raises(ValueError, match=rf"{missing}\. Nothing was loaded"):
        transfer_weights(mobilenet.model, xception.prefix)


def test_a_start_takes_the_backbone_and_what_fits_of_the_head(mobilenet):
    model = DeepLabV3Plus("mobilenet_v2", labels="camvid", atrous_rates=())
    transfer = transfer_weights(model, mobilenet.prefix)
    assert "image_pooling.BatchNorm" in transfer.loaded
    assert {name.split(".")[0] for name in transfer.fresh} == {"decoder", "logits"}
    np.testing.assert_array_equal(model.get_layer("aspp0").kernel, mobilenet.values["aspp0/weights"])
    assert "ignored 164 Momentum" in str(transfer)


def test_training_starts_from_a_checkpoint(mobilenet):
    config = TrainConfig(data="d", output="o", weights=mobilenet.prefix, output_stride=8)
    model = build_model(config, deeplab_tf.label_spec("camvid"))
    assert (type(model), model.output_stride, model.classes) == (DeepLabV3, 8, 11)
    np.testing.assert_array_equal(model.get_layer("aspp0").kernel, mobilenet.values["aspp0/weights"])
    assert with_learning_rate(config).learning_rate == 0.001


def test_a_start_averages_the_stem_for_images_of_other_channels(mobilenet, logged):
    model = DeepLabV3("mobilenet_v2", classes=3, atrous_rates=(), input_shape=(None, None, 1))
    transfer_weights(model, mobilenet.prefix)
    kernel = mobilenet.values["MobilenetV2/Conv/weights"].sum(axis=2, keepdims=True)
    np.testing.assert_allclose(model.get_layer("MobilenetV2.Conv").kernel, kernel, rtol=1e-5, atol=1e-6)
    assert "averaged over 3 input channels" in logged.text


def test_an_imagenet_classifier_starts_a_backbone(tmp_path):
    backbone = release.mobilenet_v2(0.5) | release.conv("MobilenetV2/Conv_1", 160, 1280)
    values = release.random_values(backbone | release.biased("MobilenetV2/Logits/Conv2d_1c_1x1", 1280, 1001))
    averages = {f"{name}/ExponentialMovingAverage": value + 1 for name, value in values.items()}
    prefix = release.write(tmp_path / "mobilenet_v2.ckpt", {**values, **averages})
    with pytest.raises(ValueError, match=r"mobilenet_v2.ckpt is an ImageNet classifier.*transfer_weights"):
        load_released(prefix)
    model = deeplab_tf.DeepLabV3("mobilenet_v2", depth_multiplier=0.5, atrous_rates=(), classes=3)
    transfer = transfer_weights(model, prefix)
    np.testing.assert_array_equal(model.get_layer("MobilenetV2.Conv").kernel, values["MobilenetV2/Conv/weights"])
    assert transfer.ignored == {"ExponentialMovingAverage": len(values)}
    assert set(transfer.unused) == {
        "MobilenetV2/Conv_1", "MobilenetV2/Conv_1/BatchNorm", "MobilenetV2/Logits/Conv2d_1c_1x1"
    }  # fmt: skip
    narrow = deeplab_tf.DeepLabV3("mobilenet_v2", depth_multiplier=0.25, atrous_rates=(), classes=3)
    with pytest.raises(ValueError, match=r"of another shape: MobilenetV2/Conv/weights \[3, 3, 3, 16\], here"):
        transfer_weights(narrow, prefix)
