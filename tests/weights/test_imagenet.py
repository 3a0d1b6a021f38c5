"""ImageNet weights: our backbones' features against those of keras.applications, on a photograph."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.images import read_image
from deeplab_tf.models import LRASPP, DeepLabV1, DeepLabV2, DeepLabV3
from deeplab_tf.models.without_values import without_values
from deeplab_tf.weights import transfer_weights
from deeplab_tf.weights.imagenet import APPLICATIONS, ZOO_STARTS, copy_application

# Of the form 4k + 1: there TensorFlow's SAME pooling of our ResNet pads alike on both sides, as Keras's does.
SIDE = 97


@pytest.fixture(scope="module")
def photograph(request):
    image = read_image(request.getfixturevalue("shared") / "images" / "bird_segmentation.bmp")
    return image[60 : 60 + SIDE, 80 : 80 + SIDE].astype(np.float32)[None]


def application(name, **options):
    """A network of keras.applications with random weights and random statistics."""
    keras.utils.set_random_seed(3)
    network = getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(SIDE, SIDE, 3), **options)
    draw = np.random.default_rng(4)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.gamma.shape
            ranges = ((0.6, 1.4), (-0.3, 0.3), (-0.3, 0.3), (0.6, 1.4))
            layer.set_weights([draw.uniform(low, high, shape) for low, high in ranges])
        elif getattr(layer, "use_bias", False):
            layer.set_weights([layer.get_weights()[0], draw.uniform(-0.3, 0.3, layer.bias.shape)])
    return network


def features(model, name, images):
    return keras.Model(model.inputs[0], model.get_layer(name).output)(images).numpy()


def difference(ours, theirs):
    """The largest difference, as a share of the features' spread."""
    assert ours.shape == theirs.shape
    assert theirs.std() > 1e-3
    return np.abs(ours - theirs).max() / theirs.std()


def saved(network, path):
    """Writes a network as its published weights are: HDF5 of the old form."""
    network.save(path)
    return path


NARROW = {"depth_multiplier": 0.35, "divisible_by": 8, "classes": 3, "atrous_rates": (), "output_stride": 32}


@pytest.fixture(scope="module")
def narrow():
    return application("MobileNetV2", alpha=0.35)


@pytest.fixture(scope="module")
def narrow_file(narrow, tmp_path_factory):
    """The whole narrow network as one file."""
    path = tmp_path_factory.mktemp("keras") / "mobilenet.keras"
    narrow.save(path)
    return path


@pytest.mark.shared
@pytest.mark.parametrize("alpha, name", [(1.0, "mobilenet.h5"), (0.35, "mobilenet.keras")])
def test_mobilenet_v2_computes_the_same(photograph, narrow, narrow_file, tmp_path, logged, alpha, name):
    network = narrow if alpha < 1 else application("MobileNetV2", alpha=alpha)
    path = narrow_file if alpha < 1 else saved(network, tmp_path / name)
    settings = NARROW if alpha < 1 else {"classes": 3, "output_stride": 32, "atrous_rates": ()}
    model = DeepLabV3("mobilenet_v2", weights=path, **settings)
    # Stem, 16 expansions, 17 depthwise convolutions and 17 projections; pooling, aspp0, projection, logits.
    assert f"{name}: 51 layers loaded, 4 new (" in logged.text
    images = keras.applications.mobilenet_v2.preprocess_input(photograph.copy())
    expected = features(network, "block_16_project_BN", images)
    ours = features(model, "MobilenetV2.expanded_conv_16.project.BatchNorm", photograph)
    assert difference(ours, expected) < 1e-4
    assert "weights" not in model.get_config()


def test_imagenet_downloads_what_fits(narrow, monkeypatch, logged):
    asked = {}
    monkeypatch.setattr(keras.applications, "MobileNetV2", lambda **options: asked.update(options) or narrow)
    model = DeepLabV3("mobilenet_v2", weights="imagenet", **NARROW)
    assert asked == {"weights": "imagenet", "include_top": False, "input_shape": (224, 224, 3), "alpha": 0.35}
    assert "weights imagenet: 51 layers loaded" in logged.text
    expected = narrow.get_layer("block_3_expand").get_weights()[0]
    np.testing.assert_array_equal(model.get_layer("MobilenetV2.expanded_conv_3.expand").kernel, expected)


