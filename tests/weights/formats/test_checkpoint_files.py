"""Which files mean a checkpoint, what in them is not the network's, and files that are damaged or incomplete."""

import contextlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

import harness.release_variables as release
from deeplab_tf import DeepLabV3, load_released, save_model
from deeplab_tf.models.without_values import without_values
from deeplab_tf.weights import identify, load_checkpoint
from deeplab_tf.weights.checkpoint_model import build_from_checkpoint
from deeplab_tf.weights.formats import checkpoint as checkpoint_module
from deeplab_tf.weights.formats.checkpoint import read_checkpoint

VALUES = release.random_values(release.mobilenet_v2(0.5) | release.aspp(160, 0) | release.logits(3))
CELL = "meta_architecture"
SHARD = "model.ckpt-7.data-00000-of-00001"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return release.write(tmp_path_factory.mktemp("original") / "model.ckpt-7", {**VALUES, "global_step": np.int64(7)})


@pytest.fixture
def prefix(original, tmp_path):
    """A copy, to be damaged."""
    for file in original.parent.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path / original.name


@pytest.fixture(scope="module")
def model():
    return DeepLabV3("mobilenet_v2", depth_multiplier=0.5, atrous_rates=(), classes=3)


@pytest.mark.parametrize("name", ["model.ckpt-7", "model.ckpt-7.index", SHARD, "."])
def test_prefix_files_and_folder_mean_the_checkpoint(original, name):
    path = original.parent / name
    assert identify(path).kind.name == "checkpoint"
    checkpoint = read_checkpoint(path)
    assert checkpoint.path == original
    assert checkpoint.shapes == {name: value.shape for name, value in VALUES.items()}
    assert checkpoint.ignored == {"global_step": 1}


def test_of_several_in_a_folder_the_state_file_names_one(prefix):
    release.write(prefix.parent / "model.ckpt-70", {"a/weights": np.zeros(2, np.float32)})
    with pytest.raises(ValueError, match=r"holds 2 checkpoints: model.ckpt-7, model.ckpt-70\. Give one"):
        read_checkpoint(prefix.parent)
    (prefix.parent / "checkpoint").write_text('model_checkpoint_path: "/elsewhere/model.ckpt-7"\n')
    assert read_checkpoint(prefix.parent).path == prefix


def test_the_oldest_format_is_one_file(tmp_path):
    path = tmp_path / "resnet_v1_50.ckpt"
    value = np.arange(6, dtype=np.float32)
    tf.raw_ops.Save(filename=str(path), tensor_names=["a/weights", "global_step"], data=[value, np.int64(1)])
    checkpoint = read_checkpoint(path)
    assert (checkpoint.shapes, checkpoint.ignored) == ({"a/weights": (6,)}, {"global_step": 1})
    np.testing.assert_array_equal(checkpoint.read("a/weights"), value)


def test_what_is_not_the_network_is_ignored_and_counted(tmp_path):
    kernel = "MobilenetV2/Conv/weights"
    others = ("Momentum", "Adam", "Adam_1", "RMSProp", "ExponentialMovingAverage")
    ranges = ("weights_quant/min", "act_quant/max", "act_quant/MobilenetV2/Conv/act_quant/max/biased")
    names = [kernel, *(f"{kernel}/{other}" for other in others), "global_step", "beta1_power", "beta2_power"]
    names += [f"MobilenetV2/Conv/{name}" for name in ranges]
    checkpoint = read_checkpoint(release.write(tmp_path / "model.ckpt", dict.fromkeys(names, np.float32(1))))
    assert list(checkpoint.shapes) == [kernel]
    assert checkpoint.ignored == {
        "quantisation range": 3, "Adam": 2, "Momentum": 1, "RMSProp": 1, "ExponentialMovingAverage": 1,
        "global_step": 1, "beta1_power": 1, "beta2_power": 1,
    }  # fmt: skip


@pytest.mark.parametrize("share", [0, 0.5, 0.999])
def test_data_that_is_cut_off_is_named_and_leaves_the_model_as_it_was(prefix, model, share):
    shard = prefix.parent / SHARD
    content = shard.read_bytes()
    shard.write_bytes(content[: int(len(content) * share)])
    before = model.get_weights()
    with pytest.raises(ValueError, match=rf"{SHARD}: the data of '.*' cannot be read.*cut off; copy or download"):
        load_checkpoint(model, prefix)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_values_that_are_not_finite_are_refused(tmp_path, model):
    name = "MobilenetV2/expanded_conv_3/project/weights"
    values = VALUES[name].copy()
    values.flat[7] = np.nan
    prefix = release.write(tmp_path / "model.ckpt-7", {**VALUES, name: values})
    with pytest.raises(ValueError, match=rf"{SHARD}: the values of '{name}' are not finite"):
        load_checkpoint(model, prefix)


def test_index_of_sizes_that_the_data_do_not_have_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint_module, "SMALL", 0)
    prefix = release.write(tmp_path / "model.ckpt-7", {"a/weights": np.zeros(1000, np.float32)})
    (tmp_path / SHARD).write_bytes(bytes(100))
    with pytest.raises(ValueError, match=r"model\.ckpt-7\.index .*its variables need 4000 bytes, and there are 100"):
        read_checkpoint(prefix)


