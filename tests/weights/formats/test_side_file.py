"""An export whose bytes were changed is refused, wherever the change is."""

import hashlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf import load_released, transfer_weights
from deeplab_tf.export import export_saved_model, export_tflite
from deeplab_tf.inference import open_predictor
from deeplab_tf.weights.formats.known_files import SUMS
from deeplab_tf.weights.formats.side_file import with_side_file
from harness.tiny_model import photo, tiny_model


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    model = tiny_model(output_stride=32, crop_size=33)
    export_tflite(model, folder / "own.tflite")
    export_saved_model(model, folder / "own")
    return folder


def test_changed_bytes_of_a_tflite_are_found(exports, tmp_path):
    content = (exports / "own.tflite").read_bytes()
    generator = np.random.default_rng(0)
    places = [*generator.integers(0, len(content), 60), *range(len(content) - 100, len(content), 7), 8, 20]
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << generator.integers(8)
        (tmp_path / "own.tflite").write_bytes(changed)
        with pytest.raises(ValueError, match=r"own\.tflite"):
            open_predictor(tmp_path / "own.tflite")


@pytest.mark.parametrize("lost", [1, 64, 71, 200, "all"])
def test_lost_end_of_a_tflite_is_found(exports, tmp_path, lost):
    content = (exports / "own.tflite").read_bytes()
    end = content.rindex(b"PK\x03\x04") if lost == "all" else len(content) - lost
    (tmp_path / "own.tflite").write_bytes(content[:end])
    with pytest.raises(ValueError, match=r"own\.tflite.*(export or copy it again|download it again)"):
        open_predictor(tmp_path / "own.tflite")


def test_sum_is_that_of_all_before_it():
    packed = with_side_file(b"xx", {"labels": 1})
    assert packed[-64:] == hashlib.sha256(packed[:-64]).hexdigest().encode()


@pytest.mark.parametrize(
    "name", ["saved_model.pb", "fingerprint.pb", "variables/variables.index", "assets.extra/deeplab.json"]
)
@pytest.mark.parametrize("seed", range(3))
def test_changed_files_of_a_saved_model_are_found(exports, tmp_path, name, seed):
    shutil.copytree(exports / "own", tmp_path / "own")
    file = tmp_path / "own" / name
    content = bytearray(file.read_bytes())
    content[np.random.default_rng(seed).integers(len(content))] ^= 1
    file.write_bytes(content)
    with pytest.raises(ValueError, match="own"):
        open_predictor(tmp_path / "own")


def test_missing_and_added_variables_are_found(exports, tmp_path):
    shutil.copytree(exports / "own", tmp_path / "own")
    (tmp_path / "own" / "variables" / "more").write_bytes(b"")
    with pytest.raises(ValueError, match=r"variables/more does not fit its checksum"):
        open_predictor(tmp_path / "own")
    (tmp_path / "own" / "variables" / "more").unlink()
    (tmp_path / "own" / "variables" / "variables.index").unlink()
    with pytest.raises(ValueError, match=r"variables\.index does not fit its checksum"):
        open_predictor(tmp_path / "own")


def test_whole_exports_open_and_may_bear_any_name(exports, tmp_path):
    known = tmp_path / next(name for name in SUMS if name.endswith(".tflite"))
    shutil.copy(exports / "own.tflite", known)
    image = photo(33, 33)
    labels = open_predictor(known).predict(image)
    assert (labels == open_predictor(exports / "own").predict(image)).mean() > 0.99


def test_reading_the_weights_of_an_export_says_what_it_serves_for(exports):
    model = tiny_model(output_stride=32, crop_size=33)
    for path in (exports / "own.tflite", exports / "own", exports / "own" / "saved_model.pb"):
        advice = r"folded for running only\. Run .*with Segmenter.*\.keras file or run folder .* load_model"
        with pytest.raises(ValueError, match=rf"{path.name} is .*{advice}"):
            load_released(path)
        with pytest.raises(ValueError, match=rf"{path.name} is .*{advice}"):
            transfer_weights(model, path)


def test_export_leaves_nothing_in_the_temporary_folder(exports, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    seen = []
    save = tf.saved_model.save

    def watched(module, folder, **options):
        seen.append(folder)
        save(module, folder, **options)

    monkeypatch.setattr(tf.saved_model, "save", watched)
    export_tflite(tiny_model(output_stride=32, crop_size=33), tmp_path / "out" / "m.tflite")
    # A killed export's graph lies beside its file, where the next one clears it.
    assert seen
    assert all(str(tmp_path / "out") in folder for folder in seen)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["m.tflite"]
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.shared
def test_damaged_released_file_is_known_by_its_name(shared, tmp_path):
    name = "deeplabv3_mnv2_dm05_pascal_quant.tflite"
    content = bytearray((shared / "weights" / name).read_bytes())
    # A weight, which could be any number.
    content[500_000] ^= 8
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{name} has the name of a released file, but not its content"):
        open_predictor(tmp_path / name)
    (tmp_path / name).rename(tmp_path / "mine.tflite")
    assert open_predictor(tmp_path / "mine.tflite").labels.classes == 21
