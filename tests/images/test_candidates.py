import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.images.candidates import candidate_classes, labels_among_candidates
from deeplab_tf.images.enlarging import enlarged_labels


def smooth_scores(generator, size, classes):
    blobs = generator.normal(0, 4, (2, 4, 5, classes)).astype(np.float32)
    return tf.image.resize(blobs, size) + generator.normal(0, 0.3, (2, *size, classes)).astype(np.float32)


def best_of_aligned(scores, size):
    resized = tf.raw_ops.ResizeBilinear(images=scores, size=size, align_corners=True)
    return resized, tf.argmax(resized, -1, output_type=tf.int32).numpy()


@pytest.mark.parametrize("classes", [1, 2, 21, 150])
@pytest.mark.parametrize("size", [(1, 1), (1, 6), (9, 13)])
def test_labels_of_candidates_are_those_of_all_classes(classes, size):
    generator = np.random.default_rng(classes)
    for _ in range(5):
        scores = smooth_scores(generator, size, classes)
        _, expected = best_of_aligned(scores, (65, 97))
        found = labels_among_candidates(scores, lambda chosen: best_of_aligned(chosen, (65, 97))[1])
        np.testing.assert_array_equal(found, expected)


def test_few_are_left():
    # A picture of three classes, and 147 that nothing in it looks like.
    regions = np.repeat(np.repeat([[7, 7, 30], [7, 140, 140]], 5, 0), 5, 1)
    noise = np.random.default_rng(0).normal(0, 1, (1, 10, 15, 150))
    elsewhere = 10 * ~np.isin(np.arange(150), regions)
    scores = tf.constant((20 * np.eye(150)[regions] + noise - elsewhere).astype(np.float32))
    _, labels = best_of_aligned(scores, (65, 97))
    occurring, left = set(np.unique(labels)), set(candidate_classes(scores).numpy())
    assert occurring <= left
    assert len(left) == 3


def test_a_class_that_is_second_on_both_sides_can_be_best_between_pixels():
    # Beaten by 0 in the left cells and by 1 in the right ones; half-way between two pixels it beats both.
    left, right = [10.0, 0.0, 9.0], [0.0, 10.0, 9.0]
    scores = tf.constant([[[left, left, right, right]]])
    grid = tf.gather(scores, [0, 1, 2, 3], axis=2)
    assert 2 in candidate_classes(grid, between_pixels=True).numpy()
    assert 2 in enlarged_labels(grid, (1, 40)).numpy()


def test_twice_interpolated_labels_are_those_of_all_classes():
    generator = np.random.default_rng(3)

    def labels(scores):
        return enlarged_labels(best_of_aligned(scores, (33, 49))[0], (123, 201))

    for _ in range(5):
        scores = smooth_scores(generator, (9, 13), 40)
        found = labels_among_candidates(scores, labels, between_pixels=True)
        np.testing.assert_array_equal(found, labels(scores))


def test_scores_that_are_no_numbers_leave_all_classes():
    scores = np.zeros((1, 3, 3, 4), np.float32)
    scores[0, 1, 1, 2] = np.nan
    assert candidate_classes(tf.constant(scores)).numpy().tolist() == [0, 1, 2, 3]
    assert candidate_classes(tf.fill((1, 2, 2, 3), float("inf"))).numpy().tolist() == [0, 1, 2]