def test_failed_download_says_what_to_fetch(monkeypatch):
    def unreachable(**_):
        raise Exception("URL fetch failure on https://storage.googleapis.com/x.h5: None -- unreachable")

    monkeypatch.setattr(keras.applications, "MobileNetV2", unreachable)
    with pytest.raises(ConnectionError, match=r"MobileNetV2 \(URL fetch failure on .*x\.h5.*Fetch the file by hand"):
        DeepLabV3("mobilenet_v2", weights="imagenet", **NARROW)


def test_other_channels_average_the_stem(narrow, narrow_file, logged):
    grey = DeepLabV3("mobilenet_v2", weights=narrow_file, input_shape=(None, None, 1), **NARROW)
    said = logged.text
    assert "51 layers loaded" in said
    assert "MobilenetV2.Conv: kernel averaged over 3 input channels" in said
    expected = narrow.get_layer("Conv1").get_weights()[0].sum(axis=2)
    np.testing.assert_allclose(grey.get_layer("MobilenetV2.Conv").kernel[:, :, 0], expected, atol=1e-6)


@pytest.mark.shared
@pytest.mark.parametrize("size, block, loaded", [("large", 11, 46), ("small", 7, 36)])
def test_mobilenet_v3_computes_the_same_up_to_its_narrower_blocks(photograph, size, block, loaded):
    network = application(f"MobileNetV3{size.capitalize()}")
    model = LRASPP(f"mobilenet_v3_{size}", classes=3)
    transfer = copy_application(network, model)
    assert len(transfer.loaded) == loaded
    expected = features(network, f"expanded_conv_{block}_add", photograph)
    assert difference(features(model, f"MobilenetV3.expanded_conv_{block}.add", photograph), expected) < 1e-4


@pytest.mark.shared
def test_resnet_computes_the_same_but_for_the_padding_of_another_mean(photograph, tmp_path):
    network = application("ResNet50")
    model = DeepLabV2(
        "resnet_50_v2", classes=3, output_stride=32, atrous_rates=(6,), weights=saved(network, tmp_path / "r.h5")
    )
    images = keras.applications.resnet.preprocess_input(photograph.copy())
    stem = features(model, "resnet_v1_50.conv1.BatchNorm", photograph), features(network, "conv1_bn", images)
    inside = [values[:, 2:-2, 2:-2] for values in stem]
    assert difference(*inside) < 1e-4
    last = features(model, "resnet_v1_50.block4.unit_3.bottleneck_v1.relu", photograph)
    expected = features(network, "conv5_block3_out", images)
    swapped = features(model, "resnet_v1_50.block4.unit_3.bottleneck_v1.relu", photograph[..., ::-1])
    assert difference(last, expected) < 0.05 < 5 * difference(last, expected) < difference(swapped, expected)


@pytest.mark.shared
def test_vgg_computes_the_same_up_to_its_first_pooling(photograph, tmp_path):
    network = application("VGG16")
    model = DeepLabV3("vgg_16", classes=3, output_stride=8, atrous_rates=(), weights=saved(network, tmp_path / "v.h5"))
    images = keras.applications.vgg16.preprocess_input(photograph.copy())
    ours = features(model, "vgg_16.conv1.conv1_2.relu", photograph)[:, 2:-2, 2:-2]
    assert difference(ours, features(network, "block1_conv2", images)[:, 2:-2, 2:-2]) < 1e-4
    theirs = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    found = [layer for layer in model.layers if layer.name.startswith("vgg_16.conv") and layer.weights]
    assert len(theirs) == len(found) == 13
    for layer, other in list(zip(found, theirs))[1:]:
        np.testing.assert_array_equal(layer.kernel, other.kernel)


