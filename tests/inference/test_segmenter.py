import numpy as np
import pytest
from PIL import Image

from deeplab_tf.inference import Segmenter
from deeplab_tf.labels import LabelSpec

SPEC = LabelSpec(("dark", "middle", "light"), colors=((0, 0, 0), (200, 0, 0), (0, 0, 200)))


class Brightness:
    """Predicts a third of the range of the red channel, and counts its calls."""

    kind, source, labels = "fake", "brightness", SPEC

    def __init__(self):
        self.scored = 0

    def predict(self, image):
        assert image.dtype == np.uint8
        assert image.shape[2:] == (3,)
        return (image[..., 0] // 86).astype(np.int32)

    def probabilities(self, image):
        self.scored += 1
        return np.eye(3, dtype=np.float32)[self.predict(image)]


@pytest.fixture
def segmenter():
    return Segmenter(Brightness())


STEPS = np.array([[10, 100, 250, 250]], np.uint8).repeat(2, axis=0)
LABELS = np.array([[0, 1, 2, 2]] * 2)


def saved(path, image, **options):
    image.save(path, **options)
    return path


def rgb():
    return Image.fromarray(np.stack([STEPS] * 3, -1))


@pytest.mark.parametrize(
    "name, make",
    [
        ("rgb.png", rgb),
        ("grey.png", lambda: Image.fromarray(STEPS)),
        ("palette.png", lambda: rgb().quantize(8)),
        ("16-bit.png", lambda: Image.fromarray(STEPS.astype(np.uint16) * 257)),
        ("cmyk.tif", lambda: Image.merge("CMYK", [Image.fromarray(255 - STEPS)] * 3 + [Image.new("L", (4, 2))])),
        ("rgba.png", lambda: Image.merge("RGBA", [*rgb().split(), Image.new("L", (4, 2), 255)])),
    ],
)
def test_image_files_of_any_mode(segmenter, tmp_path, name, make):
    result = segmenter(saved(tmp_path / name, make()))
    np.testing.assert_array_equal(result.labels, LABELS)
    assert result.labels.dtype == np.int32


def test_transparency_is_laid_over_white(segmenter, tmp_path):
    clear = Image.new("RGBA", (4, 2), (0, 0, 0, 0))
    assert (segmenter(saved(tmp_path / "clear.png", clear)).labels == 2).all()


def test_exif_orientation_is_applied(segmenter, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(tmp_path / "turned.png", rgb(), exif=exif)
    # Orientation 6: the camera was turned, so the picture must be turned clockwise by a quarter to stand upright.
    np.testing.assert_array_equal(segmenter(path).labels, np.rot90(LABELS, -1))


@pytest.mark.parametrize(
    "array",
    [STEPS, STEPS[..., None], STEPS.astype(np.float32), STEPS.astype(np.int64), np.stack([STEPS] * 3, -1) + 0.4],
    ids=["grey", "channel axis", "float grey", "int64", "float rgb"],
)
def test_arrays(segmenter, array):
    result = segmenter(array)
    np.testing.assert_array_equal(result.labels, LABELS)
    np.testing.assert_array_equal(result.image, np.stack([STEPS] * 3, -1))


@pytest.mark.parametrize(
    "array, message",
    [
        (np.zeros((2, 4, 4, 3), np.uint8), r"received the shape \[2, 4, 4, 3\]"),
        (np.zeros((4, 4, 4), np.uint8), r"received the shape \[4, 4, 4\]"),
        (np.zeros((0, 4, 3), np.uint8), r"received the shape \[0, 4, 3\]"),
        (np.full((4, 4, 3), 0.5), "received floats of 0.5 to 0.5. Multiply by 255"),
        (np.full((4, 4, 3), -1), "received -1 to -1"),
        (np.full((4, 4, 3), np.nan), "received nan"),
        (np.full((4, 4, 3), 300), "received 300 to 300"),
        (np.full((4, 4, 3), "a"), "received <U1"),
    ],
)
def test_arrays_that_are_no_image(segmenter, array, message):
    with pytest.raises(ValueError, match=message):
        segmenter(array)


def test_files_that_are_no_image(segmenter, tmp_path):
    (tmp_path / "text.jpg").write_text("hello")
    with pytest.raises(ValueError, match=r"text\.jpg cannot be read"):
        segmenter(tmp_path / "text.jpg")
    with pytest.raises(FileNotFoundError):
        segmenter(tmp_path / "missing.jpg")


def test_classes_are_shares_of_pixels_largest_first(segmenter):
    assert list(segmenter(STEPS).classes.items()) == [("light", 0.5), ("dark", 0.25), ("middle", 0.25)]
    assert segmenter(STEPS[:, :1]).classes == {"dark": 1.0}


def test_a_result_is_shown_in_one_line(segmenter):
    assert repr(segmenter(STEPS)) == "<Segmentation 2x4: light 50.0%, dark 25.0%, middle 25.0%>"


def test_probabilities_are_computed_once_and_only_when_asked_for(segmenter):
    result = segmenter(STEPS)
    assert segmenter.predictor.scored == 0
    np.testing.assert_array_equal(result.probabilities.argmax(-1), LABELS)
    assert result.probabilities.shape == (2, 4, 3)
    assert segmenter.predictor.scored == 1


def test_saved_files(segmenter, tmp_path):
    result = segmenter(STEPS)
    labels, overlay = result.save(tmp_path / "new", "steps")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["steps_labels.png", "steps_overlay.png"]
    with Image.open(labels) as image:
        assert image.mode == "P"
        np.testing.assert_array_equal(np.asarray(image), LABELS)
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), np.array(SPEC.colors)[LABELS])
    with Image.open(overlay) as image:
        np.testing.assert_array_equal(np.asarray(image), result.overlay())


def test_folder_that_cannot_be_written(segmenter, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"Cannot write to .*file"):
        segmenter(STEPS).save(tmp_path / "file", "steps")
