"""What MediaPipe reads of a file of scores, by the numbers of the published schema, and what a label file says."""

import zipfile

import numpy as np
import pytest

from deeplab_tf.inference import open_predictor
from deeplab_tf.weights.formats.flatbuffer import root_table
from deeplab_tf.weights.formats.tflite_structure import read_structure
from harness.tiny_model import photo


@pytest.mark.parametrize("outputs, activation", [("logits", 2), ("probabilities", 0)])
def test_tables_of_a_file_of_scores(tiny_exports, outputs, activation):
    content = (tiny_exports.folder / f"{outputs}.tflite").read_bytes()
    stored = bytes(read_structure(content).metadata["TFLITE_METADATA"])
    assert stored[4:8] == b"M001"
    metadata = root_table(stored)
    assert metadata.text(0) == tiny_exports.model.name
    (graph,) = metadata.tables(3)
    (image,), (scores,), (custom,) = graph.tables(2), graph.tables(3), graph.tables(9)
    # ImageProperties of RGB; pixels as they are, of 0 to 255.
    content = image.table(3)
    assert (content.number(0, "<B", 0), content.table(1).number(0, "<b", 0)) == (2, 1)
    (normalization,) = image.tables(4)
    assert normalization.number(0, "<B", 0) == 1
    assert [normalization.table(1).array(field, "<f4").tolist() for field in (0, 1)] == [[0.0], [1.0]]
    assert [image.table(5).array(field, "<f4").tolist() for field in (0, 1)] == [[255.0], [0.0]]
    (labels,) = scores.tables(6)
    assert (labels.text(0), labels.number(2, "<b", 0)) == ("labels.txt", 2)
    assert custom.text(0) == "SEGMENTER_METADATA"
    options = bytes(custom.vector(1, 1))
    assert options[4:8] == b"V001"
    assert root_table(options).number(0, "<b", 0) == activation


def test_labels_are_in_every_file_and_metadata_not_in_that_of_labels(tiny_exports):
    for file in tiny_exports.folder.glob("*.tflite"):
        with zipfile.ZipFile(file) as archive:
            # MediaPipe takes files that are stored as they are.
            assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
            assert archive.read("labels.txt").decode().splitlines() == list(tiny_exports.model.labels.names)
    assert "TFLITE_METADATA" not in read_structure((tiny_exports.folder / "labels.tflite").read_bytes()).metadata


@pytest.mark.parametrize("outputs", ["logits", "probabilities"])
def test_mediapipe_gives_the_same_mask_and_names(tiny_exports, outputs):
    tasks = pytest.importorskip("mediapipe.tasks.python", reason="needs MediaPipe: pip install mediapipe")
    mediapipe = pytest.importorskip("mediapipe")
    options = tasks.vision.ImageSegmenterOptions(
        base_options=tasks.BaseOptions(model_asset_path=str(tiny_exports.folder / f"{outputs}.tflite")),
        output_category_mask=True,
        output_confidence_masks=True,
    )
    predictor = open_predictor(tiny_exports.folder / f"{outputs}.tflite")
    with tasks.vision.ImageSegmenter.create_from_options(options) as segmenter:
        assert segmenter.labels == list(tiny_exports.model.labels.names)
        for number in range(3):
            image = photo(65, 65, number)
            result = segmenter.segment(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=image))
            mask = result.category_mask.numpy_view().reshape(65, 65)
            np.testing.assert_array_equal(mask, predictor.predict(image))
            masks = np.stack([one.numpy_view().reshape(65, 65) for one in result.confidence_masks], -1)
            np.testing.assert_allclose(masks, predictor.probabilities(image), atol=1e-3)
