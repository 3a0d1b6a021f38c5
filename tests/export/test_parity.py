import numpy as np
import pytest
from PIL import Image

from deeplab_tf.export.parity import (
    compare,
    compare_large,
    comparison_images,
    fitting_and_large,
    require_agreement,
    synthetic_images,
)


def test_synthetic_images_are_the_same_at_every_call_and_varied():
    first, again = synthetic_images(90, 120), synthetic_images(90, 120)
    assert [image.shape for image in first] == [(90, 120, 3), (67, 120, 3), (90, 90, 3), (45, 60, 3)]
    for image, other in zip(first, again):
        np.testing.assert_array_equal(image, other)
        assert image.dtype == np.uint8
        assert image.std() > 20


def test_compare_counts_pixels_over_all_images():
    def model(image):
        return image[..., 0] // 3, image / 255

    def exported(image):
        labels = image[..., 0] // 3
        labels[0, 0] -= 1
        return labels, image / 255 + 0.25 * (image[0, 0, 0] == 6)

    images = [np.full((2, 2, 3), (3, 9, 3), np.uint8), np.full((1, 6, 3), (6, 9, 0), np.uint8)]
    assert compare(model, exported, images) == (pytest.approx(8 / 10), pytest.approx(0.25))
    assert compare(model, lambda image: (image[..., 0] // 3, None), images) == (1.0, None)


def test_classes_that_only_rounding_tells_apart_are_equal():
    scores = np.full((4, 4, 3), 1 / 3, np.float32)
    scores[0, :, 2] += 1e-6
    scores[1, :, 2] += 1e-2

    def model(image):
        return scores.argmax(-1), scores

    assert compare(model, lambda image: (np.zeros((4, 4), int), None), [scores]) == (12 / 16, None)


def test_large_images_are_among_those_compared():
    small, large = np.zeros((20, 30, 3), np.uint8), np.full((200, 100, 3), 9, np.uint8)
    fitting, beyond = fitting_and_large([small, large], (50, 60))
    assert [image.shape[:2] for image in fitting] == [(20, 30), (50, 25)]
    assert len(beyond) == 1
    assert beyond[0] is large
    (made,) = fitting_and_large([small], (50, 60))[1]
    assert made.shape[0] > 50
    assert made.shape[1] > 60
    assert fitting_and_large([small, large], None) == ([small, large], [])


def test_large_images_are_compared_as_users_have_them():
    class Fixed:
        def __init__(self, labels):
            self.labels = labels

        def predict(self, image):
            return self.labels

        def probabilities(self, image):
            return np.eye(2)[self.labels]

    ones, other = np.ones((3, 4), int), np.array([[1, 1, 1, 0]] * 3)
    assert compare_large(Fixed(ones), Fixed(other), [None]) == 0.75
    assert compare_large(Fixed(ones), Fixed(other), []) is None


def test_given_images_are_files_or_arrays(tmp_path):
    Image.new("L", (4, 3), 7).save(tmp_path / "grey.png")
    read = comparison_images([tmp_path / "grey.png", np.zeros((5, 6))], 10, 10)
    assert [image.shape for image in read] == [(3, 4, 3), (5, 6, 3)]
    assert (read[0] == 7).all()
    assert len(comparison_images(None, 10, 12)) == 4
    with pytest.raises(ValueError, match="Received no image"):
        comparison_images([], 10, 10)


def test_low_agreement_is_refused():
    require_agreement(0.99, 0.99, "model.tflite", 4)
    with pytest.raises(ValueError, match=r"model\.tflite was not written: on 4 images .* at 98\.90% .* 99\.00%"):
        require_agreement(0.989, 0.99, "model.tflite", 4)
    with pytest.raises(ValueError, match=r"on 4 synthetic images .* photographs of the model's kind \(--images\)"):
        require_agreement(0.989, 0.99, "model.tflite", 4, synthetic=True)
