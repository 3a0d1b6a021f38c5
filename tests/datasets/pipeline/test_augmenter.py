import itertools

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.datasets import Augmentation
from deeplab_tf.datasets.pipeline.augmenter import Augmenter
from deeplab_tf.datasets.pipeline.sampling import sample_image, sample_label, sample_turned

HEIGHT, WIDTH = 29, 41
SCALES = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
PAD = (123.15, 115.9, 103.06)
rng = np.random.default_rng(5)
IMAGE = rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
# Red and green tell the source row and column, so that a crop tells where it was taken.
IMAGE[..., 0] = np.arange(HEIGHT)[:, None] * 8
IMAGE[..., 1] = np.arange(WIDTH)[None] * 6
LABEL = rng.integers(0, 21, (HEIGHT, WIDTH), dtype=np.uint8)


def naive(scale, start, crop, mirror):
    """Scale, pad, crop and flip, each over the whole image, as section by section the release does."""
    scaled = (int(np.float32(HEIGHT) * np.float32(scale)), int(np.float32(WIDTH) * np.float32(scale)))
    image = tf.compat.v1.image.resize_bilinear(IMAGE[None].astype(np.float32), scaled, align_corners=True)[0].numpy()
    label = tf.compat.v1.image.resize_nearest_neighbor(LABEL[None, ..., None], scaled, align_corners=True)
    label = label[0, ..., 0].numpy().astype(np.int32)
    canvas = np.empty((max(scaled[0], crop[0]), max(scaled[1], crop[1]), 3), np.float32)
    canvas[:] = PAD
    ids = np.full(canvas.shape[:2], 255, np.int32)
    canvas[: scaled[0], : scaled[1]], ids[: scaled[0], : scaled[1]] = image, label
    rows, columns = (slice(first, first + length) for first, length in zip(start, crop))
    canvas, ids = canvas[rows, columns], ids[rows, columns]
    return (canvas[:, ::-1], ids[:, ::-1]) if mirror else (canvas, ids)


def explain(image, label, crop):
    """The scale, start and mirroring with which the release's steps give this crop; None where there are none."""
    for scale, mirror in itertools.product(SCALES, (False, True)):
        scaled = (int(HEIGHT * scale), int(WIDTH * scale))
        corner = image[0, -1 if mirror else 0]
        start = (
            round(float(corner[0]) / 8 * (scaled[0] - 1) / (HEIGHT - 1)) if scaled[0] > crop[0] else 0,
            round(float(corner[1]) / 6 * (scaled[1] - 1) / (WIDTH - 1)) if scaled[1] > crop[1] else 0,
        )
        if any(first + length > max(side, length) for first, length, side in zip(start, crop, scaled)):
            continue
        pixels, ids = naive(scale, start, crop, mirror)
        if np.abs(image - pixels).max() < 0.05 and (label == ids).mean() > 0.9:
            # Pixels halfway between two source pixels may round either way.
            return scale, start, mirror, scaled
    return None


@pytest.mark.parametrize("crop", [(17, 23), (33, 65)])
def test_every_result_is_one_of_the_release_and_all_choices_occur(crop):
    augment = tf.function(Augmenter(Augmentation(), crop, pad_value=PAD))
    found = []
    for index in range(150):
        image, label = augment(IMAGE, LABEL, tf.constant([11, index], tf.int64))
        assert (image.dtype, image.shape, label.dtype, label.shape) == (tf.float32, (*crop, 3), tf.int32, crop)
        choice = explain(image.numpy(), label.numpy(), crop)
        assert choice is not None, f"seed (11, {index}) is no crop of the release"
        found.append(choice)
    assert {scale for scale, *_ in found} == set(SCALES)
    assert 0.35 < np.mean([mirror for *_, mirror, _ in found]) < 0.65
    for axis in range(2):
        slack = [(start[axis], scaled[axis] - crop[axis]) for _, start, _, scaled in found if scaled[axis] > crop[axis]]
        shares = [start / room for start, room in slack]
        assert min(shares) < 0.15
        assert max(shares) > 0.85
        assert 0.35 < np.mean(shares) < 0.65


def test_labels_stay_with_their_pixels():
    image = np.repeat(LABEL[..., None], 3, axis=-1) * 10
    augment = Augmenter(Augmentation(min_scale=1.0, max_scale=1.0), (21, 33), pad_value=0.0)
    for index in range(12):
        pixels, ids = augment(image, LABEL, (0, index))
        np.testing.assert_allclose(pixels[..., 0], np.where(ids == 255, 0, ids * 10), atol=0.05)


def test_ignore_label_and_grey_fill_the_rest():
    augment = Augmenter(Augmentation(max_scale=0.5, flip=False), (61, 70), ignore_label=11, pad_value=7)
    image, label = augment(IMAGE, LABEL, (0, 0))
    assert (label.numpy()[14:] == 11).all()
    assert (label.numpy()[:, 20:] == 11).all()
    assert (image.numpy()[14:] == 7).all()
    assert (image.numpy()[:, 20:] == 7).all()
    assert (label.numpy()[:14, :20] < 21).all()


