import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.export import export_saved_model, saved_model
from deeplab_tf.inference import open_predictor
from deeplab_tf.models import save_model
from harness.tiny_model import photo, tiny_model


@pytest.fixture(scope="module")
def model():
    return tiny_model()


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "1"
    report = export_saved_model(model, folder)
    return folder, report


@pytest.fixture(scope="module")
def signatures(exported):
    loaded = tf.saved_model.load(str(exported[0]))
    # The signatures do not keep alive what they were loaded with.
    yield loaded.signatures
    del loaded


@pytest.fixture(scope="module")
def reference(model):
    return open_predictor(model)


def test_report(exported):
    folder, report = exported
    assert report.path == folder
    assert report.agreement > 0.999
    assert 0 < report.max_abs_difference < 1e-3
    assert (report.images, report.synthetic) == (4, True)
    assert report.bytes >= (folder / "saved_model.pb").stat().st_size > 100_000
    assert "4 synthetic images" in str(report)
    assert "(probabilities)" in str(report)


def test_signatures(signatures):
    described = {
        name: (signature.structured_input_signature[1], signature.structured_outputs)
        for name, signature in signatures.items()
    }
    image = {"image": tf.TensorSpec((None, None, None, 3), tf.uint8, name="image")}
    encoded = {"image_bytes": tf.TensorSpec((None,), tf.string, name="image_bytes")}
    assert {name: inputs for name, (inputs, _) in described.items()} == {
        "serving_default": image,
        "probabilities": image,
        "image_bytes": encoded,
    }
    assert described["serving_default"][1]["labels"].dtype == tf.int32
    assert described["probabilities"][1]["probabilities"].dtype == tf.float32
    kinds = {name: spec.dtype for name, spec in described["image_bytes"][1].items()}
    assert kinds == {"labels_bytes": tf.string, "height": tf.int32, "width": tf.int32, "error": tf.string}


@pytest.mark.parametrize("shape", [(1, 65, 65), (3, 40, 50), (2, 70, 101)])
def test_batches_of_any_size_equal_the_model_image_by_image(reference, signatures, shape):
    count, height, width = shape
    images = np.stack([photo(height, width, seed) for seed in range(count)])
    labels = signatures["serving_default"](image=tf.constant(images))["labels"].numpy()
    probabilities = signatures["probabilities"](image=tf.constant(images))["probabilities"].numpy()
    assert labels.shape == shape
    assert probabilities.shape == (*shape, 4)
    for index, image in enumerate(images):
        assert (labels[index] == reference.predict(image)).mean() > 0.999
        np.testing.assert_allclose(probabilities[index], reference.probabilities(image), atol=1e-3)


def test_folder_is_a_predictor_with_the_models_labels(model, exported):
    predictor = open_predictor(exported[0])
    assert predictor.labels == model.labels
    image = photo(33, 47)
    assert (predictor.predict(image) == predictor.probabilities(image).argmax(-1)).all()
    side = json.loads((exported[0] / "assets.extra/deeplab.json").read_text())
    assert side["labels"]["names"] == list(model.labels.names)
    assert side["output_stride"] == 16


def test_folder_runs_without_this_package(exported):
    program = (
        "import sys, tensorflow as tf\n"
        "run = tf.saved_model.load(sys.argv[1]).signatures['serving_default']\n"
        "print(run(image=tf.zeros((2, 30, 40, 3), tf.uint8))['labels'].shape)\n"
        "assert not any(name.startswith('deeplab_tf') for name in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(exported[0])], capture_output=True, text=True)
    assert done.stdout.strip() == "(2, 30, 40)", done.stderr


def test_existing_output_is_only_replaced_when_asked(model, tmp_path):
    save_model(model, tmp_path / "model.keras")
    out = tmp_path / "out"
    out.mkdir()
    (out / "saved_model.pb").write_bytes(b"old")
    with pytest.raises(ValueError, match=r"out exists\. Choose another path, or replace it with --overwrite"):
        export_saved_model(tmp_path / "model.keras", out)
    (out / "thesis.md").write_text("work of years")
    with pytest.raises(ValueError, match="out exists and is not an export of this kind"):
        export_saved_model(tmp_path / "model.keras", out, overwrite=True)
    (out / "thesis.md").unlink()
    assert (out / "saved_model.pb").read_bytes() == b"old"
    report = export_saved_model(tmp_path / "model.keras", out, images=[photo(40, 50)], overwrite=True)
    assert (report.images, report.synthetic) == (1, False)
    assert open_predictor(out).labels == model.labels


def test_the_images_compared_on_are_not_logged(tmp_path, caplog):
    caplog.set_level("INFO", "deeplab_tf")
    model = tiny_model(image_size=33)
    report = export_saved_model(model, tmp_path / "out", images=[photo(40, 50)])
    assert report.images == 1
    assert "are scaled to" not in caplog.text
    open_predictor(tmp_path / "out").predict(photo(40, 50))
    assert "40x50 are scaled to 26x33" in caplog.text


def test_folder_of_something_else_is_never_replaced(model, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="exists and is not an export of this kind"):
        export_saved_model(model, tmp_path, overwrite=True)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("failure", [KeyboardInterrupt, None])
def test_interrupted_or_unlike_export_leaves_nothing(model, tmp_path, monkeypatch, failure):
    def compare(*_):
        if failure:
            raise failure
        return 0.9, 0.1

    monkeypatch.setattr(saved_model, "compare", compare)
    with pytest.raises(failure or ValueError):
        export_saved_model(model, tmp_path / "new" / "out")
    assert not (tmp_path / "new").exists()


def test_output_that_cannot_be_written(model, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"Cannot write to .*file"):
        export_saved_model(model, tmp_path / "file" / "out")
