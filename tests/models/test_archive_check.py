"""Nothing is built of a model file that states what it cannot be."""

import json
import logging
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf import load_model
from deeplab_tf.models.archive_check import memory_limit
from harness.tiny_model import tiny_model


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "model.keras"
    tiny_model().save(path)
    with zipfile.ZipFile(path) as found:
        return {name: found.read(name) for name in found.namelist()}


@pytest.fixture
def changed(archive, tmp_path):
    def write(change):
        config = json.loads(archive["config.json"])
        change(config)
        with zipfile.ZipFile(tmp_path / "changed.keras", "w") as target:
            for name, content in {**archive, "config.json": json.dumps(config).encode()}.items():
                target.writestr(name, content)
        return tmp_path / "changed.keras"

    return write


def layer(config, name):
    return next(one for one in config["config"]["layers"] if one["name"] == name)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda config: config["config"].update(depth_multiplier=300), "larger than the .* bytes of its weights"),
        (lambda config: layer(config, "aspp0")["config"].update(filters=10**8), "larger than the .* bytes"),
        (lambda config: config["config"].update(weights="/etc/passwd"), "names weights to load, '/etc/passwd'"),
        (lambda config: config["config"].update(genotype="/etc/own.json"), "names a file to read"),
        (lambda config: layer(config, "aspp0").update(class_name="Lambda"), "holds a layer Lambda"),
        (lambda config: config.update(class_name="Dense", registered_name=None), "holds a Dense from elsewhere"),
        (lambda config: config.update(config=[]), "describes no model"),
    ],
)
def test_it_is_refused_at_once(changed, change, message):
    path = changed(change)
    with pytest.raises(ValueError, match=message) as error:
        load_model(path)
    assert str(path) in str(error.value)


def test_a_member_that_states_more_than_it_holds_is_refused(archive, tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.keras", "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in archive.items():
            target.writestr(name, content if name == "config.json" else bytes(2**28))
    with pytest.raises(ValueError, match=r"bomb\.keras .*states 268435456 bytes, of which"):
        load_model(tmp_path / "bomb.keras")


def test_variables_beyond_the_limit_are_not_made():
    with pytest.raises(ValueError, match="larger than the 1000 bytes"), memory_limit(1000):
        keras.layers.Dense(10**9).build((None, 10**6))


def test_images_of_0_to_1_are_refused_or_warned_of(caplog):
    model = tiny_model()
    images = np.random.default_rng(0).random((2, 33, 33, 3), np.float32)
    for run in (model.predict, model.evaluate, model.fit):
        with pytest.raises(ValueError, match=r"0-255; received floats of .* Multiply by 255"):
            run(images)
    with caplog.at_level(logging.WARNING, "deeplab_tf"):
        model.predict(tf.data.Dataset.from_tensor_slices(images * 255).batch(1), verbose=0)
        assert not caplog.records
        model.predict(tf.data.Dataset.from_tensor_slices(images).batch(1), verbose=0)
    assert [record.message.split(";")[0] for record in caplog.records] == ["Expected pixels of 0-255"]
