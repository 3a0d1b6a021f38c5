"""The signature that takes encoded images, as a server runs it."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deeplab_tf.export.serving import image_bytes
from deeplab_tf.inference import Segmenter
from harness.encoded_images import encoded, every_kind, huge_png, with_alpha
from harness.tiny_model import photo


@pytest.fixture(scope="module")
def loaded(tiny_exports):
    return tf.saved_model.load(str(tiny_exports.folder / "saved"))


@pytest.fixture(scope="module")
def served(loaded):
    return loaded.signatures["image_bytes"]


def forty_images(shared):
    """Of different sizes: photographs where there are some, and rotated and transparent ones."""
    photographs = sorted((shared / "data/voc2012/JPEGImages").glob("*.jpg"))[:12]
    images = [path.read_bytes() for path in photographs]
    images += [encoded(photo(30 + number, 80 - number, number), "JPEG", number) for number in range(1, 9)]
    images += [encoded(with_alpha(90 + number, 60, number), "PNG", number) for number in range(1, 9)]
    return [*images, *list(every_kind().values())[: 40 - len(images)]]


def test_forty_images_in_one_batch_equal_segment(served, tiny_exports, shared, tmp_path):
    images = forty_images(shared)
    assert len(images) == 40
    results = served(image_bytes=tf.constant(images))
    segment = Segmenter(tiny_exports.folder / "saved")
    found = set()
    for content, labels_bytes, height, width in zip(
        images, results["labels_bytes"].numpy(), results["height"].numpy(), results["width"].numpy()
    ):
        (tmp_path / "image").write_bytes(content)
        expected = segment(tmp_path / "image").labels
        png = Image.open(io.BytesIO(labels_bytes))
        assert (png.format, png.mode) == ("PNG", "L")
        assert expected.shape == (height, width)
        np.testing.assert_array_equal(png, expected)
        found |= set(np.unique(expected))
    assert len(found) > 2
    assert set(results["error"].numpy()) == {b""}


def test_a_bad_image_does_not_fail_the_others(served):
    good = encoded(photo(30, 40), "JPEG")
    alone = served(image_bytes=tf.constant([good]))
    batch = {name: value.numpy() for name, value in served(image_bytes=tf.constant([b"", good, huge_png()])).items()}
    assert batch["labels_bytes"].tolist() == [b"", alone["labels_bytes"][0].numpy(), b""]
    assert batch["height"].tolist() == [0, 30, 0]
    assert batch["width"].tolist() == [0, 40, 0]
    assert [error.startswith(start) for error, start in zip(batch["error"], (b"It is empty", b"", b"It states 60000x"))]


def test_no_image_gives_no_results(served):
    assert served(image_bytes=tf.constant([], tf.string))["labels_bytes"].shape == 0


@pytest.mark.parametrize("limit, classes, mode, most", [((65, 65), 300, "I;16", 2**26), (None, 256, "L", 2**23)])
def test_many_classes_and_models_without_a_size(limit, classes, mode, most, monkeypatch):
    asked = []

    def decoded(encoded, most_pixels):
        asked.append(most_pixels)
        return tf.io.decode_jpeg(encoded, channels=3), tf.constant("")

    monkeypatch.setattr(image_bytes, "decoded", decoded)
    function = image_bytes.image_bytes(lambda images: tf.cast(images[..., 0], tf.int32), limit, classes)
    result = function(tf.constant([encoded(photo(30, 40), "JPEG")]))
    assert Image.open(io.BytesIO(result["labels_bytes"][0].numpy())).mode == mode
    assert asked == [most]