def test_step_zero_draws_any_scale():
    augment = Augmenter(Augmentation(scale_step=0, flip=False), (9, 9))
    assert augment.scales is None
    steps = [float(np.diff(augment(IMAGE, LABEL, (1, index))[0][:5, 0, 0].numpy()).mean()) for index in range(40)]
    scales = 8 / np.array(steps)
    assert len(set(scales.round(3))) > 20
    assert 0.45 < scales.min() < 0.8
    assert 1.6 < scales.max() < 2.1


@pytest.mark.parametrize(
    "limits, expected",
    [
        ((0.5, 2.0, 0.25), SCALES),
        ((0.6, 0.9, 0.1), (0.6, 0.7, 0.8, 0.9)),
        ((1.0, 1.0, 0.25), (1.0,)),
        ((0.5, 1.0, 0.4), (0.5, 1.0)),
    ],
)
def test_scales(limits, expected):
    augmentation = Augmentation(**dict(zip(("min_scale", "max_scale", "scale_step"), limits)))
    np.testing.assert_allclose(Augmenter(augmentation, (9, 9)).scales, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {"crop_size": (1, 9)},
        {"crop_size": (9, -9)},
        {"crop_size": (9.5, 9)},
        {"crop_size": 9},
        {"crop_size": (9, 9, 9)},
        {"pad_value": 300},
        {"pad_value": (1, 2)},
    ],
)
def test_bad_arguments(options):
    with pytest.raises(ValueError, match="received"):
        Augmenter(Augmentation(), **({"crop_size": (9, 9)} | options))


SQUARE, IDS = IMAGE[:28, :28], LABEL[:28, :28]


@pytest.mark.parametrize("turns", [-1, 0, 1, 2])
def test_quarter_turns_are_those_of_numpy(turns):
    size = tf.constant([28, 28])
    image, label, inside = sample_turned(SQUARE, IDS, size, size * 0, size, (28, 28), np.float32(turns * np.pi / 2))
    np.testing.assert_allclose(image, np.rot90(SQUARE, turns), atol=0.01)
    np.testing.assert_array_equal(label, np.rot90(IDS, turns))
    assert inside.numpy().all()


def test_turned_window_is_the_straight_one_at_angle_zero():
    scaled, start, size = (tf.constant(value) for value in ((43, 61), (6, 9), (21, 33)))
    image, label, inside = sample_turned(IMAGE, LABEL, scaled, start, size, (21, 33), 0.0)
    np.testing.assert_allclose(image, sample_image(IMAGE, scaled, start, size), atol=0.01)
    assert (label.numpy() == sample_label(LABEL, scaled, start, size).numpy()).mean() > 0.97
    assert inside.numpy().all()


def test_turning_keeps_labels_with_their_pixels_and_fills_the_rest():
    # Every pixel's colour is ten times its id, in patches so that most pixels are not mixed of two.
    ids = np.kron(rng.integers(0, 21, (8, 8)), np.ones((8, 8))).astype(np.uint8)
    augment = Augmenter(Augmentation(rotate=45), (61, 61), pad_value=PAD)
    outside = 0
    for index in range(12):
        image, label = (part.numpy() for part in augment(np.repeat(ids[..., None] * 10, 3, -1), ids, (4, index)))
        assert set(np.unique(label)) <= {*range(21), 255}
        np.testing.assert_array_equal(label == 255, (np.abs(image - PAD) < 1e-4).all(-1))
        assert (np.abs(image[..., 0] - label * 10.0) < 1)[label != 255].mean() > 0.6
        outside += (label == 255).sum()
    assert outside > 0


def test_angles_fill_their_range():
    # Rows tell: along a turned row the red value grows by 8 sin(angle) a pixel.
    augment = tf.function(Augmenter(Augmentation(min_scale=1, max_scale=1, flip=False, rotate=30), (5, 5)))
    slopes = np.array([np.diff(augment(IMAGE, LABEL, tf.constant([2, i]))[0][2, :, 0]).mean() for i in range(150)])
    angles = np.degrees(np.arcsin(slopes / 8))
    assert -30.5 < angles.min() < -25
    assert 25 < angles.max() < 30.5
    assert abs(angles.mean()) < 5


def test_colours_and_blur_leave_crops_and_labels_as_they_are():
    looks = Augmentation(), Augmentation(color_jitter=0.5, blur=2)
    plain, changed = (Augmenter(look, (33, 65)) for look in looks)
    for index in range(5):
        (image, label), (other, other_label) = (augment(IMAGE, LABEL, (9, index)) for augment in (plain, changed))
        np.testing.assert_array_equal(label, other_label)
        beyond = (image.numpy() == 127.5).all(-1)
        assert (other.numpy()[beyond] == 127.5).all()
        assert np.abs(other - image)[~beyond].max() > 3
