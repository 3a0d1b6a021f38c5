"""Images of other than three channels: every backbone builds, and grey images keep their meaning."""

import keras
import numpy as np
import pytest

import deeplab_tf
from deeplab_tf.backbones import BACKBONES, backbone
from deeplab_tf.models import DeepLabV1, DeepLabV2, DeepLabV3
from deeplab_tf.models.without_values import without_values
from harness.whole_image import whole_image_logits

SMALL = {"backbone": "mobilenet_v2", "depth_multiplier": 0.25, "atrous_rates": (), "filters": 16, "classes": 4}
# What has a row for each of several sizes builds its stem in one function.
ONE_OF_EACH = {
    "mobilenet_v2", "mobilenet_v3_small", "mobilenet_edgetpu_slim", "hnasnet", "pnasnet", "vgg_16", "resnet_18",
    "resnet_18_beta", "resnet_18_v2", "xception_41",
}  # fmt: skip


def grey(channels: int, size: int = 33) -> np.ndarray:
    image = np.random.default_rng(4).integers(0, 256, (1, size, size, 1)).astype(np.float32)
    return np.repeat(image, channels, axis=-1)


def test_every_family_of_backbones_is_looked_at():
    names = {backbone(name).build for name in ONE_OF_EACH}
    functions = {getattr(build, "func", build) for build in names}
    assert functions == {getattr(row.build, "func", row.build) for row in BACKBONES.values()}


@pytest.mark.parametrize(
    "name, channels",
    [(name, 1) for name in sorted(ONE_OF_EACH)] + [(name, 4) for name in ("mobilenet_v2", "resnet_18", "vgg_16")],
)
def test_backbones_take_other_channels(name, channels):
    def build():
        images = keras.Input((None, None, channels))
        return keras.Model(images, backbone(name).build(images, output_stride=8).last)

    model = without_values(build)
    first = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
    # Where a mean is subtracted grey becomes RGB.
    subtracts = name in ("vgg_16", "resnet_18", "resnet_18_v2")
    assert first.kernel.shape[2] == (3 if channels == 1 and subtracts else channels)


@pytest.mark.parametrize("channels", [1, 4])
def test_grey_images_keep_their_logits(channels, logged):
    model = DeepLabV3(**SMALL)
    other = model.rebuild(input_shape=(None, None, channels))
    assert other.reinitialized == []
    assert f"MobilenetV2.Conv: kernel averaged over 3 input channels, repeated for {channels} and" in logged.text
    assert other.pad_value == (127.5,) * channels
    expected = model(grey(3)).numpy()
    np.testing.assert_allclose(other(grey(channels)), expected, atol=1e-4 * np.abs(expected).max())


def test_back_to_three_channels():
    model = DeepLabV3(**SMALL, input_shape=(None, None, 4))
    expected = model(grey(4)).numpy()
    found = model.rebuild(input_shape=(None, None, 3))(grey(3))
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(
    "model, stem",
    [
        (lambda: DeepLabV1(classes=3, depth_multiplier=0.05, msc=True), "vgg_16.conv1.conv1_1"),
        (lambda: DeepLabV1(classes=3, depth_multiplier=0.05, msc=True), "msc.scale0.conv1"),
        (lambda: DeepLabV2("resnet_18_v2", classes=3, depth_multiplier=1 / 8), "resnet_v1_18.conv1.BatchNorm"),
    ],
    ids=["bias", "bias of the multi-scale head", "normalisation"],
)
def test_means_that_differ_by_channel_do_not_shift_grey_images(model, stem):
    model = model()
    one = model.rebuild(input_shape=(None, None, 1))
    assert one.pad_value == (pytest.approx(sum(model.pad_value) / 3),)
    maps = [
        keras.Model(network.input, network.get_layer(stem).output)(grey(network.input_shape[-1])).numpy()
        for network in (model, one)
    ]
    np.testing.assert_allclose(*maps, atol=1e-5 * np.abs(maps[0]).max())
    back = one.rebuild(input_shape=(None, None, 3))
    assert one.reinitialized == back.reinitialized == []
    np.testing.assert_array_equal(back.get_layer(stem).get_weights()[0], model.get_layer(stem).get_weights()[0])


def test_four_channels_follow_grey_images_inside():
    model = DeepLabV2("resnet_18_v2", classes=3, depth_multiplier=1 / 8)
    stem = "resnet_v1_18.conv1.BatchNorm"
    inside = [
        keras.Model(network.input, network.get_layer(stem).output)(grey(network.input_shape[-1]))[0, 4:-4, 4:-4]
        for network in (model, model.rebuild(input_shape=(None, None, 4)))
    ]
    np.testing.assert_allclose(*inside, atol=1e-4 * np.abs(inside[0]).max())


def test_file_of_other_channels_loads(tmp_path):
    model = DeepLabV3(**SMALL, input_shape=(None, None, 4))
    deeplab_tf.save_model(model, tmp_path / "four.keras")
    image = np.random.default_rng(0).integers(0, 256, (1, 33, 49, 4), np.uint8)
    np.testing.assert_array_equal(deeplab_tf.load_model(tmp_path / "four.keras")(image), model(image))


def test_whole_images_are_padded_with_a_value_for_each_channel():
    model = DeepLabV3(**SMALL, input_shape=(None, None, 4), crop_size=65)
    canvas = np.full((1, 65, 65, 4), 127.5, np.float32)
    canvas[:, :40, :50] = image = np.random.default_rng(1).integers(0, 256, (1, 40, 50, 4))
    np.testing.assert_allclose(whole_image_logits(model, image), model(canvas)[:, :40, :50], atol=1e-5)


def test_what_reads_rgb_refuses_other_models():
    model = DeepLabV3(**SMALL, input_shape=(None, None, 4), name="infrared")
    with pytest.raises(ValueError, match=r"Segmenting reads RGB.*'infrared' takes images of 4 channels.*rebuild"):
        deeplab_tf.Segmenter(model)


@pytest.mark.parametrize("shape", [(None, None), (None, None, None), (33, 33, 0), (33.0, 33, 3)])
def test_impossible_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"input_shape must be \(H, W, channels\)"):
        DeepLabV3(**SMALL, input_shape=shape)
