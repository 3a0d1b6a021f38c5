"""Both engines against the exact sum over all pairs of pixels, and against each other; what they refuse."""

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.crf import CRF_PARAMETERS, CRFParameters, DenseCRF, pydensecrf2
from harness.exact_crf import exact_crf

ENGINES = [
    "tensorflow",
    pytest.param(
        "pydensecrf2",
        marks=pytest.mark.skipif(pydensecrf2.pydensecrf2() is None, reason="the extra crf is not installed"),
    ),
]
PUBLISHED = CRF_PARAMETERS["v2_resnet_101"]


def small_voc(folder, classes, side=24):
    """Images at most 24 pixels wide, and what a coarse network says: the mask at a third of the size, with noise."""
    random = np.random.default_rng(0)
    for path in sorted((folder / "data/voc2012/SegmentationClass").glob("*.png"))[:200:50]:
        mask = Image.open(path)
        size = tuple(length * side // (3 * max(mask.size)) * 3 for length in mask.size)
        image = np.array(Image.open(path.parents[1] / f"JPEGImages/{path.stem}.jpg").resize(size, Image.Resampling.BOX))
        labels = np.array(mask.resize(size, Image.Resampling.NEAREST)) % 255 % classes
        coarse = np.eye(classes)[labels].reshape(size[1] // 3, 3, size[0] // 3, 3, classes).mean((1, 3))
        coarse = coarse.repeat(3, 0).repeat(3, 1)
        yield image, 0.8 * coarse + 0.2 * random.dirichlet(np.ones(classes), labels.shape)


def noise(height, width, classes):
    random = np.random.default_rng(1)
    image = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return image, random.dirichlet(np.ones(classes), (height, width))


@pytest.mark.shared
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("classes", [2, 5, 21])
def test_equals_the_exact_sum(shared, classes, engine):
    # The lattice approximates the kernels, and ten iterations enlarge the error where two classes are about equal.
    crf = DenseCRF(PUBLISHED, engine=engine)
    pairs = [(crf.refine(*pair), exact_crf(*pair, PUBLISHED, 10)) for pair in small_voc(shared, classes)]
    assert len(pairs) == 4
    assert np.mean([(ours.argmax(-1) == exact.argmax(-1)).mean() for ours, exact in pairs]) >= 0.99
    assert np.mean([np.abs(ours - exact).mean() for ours, exact in pairs]) <= 0.02
    assert np.mean([(np.abs(ours - exact).max(-1) <= 0.02).mean() for ours, exact in pairs]) >= 0.95


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("normalization", ["symmetric", "after"])
def test_one_iteration_of_wide_kernels_equals_the_exact_sum(normalization, engine):
    parameters = CRFParameters(1, 30, 90, 1, 8, normalization)
    image, probabilities = noise(20, 24, 3)
    refined = DenseCRF(parameters, iterations=1, engine=engine).refine(image, probabilities)
    assert refined.dtype == np.float32
    np.testing.assert_allclose(refined, exact_crf(image, probabilities, parameters, 1), atol=0.02)


@pytest.mark.skipif(pydensecrf2.pydensecrf2() is None, reason="the extra crf is not installed")
@pytest.mark.parametrize("name", ["v1", "v2_resnet_101", "pydensecrf"])
@pytest.mark.parametrize("height, width, classes", [(33, 47, 21), (1, 1, 2), (1, 300, 3), (50, 1, 4)])
def test_the_engines_give_the_same(name, height, width, classes):
    image, probabilities = noise(height, width, classes)
    ours, theirs = (
        DenseCRF(name, engine=engine).refine(image, probabilities) for engine in ("tensorflow", "pydensecrf2")
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


@pytest.mark.skipif(pydensecrf2.pydensecrf2() is None, reason="the extra crf is not installed")
def test_classes_that_the_image_does_not_hold_change_nothing():
    # Nine of twelve classes are improbable everywhere, which our engine makes use of.
    image, few = noise(40, 40, 3)
    probabilities = np.concatenate([few * 0.991, np.full((40, 40, 9), 0.001)], -1)
    ours, theirs = (
        DenseCRF("v1", engine=engine).refine(image, probabilities) for engine in ("tensorflow", "pydensecrf2")
    )
    np.testing.assert_allclose(ours, theirs, atol=0.0025)
    np.testing.assert_allclose(ours.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_one_class_a_long_image_and_zeros(engine):
    crf = DenseCRF(engine=engine)
    image = np.zeros((1, 5000, 3), np.uint8)
    np.testing.assert_array_equal(crf.refine(image, np.ones((1, 5000, 1))), 1)
    certain = np.zeros((1, 5000, 2))
    certain[:, :2500, 0] = certain[:, 2500:, 1] = 1
    assert (crf.refine(image, certain).argmax(-1) == certain.argmax(-1)).all()


def test_many_images_come_in_order():
    pairs = [noise(12, 10 + index, 3) for index in range(4)]
    crf = DenseCRF(engine="tensorflow", iterations=1)
    for refined, pair in zip(crf.refine_all(iter(pairs), workers=2), pairs, strict=True):
        np.testing.assert_array_equal(refined, crf.refine(*pair))


IMAGE, PROBABILITIES = noise(4, 5, 3)


@pytest.mark.parametrize(
    "image, probabilities, message",
    [
        (IMAGE, PROBABILITIES[:, :4], r"4x5 pixels and the probabilities 4x4\. Enlarge"),
        (IMAGE, PROBABILITIES * 0.9, r"sum of a pixel's probabilities must be 1; received 0\.89"),
        (IMAGE, PROBABILITIES * np.nan, r"received 'nan to nan'.*diverged"),
        (IMAGE, PROBABILITIES * 8 - 4, r"from 0 to 1; received '-.*softmax"),
        (IMAGE, PROBABILITIES.argmax(-1), r"float \[H, W, classes\]; received 'int64 \[4, 5\]'"),
        (IMAGE, PROBABILITIES[..., :0], r"received 'float64 \[4, 5, 0\]'"),
        (IMAGE / 255, PROBABILITIES, r"RGB, uint8 \[H, W, 3\]; received 'float64 \[4, 5, 3\]'"),
        (IMAGE[..., 0], PROBABILITIES, r"received 'uint8 \[4, 5\]'"),
    ],
)
def test_impossible_input(image, probabilities, message):
    with pytest.raises(ValueError, match=message):
        DenseCRF().refine(image, probabilities)


@pytest.mark.parametrize("settings", [{"iterations": 0}, {"iterations": 2.5}, {"engine": "opencv"}])
def test_impossible_settings(settings):
    with pytest.raises(ValueError, match=r"received"):
        DenseCRF(**settings)


def test_kernels_too_narrow_for_the_image():
    crf = DenseCRF(CRFParameters(1, 0.01, 0.01, 1, 1), engine="tensorflow")
    with pytest.raises(ValueError, match=r"too narrow for an image of 1x5000 pixels\. Widen"):
        crf.refine(np.zeros((1, 5000, 3), np.uint8), np.full((1, 5000, 2), 0.5))
    narrow = DenseCRF(CRFParameters(1, 0.5, 0.5, 1, 0.5), engine="tensorflow")
    assert (narrow.refine(IMAGE, PROBABILITIES).argmax(-1) == PROBABILITIES.argmax(-1)).all()
