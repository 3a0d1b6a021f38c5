"""Scales and mirror images against averages that NumPy takes of plain predictions."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf.export import export_saved_model, export_tflite
from deeplab_tf.images.scaling import shrunk
from deeplab_tf.inference import MultiScale, Segmenter, open_predictor
from harness.tiny_model import photo, tiny_model

IMAGE = photo(65, 97, seed=5)
SCALES = (0.5, 1.0, 1.5)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder, model = tmp_path_factory.mktemp("kinds"), tiny_model(image_size=129)
    export_saved_model(model, folder / "saved")
    for outputs in ("probabilities", "labels"):
        export_tflite(model, folder / f"{outputs}.tflite", size=129, outputs=outputs)
    return {"keras": model, **{path.name: path for path in folder.iterdir()}}


def at(probabilities, size):
    """Bilinear, pixel centres at halves, one class after the other, by Pillow."""
    planes = [Image.fromarray(plane).resize(size[::-1], Image.BILINEAR) for plane in np.moveaxis(probabilities, -1, 0)]
    return np.stack([np.asarray(plane) for plane in planes], -1)


def averaged(predict_scores, image, flip):
    """The mean over `SCALES` of the probabilities of logits that were enlarged or made smaller."""
    height, width = image.shape[:2]
    found = []
    for scale in SCALES:
        size = round(height * scale), round(width * scale)
        # Not by Pillow: one grey level of difference changes these networks' logits.
        seen = image if scale == 1 else shrunk(image[None], size)[0].numpy()
        for step in (1, -1) if flip else (1,):
            logits = predict_scores(seen[:, ::step])[:, ::step]
            if scale > 1:
                # Pillow would antialias; the release takes the nearest four.
                logits = tf.image.resize(logits, (height, width)).numpy()
            elif scale < 1:
                logits = at(logits, (height, width))
            exponents = np.exp(logits - logits.max(-1, keepdims=True))
            found.append(exponents / exponents.sum(-1, keepdims=True))
    return np.mean(found, 0)


@pytest.mark.parametrize(
    "kind, flip", [("keras", False), ("keras", True), ("saved", True), ("probabilities.tflite", True)]
)
def test_equals_the_average_of_single_predictions(sources, kind, flip):
    # The largest scale fits into the input of the .tflite file.
    image = IMAGE[:, :85]
    plain = open_predictor(sources[kind])
    expected = averaged(lambda seen: plain.scores(seen[None])[0].numpy(), image, flip)
    found = open_predictor(sources[kind], scales=SCALES, flip=flip).probabilities(image)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.abs(found - plain.probabilities(image)).max() > 0.05


def test_flip_alone_is_the_mean_of_both_views_to_rounding(sources):
    plain = open_predictor(sources["keras"])
    expected = (plain.probabilities(IMAGE) + plain.probabilities(IMAGE[:, ::-1])[:, ::-1]) / 2
    np.testing.assert_allclose(open_predictor(sources["keras"], flip=True).probabilities(IMAGE), expected, atol=1e-5)


def test_scales_beyond_a_fixed_input_are_seen_in_windows(sources):
    found = open_predictor(sources["probabilities.tflite"], scales=(2.0,)).probabilities(IMAGE)
    assert found.shape == (*IMAGE.shape[:2], 4)
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-4)


def test_scales_are_of_the_size_that_the_model_is_made_for(sources):
    large = photo(260, 388, seed=5)
    seen = []
    inner = open_predictor(sources["keras"], max_side=None)
    original, inner.scores = inner.scores, lambda images: seen.append(images.shape[1:3]) or original(images)
    labels = MultiScale(inner, (0.5, 1.0), max_side=129).predict(large)
    assert seen == [(43, 64), (86, 129)]
    assert labels.shape == (260, 388)


def test_output_stride_at_will(sources):
    finer = open_predictor(sources["keras"], output_stride=8)
    expected = sources["keras"].rebuild(output_stride=8)
    np.testing.assert_array_equal(finer.predict(IMAGE), open_predictor(expected).predict(IMAGE))


@pytest.mark.parametrize("kind", ["saved", "probabilities.tflite"])
def test_output_stride_of_an_export_is_fixed(sources, kind):
    with pytest.raises(ValueError, match=r"output stride is fixed; received output_stride=8\. Give the model's"):
        open_predictor(sources[kind], output_stride=8)


@pytest.mark.parametrize(
    "scales", [(), (0,), (0.001, 1), (-1, 1), (float("nan"),), (1, float("inf")), "half", 17, (20.0,)]
)
def test_scales_that_make_no_sense(sources, scales):
    with pytest.raises(ValueError, match=r"scales must be numbers from 0\.0625 to 16; received .* Try \(0\.5"):
        open_predictor(sources["keras"], scales=scales)


def test_scales_as_the_command_line_has_them(sources):
    with pytest.raises(ValueError, match=r"received '0\.5,1'\. Numbers and no text: \(0\.5,1\)\."):
        open_predictor(sources["keras"], scales="0.5,1")


def test_a_file_of_labels_has_nothing_to_average(sources):
    with pytest.raises(ValueError, match=r"labels\.tflite gives labels only\. Export the model with outputs="):
        Segmenter(sources["labels.tflite"], flip=True)
