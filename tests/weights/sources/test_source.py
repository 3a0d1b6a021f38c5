"""Every kind of source is told from its name or content, says what it was made for, and a row makes a new one."""

import keras
import numpy as np
import pytest

import harness.release_variables as release
from deeplab_tf import DeepLabV3, load_released, save_model, transfer_weights
from deeplab_tf.cli import main
from deeplab_tf.layers import BatchNorm
from deeplab_tf.training import TrainConfig
from deeplab_tf.training.start import with_learning_rate
from deeplab_tf.weights import KINDS, Kind, identify
from deeplab_tf.weights.formats.released_file import Convolution, ReleasedFile
from deeplab_tf.weights.sources.folded import FoldedFile
from harness.tiny_model import photo, tiny_model

ZOO_NAME = "mobilenetv2_dm05_coco_voc_trainaug"
ARCHIVE = "deeplabv3_mnv2_dm05_pascal_trainaug_2018_10_01.tar.gz"


@pytest.fixture(scope="module")
def model():
    return tiny_model()


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    """One of each that must be there to be known."""
    folder = tmp_path_factory.mktemp("sources")
    save_model(model, folder / "run" / "model.keras")
    keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)]).save(folder / "sequential.keras")
    images = keras.Input((8, 8, 3))
    keras.Model(images, keras.layers.Conv2D(4, 3)(images)).save(folder / "network.keras")
    (folder / "served").mkdir()
    (folder / "served" / "saved_model.pb").write_bytes(b"")
    shapes = release.mobilenet_v2(0.5) | release.aspp(160, 0) | release.logits(3)
    (folder / "trained").mkdir()
    release.write(folder / "trained" / "weights-7", release.random_values(shapes))
    return folder


@pytest.mark.parametrize(
    "given, kind",
    [
        ("imagenet", "imagenet"), (ZOO_NAME, "zoo"), ("a/b.tar.gz", "archive"), ("b.tgz", "archive"),
        ("b.tar.gz.keras", "keras"), ("b.tflite", "tflite"), ("b.pb", "frozen_graph"), ("b.h5", "application_weights"),
        ("a/saved_model.pb", "saved_model"), ("model.ckpt-7", "checkpoint"), ("b.index", "checkpoint"),
        ("b.data-00000-of-00001", "checkpoint"), ("b.ckpt.tflite", "tflite"),
    ],
)  # fmt: skip
def test_a_name_tells_the_kind(given, kind):
    assert identify(given).kind.name == kind


@pytest.mark.parametrize(
    "given, kind",
    [
        ("run", "run_folder"), ("run/model.keras", "keras"), ("network.keras", "application"),
        ("sequential.keras", "keras"), ("served", "saved_model"), ("trained", "checkpoint"),
        ("trained/weights-7", "checkpoint"), (".", "run_folder"),
    ],
)  # fmt: skip
def test_the_content_tells_the_kind(folder, given, kind):
    assert identify(folder / given).kind.name == kind
    assert identify(str(folder / given)).kind is KINDS[kind]


def test_models_and_what_is_identified_pass(model):
    source = identify(model)
    assert (source.kind.name, source.segments, source.load()) == ("model", True, model)
    assert identify(source) is source
    assert identify(keras.Sequential()).segments is False


def test_what_is_of_no_kind_is_named(tmp_path):
    for given, message in {
        5: "received int",
        "xception66": "Unknown released model 'xception66'.*Did you mean",
    }.items():
        with pytest.raises(ValueError, match=message):
            identify(given)
    with pytest.raises(FileNotFoundError, match=r"There is no .*runs/gone"):
        identify(tmp_path / "runs/gone")
    (tmp_path / "readme.txt").touch()
    with pytest.raises(ValueError, match=r"readme\.txt has no known format; released files end in \.tflite or \.pb,"):
        identify(tmp_path / "readme.txt")


def seen(source):
    """What is asked of a network."""
    found = source.network
    return found.model, found.backbone, found.depth_multiplier, found.output_stride, found.classes


@pytest.mark.parametrize(
    "given, expected, labels",
    [
        # Half-width networks as the release's model zoo publishes them.
        (ZOO_NAME, (DeepLabV3, "mobilenet_v2", 0.5, 16, 21), "pascal_voc"),
        (ARCHIVE, (DeepLabV3, "mobilenet_v2", 0.5, 16, 21), "pascal_voc"),
        ("trained", (DeepLabV3, "mobilenet_v2", 0.5, 16, 3), None),
        ("run", (DeepLabV3, "mobilenet_v2", 0.25, 16, 4), None),
    ],
)
def test_networks(folder, given, expected, labels):
    source = identify(folder / given if (folder / given).exists() else given)
    assert source.segments
    assert seen(source) == expected
    assert labels is None or source.network.labels.name == labels


