"""What Keras keeps of a model, in files and clones: a run goes on to the bit, in a second process too."""

import copy
import subprocess
import sys

import keras
import numpy as np
import pytest

from deeplab_tf import DeepLabV2, Segmenter, load_model, save_model
from harness.tiny_model import tiny_model

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (6, 33, 33, 3)).astype(np.float32)
LABELS = GENERATOR.integers(0, 4, (6, 33, 33))
GO_ON = """
import sys
import keras, numpy as np
import deeplab_tf
model = keras.models.load_model(sys.argv[1])
data = np.load(sys.argv[2])
model.fit(data["images"], data["labels"], batch_size=3, epochs=2, initial_epoch=1, shuffle=False, verbose=0)
variables = [*model.variables, *model.optimizer.variables]
np.savez(sys.argv[3], *[np.asarray(variable, np.float64) for variable in variables])
"""


def fit(model, epochs=1, begin=0, **kwargs):
    model.fit(
        IMAGES, LABELS, batch_size=3, epochs=epochs, initial_epoch=begin, shuffle=False, verbose=0, **kwargs
    )  # fmt: skip
    return model


def state(model):
    return [np.asarray(variable, np.float64) for variable in [*model.variables, *model.optimizer.variables]]


def assert_equal(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def trained(policy="float32", optimizer=None, **kwargs):
    """One epoch of training with a frozen backbone, a dropout, and all that a run can hold."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = tiny_model(backbone="resnet_18", dropout=0.3, **kwargs)
    finally:
        keras.config.set_dtype_policy(before)
    for layer in model.backbone_layers:
        layer.trainable = False
    model.compile(
        optimizer or keras.optimizers.Adam(1e-3, use_ema=True, ema_momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    return fit(model)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_a_second_process_goes_on_to_the_bit(policy, tmp_path):
    model = trained(policy)
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "data.npz", images=IMAGES, labels=LABELS)
    paths = [str(tmp_path / name) for name in ("model.keras", "data.npz", "state.npz")]
    subprocess.run([sys.executable, "-c", GO_ON, *paths], check=True, capture_output=True)
    with np.load(paths[2]) as found:
        assert_equal(list(found.values()), state(fit(model, 2, 1)))


def test_a_file_keeps_what_was_compiled_frozen_and_set(tmp_path):
    model = trained("mixed_bfloat16")
    model.get_layer("aspp0.BatchNorm").momentum = 0.5
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert len(again.trainable_weights) == len(model.trainable_weights) < 15
    assert again.get_layer("aspp0").compute_dtype == "bfloat16"
    assert again.get_layer("aspp0.BatchNorm").momentum == 0.5
    assert int(again.optimizer.iterations) == 2
    assert again.evaluate(IMAGES, LABELS, return_dict=True, verbose=0).keys() == {"loss", "accuracy"}
    assert (again.labels, again.crop_size, again.settings["depth_multiplier"]) == (model.labels, [65, 65], 0.25)
    assert keras.config.dtype_policy().name == "float32"


def test_our_own_loader_gives_the_run_back_when_asked(tmp_path):
    trained().save(tmp_path / "model.keras")
    assert not load_model(tmp_path / "model.keras").compiled
    assert int(load_model(tmp_path / "model.keras", compile=True).optimizer.iterations) == 2


def test_save_model_leaves_out_the_run_and_its_precision(tmp_path):
    model = trained("mixed_bfloat16")
    save_model(model, tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert not again.compiled
    assert again.get_layer("aspp0").compute_dtype == "float32"
    assert len(again.trainable_weights) == len(model.trainable_weights)
    assert_equal(again.get_weights(), model.get_weights())


@pytest.mark.parametrize("clone", [None, lambda layer: type(layer).from_config(layer.get_config())])
def test_a_clone_is_a_model_of_this_package(clone, tmp_path):
    model = trained()
    again = keras.models.clone_model(model, clone_function=clone)
    again.set_weights(model.get_weights())
    assert type(again) is type(model)
    # Keras 3.8 leaves a clone to be compiled by its user.
    assert again.compiled or keras.version().startswith("3.8.")
    image = IMAGES[0].astype(np.uint8)
    np.testing.assert_array_equal(Segmenter(again)(image).labels, Segmenter(model)(image).labels)
    save_model(again, tmp_path / "clone.keras")
    assert load_model(tmp_path / "clone.keras").labels == model.labels


def test_a_clone_with_other_layers_is_saved_as_it_is(tmp_path):
    def clone(layer):
        if layer.name == "concat_projection.dropout":
            return keras.layers.SpatialDropout2D(0.5, name="other")
        return type(layer).from_config(layer.get_config())

    again = keras.models.clone_model(tiny_model(), clone_function=clone)
    again.save(tmp_path / "clone.keras")
    loaded = keras.models.load_model(tmp_path / "clone.keras")
    assert loaded.get_layer("other").rate == 0.5
    assert_equal(loaded.get_weights(), again.get_weights())


def test_layers_that_carry_no_settings_are_refused():
    def clone(layer):
        return type(layer).from_config({**layer.get_config(), **({"network": ""} if "normalize" in layer.name else {})})

    with pytest.raises(ValueError, match="carries the settings of a model of this package"):
        keras.models.clone_model(tiny_model(), clone_function=clone)


def test_a_copy_goes_on_like_its_original():
    model = trained()
    again = copy.deepcopy(model)
    assert_equal(state(fit(again, 2, 1)), state(fit(model, 2, 1)))


def test_the_scales_of_a_clone_are_known():
    model = DeepLabV2("resnet_18_v2", classes=3, multi_scale=True, depth_multiplier=1 / 8)
    assert list(keras.models.clone_model(model).by_scale().output) == ["scale_0.5", "scale_0.75", "scale_1", "fused"]


def test_checkpoints_of_keras_hold_the_run(tmp_path):
    callbacks = [
        keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", monitor="loss", save_best_only=True),
        keras.callbacks.ModelCheckpoint(tmp_path / "last.weights.h5", save_weights_only=True),
    ]
    fit(trained(), 2, 1, callbacks=callbacks)
    # In one call: at the end of each, Keras puts the averaged weights in the place of the weights.
    expected = state(fit(trained(), 3, 1))
    assert_equal(state(fit(keras.models.load_model(tmp_path / "best.keras"), 3, 2)), expected)
    again = trained()
    again.load_weights(tmp_path / "last.weights.h5")
    assert_equal(state(fit(again, 3, 2)), expected)


def test_a_run_that_broke_off_is_taken_up_from_its_backup(tmp_path):
    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "backup")

    def stop(epoch, logs):
        if epoch == 1:
            raise KeyboardInterrupt

    expected = state(fit(trained(), 4))
    with pytest.raises(KeyboardInterrupt):
        fit(trained(), 4, callbacks=[backup(), keras.callbacks.LambdaCallback(on_epoch_end=stop)])
    assert_equal(state(fit(trained(), 4, callbacks=[backup()])), expected)


def test_a_configuration_that_names_weights_is_refused():
    config = tiny_model().get_config()
    with pytest.raises(ValueError, match="must not name weights to load"):
        tiny_model().from_config({**config, "weights": "imagenet"})


def test_a_changed_configuration_builds_what_it_says():
    model = tiny_model()
    assert type(model).from_config({**model.get_config(), "classes": 5, "labels": None}).classes == 5