def narrow_vgg(width):
    """VGG-16's last layers, a sixteenth as wide."""
    keras.utils.set_random_seed(1)
    images = keras.Input((7, 7, 512 // width))
    x = keras.layers.Dense(4096 // width, "relu", name="fc1")(keras.layers.Flatten()(images))
    return keras.Model(images, keras.layers.Dense(4096 // width, "relu", name="fc2")(x))


def test_fully_connected_layers_become_convolutions():
    network = narrow_vgg(16)
    model = DeepLabV1(variant="7x7", classes=3, depth_multiplier=1 / 16)
    assert copy_application(network, model).loaded == ["vgg_16.fc6", "vgg_16.fc7"]
    x = np.random.default_rng(0).normal(size=(2, 7, 7, 32)).astype(np.float32)
    y = x
    for name in ("vgg_16.fc6", "vgg_16.fc7"):
        kernel, bias = model.get_layer(name).get_weights()
        y = tf.nn.relu(tf.nn.conv2d(y, kernel, 1, "VALID") + bias)
    np.testing.assert_allclose(y[:, 0, 0], network(x), atol=1e-5)


@pytest.mark.parametrize("variant, taps", [("large_fov", [0, 3, 6]), ("4x4", [0, 2, 4, 6])])
def test_smaller_kernels_are_decimated(variant, taps):
    """The taps that are kept see what those of the 7x7 kernel at rate 4 see."""
    network = narrow_vgg(16)
    full, small = (DeepLabV1(variant=name, classes=3, depth_multiplier=1 / 16) for name in ("7x7", variant))
    for model in (full, small):
        copy_application(network, model)
    theirs, ours = (model.get_layer("vgg_16.fc6") for model in (full, small))
    rates = theirs.dilation_rate[0], ours.dilation_rate[0]
    assert [tap * rates[0] for tap in taps] == [tap * rates[1] for tap in range(len(taps))]
    kernel, bias = theirs.get_weights()
    kept = [
        int(np.flatnonzero(np.all(kernel[taps[0], taps[0]] == column[:, None], axis=0))[0])
        for column in ours.get_weights()[0][0, 0].T
    ]
    assert len(set(kept)) == ours.kernel.shape[-1]
    np.testing.assert_array_equal(ours.get_weights()[0], kernel[np.ix_(taps, taps)][..., kept])
    np.testing.assert_array_equal(ours.get_weights()[1], bias[kept])
    second = full.get_layer("vgg_16.fc7").get_weights()[0][:, :, kept]
    followers = small.get_layer("vgg_16.fc7").get_weights()[0][0, 0].T
    assert all(any(np.array_equal(column, other) for other in second[0, 0].T) for column in followers)


def test_branches_keep_channels_of_their_own():
    model = DeepLabV2("vgg_16", classes=3, atrous_rates=(6, 12), depth_multiplier=1 / 16)
    transfer = copy_application(narrow_vgg(16), model)
    assert transfer.loaded == ["vgg_16.fc6_1", "vgg_16.fc7_1", "vgg_16.fc6_2", "vgg_16.fc7_2"]
    first, second = (model.get_layer(f"vgg_16.fc6_{branch}").get_weights()[0] for branch in (1, 2))
    assert first.shape == second.shape
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    "backbone, settings, message",
    [
        (
            "resnet_18",
            {},
            r"no ImageNet weights for the backbone 'resnet_18'; there are for \[.*'vgg_16', 'xception_41'",
        ),
        ("mobilenet_v2", {"depth_multiplier": 0.6}, r"published at depth_multiplier \(0\.35, 0\.5.*received 0\.6"),
        (
            "mobilenet_v2",
            {"depth_multiplier": 0.5},
            r"multiples of 8.*with divisible_by=8, .* --set divisible_by=8",
        ),
    ],
)
def test_backbones_without_a_source_say_which_have_one(backbone, settings, message):
    with pytest.raises(ValueError, match=message):
        without_values(lambda: DeepLabV3(backbone, classes=3, atrous_rates=(), weights="imagenet", **settings))


@pytest.mark.parametrize(
    "backbone, name",
    [
        ("xception_41", "xception_41_imagenet"),
        ("xception_65", "xception_65_imagenet"),
        ("xception_71", "xception_71_imagenet"),
        ("resnet_50_beta", "resnet_v1_50_beta_imagenet"),
        ("resnet_101_beta", "resnet_v1_101_beta_imagenet"),
    ],
)
def test_the_zoo_has_what_keras_has_not(backbone, name):
    assert ZOO_STARTS[backbone] == name
    assert len(ZOO_STARTS) == 5


def test_file_of_another_network_is_named(tmp_path):
    layers = [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)]
    saved(keras.Sequential(layers), tmp_path / "other.h5")
    with pytest.raises(ValueError, match=r"other\.h5 does not hold weights of keras\.applications\.MobileNetV2"):
        DeepLabV3("mobilenet_v2", weights=tmp_path / "other.h5", **NARROW)
    with pytest.raises(FileNotFoundError, match=r"absent\.h5"):
        DeepLabV3("mobilenet_v2", weights=tmp_path / "absent.h5", **NARROW)
    model = without_values(lambda: DeepLabV3("resnet_18", classes=3, atrous_rates=()))
    with pytest.raises(ValueError, match=r"none that fits the backbone 'resnet_18'"):
        transfer_weights(model, tmp_path / "other.h5")


def test_rows_name_networks_of_keras():
    for row in APPLICATIONS.values():
        assert callable(getattr(keras.applications, row.function))