@pytest.mark.shared
def test_networks_of_released_files(shared):
    files = {
        "deeplabv3_mnv2_dm05_pascal_quant.tflite": (DeepLabV3, "mobilenet_v2", 0.5, 16, 21),
        "deeplabv3_mnv2_pascal_trainval_frozen.pb": (DeepLabV3, "mobilenet_v2", 1.0, 8, 21),
        "mobilenet_v2_1.0_224_quant.tflite": (None, "mobilenet_v2", 1.0, None, None),
    }
    for name, expected in files.items():
        source = identify(shared / "weights" / name)
        assert seen(source) == expected
        assert source.segments == (expected[0] is not None)


def test_starts_tell_their_backbone_and_are_not_loaded(folder):
    start = identify("xception_65_imagenet")
    assert (start.segments, start.network.backbone, start.network.model) == (False, "xception_65", None)
    for given in ("imagenet", folder / "network.keras", folder / "absent.h5"):
        assert not identify(given).segments
        with pytest.raises(ValueError, match=r"start for training and not a DeepLab.*--weights"):
            load_released(given)


def test_a_saved_model_refuses_whatever_is_asked(folder, model):
    source = identify(folder / "served")
    for ask in (source.load, source.read, lambda: source.transfer(model), lambda: source.segments):
        with pytest.raises(ValueError, match=r"served is a SavedModel, whose weights are folded.*load_model\.$"):
            ask()


def folded(model):
    """A model's convolutions with the normalisation behind them folded in, by scope."""
    norms = {layer.name: layer for layer in model.layers if isinstance(layer, BatchNorm)}
    for layer in model.layers:
        if not isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
            continue
        kernel, *bias = (weight.numpy() for weight in layer.weights)
        if norm := norms.get(f"{layer.name}.BatchNorm"):
            gamma, beta, mean, variance = norm.get_weights()
            factor = gamma / np.sqrt(variance + norm.epsilon)
            kernel = kernel * (factor[:, None] if kernel.shape[3] == 1 else factor)
            bias = [beta - mean * factor]
        yield layer.name.replace(".", "/"), (kernel, bias[0], layer.strides[0], layer.dilation_rate[0])


def read_npz(path):
    """The reader of a new format."""
    with np.load(path) as file:
        scopes = {name.rpartition(":")[0] for name in file.files}
        parts = {scope: [file[f"{scope}:{number}"] for number in range(4)] for scope in scopes}
    return ReleasedFile(path, {scope: Convolution(*rest[:2], *map(int, rest[2:])) for scope, rest in parts.items()})


def test_a_format_is_a_reader_and_a_row(model, tmp_path, monkeypatch, capsys):
    path = tmp_path / "net.npz"
    parts = {f"{scope}:{number}": part for scope, four in folded(model) for number, part in enumerate(four)}
    np.savez(path, **parts)
    with pytest.raises(ValueError, match=r"net\.npz has no known format"):
        load_released(path)

    monkeypatch.setitem(
        KINDS, "npz", Kind("npz", "an archive of arrays", FoldedFile, suffixes=(".npz",), read=read_npz)
    )

    image = photo(65, 97)[None]
    loaded = load_released(path)
    np.testing.assert_allclose(loaded(image), model(image), atol=1e-3)
    assert seen(identify(path)) == (DeepLabV3, "mobilenet_v2", 0.25, 16, 4)
    start = DeepLabV3("mobilenet_v2", depth_multiplier=0.25, classes=7, filters=16, atrous_rates=(), weights=path)
    np.testing.assert_array_equal(start.get_layer("aspp0").kernel, loaded.get_layer("aspp0").kernel)
    assert transfer_weights(start, identify(path)).fresh == ["logits.semantic"]

    assert with_learning_rate(TrainConfig(data="-", output="-", weights=str(path))).learning_rate == 0.001
    assert main(["describe", str(path), "--size", "65"]) == 0
    assert "DeepLabV3 mobilenet_v2, output stride 16, 4 classes" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"released files end in \.tflite or \.pb or \.npz"):
        load_released(tmp_path / "net.onnx")