def test_damaged_list_of_checkpoints_is_named(prefix):
    release.write(prefix.parent / "model.ckpt-70", {"a/weights": np.zeros(2, np.float32)})
    (prefix.parent / "checkpoint").write_bytes(b"\xff\xfe model_checkpoint_path: \x00")
    with pytest.raises(ValueError, match="checkpoint"):
        read_checkpoint(prefix.parent)


def test_changed_bytes_of_the_index_end_in_a_value_error_that_names_it(prefix, model):
    index = prefix.with_name(f"{prefix.name}.index")
    content, generator = index.read_bytes(), np.random.default_rng(0)
    for _ in range(60):
        changed = bytearray(content)
        changed[generator.integers(len(changed))] ^= 1 << generator.integers(8)
        index.write_bytes(changed)
        with contextlib.suppress(ValueError):
            load_checkpoint(model, prefix)
            continue
    index.write_bytes(content[:100])
    with pytest.raises(ValueError, match=r"model\.ckpt-7\.index is not a checkpoint"):
        read_checkpoint(prefix)


def test_damaged_data_is_named(prefix, model):
    content = bytearray((prefix.parent / SHARD).read_bytes())
    content[len(content) // 2] ^= 255
    (prefix.parent / SHARD).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{SHARD}: the data of .*Checksum"):
        load_checkpoint(model, prefix)


@pytest.mark.parametrize(
    "lost, message",
    [(".index", r"model.ckpt-7.index is missing: it says where"), (SHARD[12:], rf"{SHARD} is missing: it holds")],
)
def test_missing_files_are_named(prefix, lost, message):
    prefix.with_name(prefix.name + lost).unlink()
    with pytest.raises(ValueError, match=message):
        load_released(prefix)


def test_a_missing_shard_of_several_is_named(prefix):
    (prefix.parent / SHARD).rename(prefix.parent / "model.ckpt-7.data-00000-of-00002")
    with pytest.raises(ValueError, match=r"model.ckpt-7.data-00001-of-00002 is missing"):
        load_released(prefix)


@pytest.mark.parametrize("content", [b"", b"hello" * 400])
def test_what_is_no_checkpoint_is_named(prefix, tmp_path, content):
    prefix.with_name("model.ckpt-7.index").write_bytes(content)
    with pytest.raises(ValueError, match=r"model.ckpt-7.index is not a checkpoint of TensorFlow, or it is damaged"):
        load_released(prefix)
    (tmp_path / "old.ckpt").write_bytes(content)
    with pytest.raises(ValueError, match=r"old.ckpt is not a checkpoint of TensorFlow"):
        load_released(tmp_path / "old.ckpt")


def test_an_absent_checkpoint_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no checkpoint .*model.ckpt-9; expected .*model.ckpt-9.index"):
        load_released(tmp_path / "model.ckpt-9")
    with pytest.raises(FileNotFoundError, match="no checkpoint in"):
        read_checkpoint(tmp_path)


def test_a_run_folder_is_no_checkpoint(model, prefix):
    save_model(model, prefix.parent / "model.keras")
    assert identify(prefix.parent).kind.name == "run_folder"
    assert identify(prefix.parent / "model.keras").kind.name == "keras"


def _changed(tmp_path, changes):
    values = {name: value for name, value in {**VALUES, **changes}.items() if value is not None}
    return release.write(tmp_path / "changed.ckpt", values)


@pytest.mark.parametrize(
    "changes, message",
    [
        (
            {"aspp0/BatchNorm/gamma": None, "MobilenetV2/expanded_conv_3/project/weights": None},
            r"changed.ckpt does not fit .*missing in it: 1 of MobilenetV2 "
            r"\(MobilenetV2/expanded_conv_3/project/weights\), 1 of aspp0 \(aspp0/BatchNorm/gamma\)\. Nothing was",
        ),
        ({"decoder/extra/weights": np.zeros((1, 1, 2, 2), np.float32)}, r"not used: 1 of decoder \(decoder/extra/weig"),
        ({"logits/semantic/biases": np.zeros(4, np.float32)}, r"shape: logits/semantic/biases \[4\], here \[3\]\. No"),
    ],
)
def test_missing_extra_and_misshapen_variables_are_listed(model, tmp_path, changes, message):
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        load_checkpoint(model, _changed(tmp_path, changes))
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    "shapes, message",
    [
        (release.aspp(160, 2), "2 dilated branches, and a checkpoint does not tell their rates.*atrous_rates"),
        (release.separable(f"{CELL}/branch0", 160, 256) | release.conv(f"{CELL}/concat_projection", 256, 256),
         "dense prediction cell that is not the published one"),
        (release.aspp(160, 0) | release.decoder(99), "feature_projection0 reads 99 channels.*strides {.*72: 4"),
        (release.aspp(160, 0) | release.biased("logits/semantic_1", 256, 3), "sums several classifiers, as DeepLabv2"),
    ],
)  # fmt: skip
def test_heads_that_do_not_tell_how_they_are_built_are_named(tmp_path, shapes, message):
    shapes = release.mobilenet_v2(0.5) | shapes | release.logits(3)
    prefix = release.write(
        tmp_path / "head.ckpt", {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    )
    checkpoint = read_checkpoint(prefix)
    with pytest.raises(ValueError, match=f"head.ckpt.*{message}"):
        without_values(lambda: build_from_checkpoint(checkpoint))
    if "dilated" in message:
        model = without_values(lambda: build_from_checkpoint(checkpoint, {"atrous_rates": (6, 12)}))
        assert model.get_config()["atrous_rates"] == (6, 12)
