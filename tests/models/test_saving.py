"""Reading model files: damaged, foreign and missing ones are told apart and named."""

import zipfile

import keras
import numpy as np
import pytest

from deeplab_tf import DeepLabV3, load_model, save_model, transfer_weights


@pytest.fixture(scope="module")
def model():
    return DeepLabV3("mobilenet_v2", classes=2, atrous_rates=(), depth_multiplier=0.25, filters=8)


def test_a_run_folder_stands_for_its_best_model(model, tmp_path):
    save_model(model, tmp_path / "model.keras")
    for weight, again in zip(model.get_weights(), load_model(tmp_path).get_weights(), strict=True):
        np.testing.assert_array_equal(weight, again)


def test_training_state_is_not_saved(model, tmp_path):
    compiled = model.rebuild()
    compiled.compile("adam", "mse")
    save_model(compiled, tmp_path / "saved.keras")
    assert not keras.models.load_model(tmp_path / "saved.keras").compiled


def test_another_suffix_is_refused(model, tmp_path):
    with pytest.raises(ValueError, match=r"ends in \.keras; received .*model\.h5"):
        save_model(model, tmp_path / "model.h5")
    assert not list(tmp_path.iterdir())


def test_missing_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no model file .*gone\.keras"):
        load_model(tmp_path / "gone.keras")
    with pytest.raises(FileNotFoundError, match=r"no model file .*model\.keras"):
        load_model(tmp_path)


def test_other_zip_files_are_no_models(tmp_path):
    with zipfile.ZipFile(tmp_path / "export.tflite", "w") as archive:
        archive.writestr("deeplab.json", "{}")
    with pytest.raises(ValueError, match=r"export\.tflite is not a Keras model file.*deeplab-tf import\.$"):
        load_model(tmp_path / "export.tflite")


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.9])
def test_cut_off_files_are_named(model, tmp_path, kept):
    path = tmp_path / "cut.keras"
    save_model(model, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(ValueError, match=r"cut\.keras is not a Keras model file, or it is cut off"):
        load_model(path)


def test_a_damaged_archive_is_named(model, tmp_path):
    path = tmp_path / "damaged.keras"
    save_model(model, path)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"damaged\.keras does not load as a model of this package"):
        load_model(path)


def test_a_foreign_model_is_named(tmp_path):
    inputs = keras.Input((4,))
    keras.Model(inputs, keras.layers.Dense(2)(inputs)).save(tmp_path / "dense.keras")
    with pytest.raises(ValueError, match=r"dense\.keras holds a Functional from elsewhere"):
        load_model(tmp_path / "dense.keras")


def test_code_in_a_file_is_refused(tmp_path):
    inputs = keras.Input((4,))
    keras.Model(inputs, keras.layers.Lambda(lambda x: x * 2)(inputs)).save(tmp_path / "code.keras")
    with pytest.raises(ValueError, match=r"code\.keras holds a Functional from elsewhere"):
        load_model(tmp_path / "code.keras")


def test_weights_that_are_not_finite_are_refused(model, tmp_path):
    broken = model.rebuild()
    layer = broken.get_layer("aspp0")
    layer.set_weights([np.where(values == values.max(), np.nan, values) for values in layer.get_weights()])
    save_model(broken, tmp_path / "diverged.keras")
    for read in (load_model, lambda path: transfer_weights(model, path)):
        with pytest.raises(ValueError, match=r"diverged\.keras: the weights of 'aspp0' are not finite"):
            read(tmp_path / "diverged.keras")
