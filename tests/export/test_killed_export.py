"""Exports that are killed, or run at the same time."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from deeplab_tf.export import export_saved_model, export_tflite, saved_model
from deeplab_tf.files import replacing
from deeplab_tf.inference import open_predictor
from harness.killed import at_rename_in_fork
from harness.tiny_model import photo, tiny_model


@pytest.fixture(scope="module")
def model():
    return tiny_model()


def replace_by_a_copy(folder):
    with replacing(folder) as temporary:
        shutil.copytree(folder, temporary)


@pytest.mark.parametrize("rename", [1, 2])
def test_folder_killed_while_it_is_replaced_opens(model, tmp_path, rename):
    folder = tmp_path / "1"
    export_saved_model(model, folder)
    assert at_rename_in_fork(rename, lambda: replace_by_a_copy(folder))
    assert folder.exists() == (rename == 1)
    assert open_predictor(folder).predict(photo(65, 65)).shape == (65, 65)
    with pytest.raises(ValueError, match="exists"):
        export_saved_model(model, folder)
    export_saved_model(model, folder, overwrite=True)
    assert list(tmp_path.iterdir()) == [folder]


def test_second_export_to_the_same_output_is_refused_at_once(model, tmp_path, monkeypatch):
    folder = tmp_path / "1"
    write = saved_model._write

    def meanwhile(*arguments):
        monkeypatch.setattr(saved_model, "_write", write)
        with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match=r"being written .*an export, since"):
            pool.submit(export_saved_model, model, folder, overwrite=True).result()
        write(*arguments)

    monkeypatch.setattr(saved_model, "_write", meanwhile)
    export_saved_model(model, folder)
    assert list(tmp_path.iterdir()) == [folder]


def test_intermediate_folder_of_a_killed_tflite_export_is_cleared(model, tmp_path):
    left = tmp_path / ".model.saved_model.partial-0123456789ab"
    left.mkdir()
    export_tflite(model, tmp_path / "model.tflite", size=65)
    assert [path.name for path in tmp_path.iterdir()] == ["model.tflite"]
