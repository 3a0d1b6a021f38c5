import numpy as np
import pytest
from PIL import Image

from deeplab_tf.export.parity import compare, comparison_images, require_agreement, synthetic_images


def test_synthetic_images_are_the_same_at_every_call_and_varied():
    first, again = synthetic_images(90, 120), synthetic_images(90, 120)
    assert [image.shape for image in first] == [(90, 120, 3), (67, 120, 3), (90, 90, 3), (45, 60, 3)]
    for image, other in zip(first, again):
        np.testing.assert_array_equal(image, other)
        assert image.dtype == np.uint8 and image.std() > 20


def test_compare_counts_pixels_over_all_images():
    def model(image):
        return image[..., 0], image / 255

    def exported(image):
        labels = image[..., 0].copy()
        labels[0, 0] += 1
        return labels, image / 255 + 0.25 * (image[0, 0, 0] == 9)

    images = [np.zeros((2, 2, 3), np.uint8), np.full((1, 6, 3), 9, np.uint8)]
    assert compare(model, exported, images) == (pytest.approx(8 / 10), pytest.approx(0.25))
    assert compare(model, lambda image: (image[..., 0], None), images) == (1.0, None)


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
