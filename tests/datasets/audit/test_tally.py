import numpy as np
import pytest

from deeplab_tf.datasets import count_classes, inspect_dataset
from deeplab_tf.datasets.audit.sample import record_sample
from deeplab_tf.datasets.audit.tally import Tally
from deeplab_tf.labels import LabelSpec

LABELS = LabelSpec(("nothing", "field", "road"))


def picture(seed: int, height: int = 40, width: int = 50) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def stripes(*values: int) -> np.ndarray:
    """A mask, 40 x 50, of columns of these values in turn."""
    return np.broadcast_to(np.resize(np.array(values, np.uint8), 50), (40, 50)).copy()


def tallied(*samples, labels=LABELS) -> Tally:
    tally = Tally(labels)
    for index, (split, image, mask) in enumerate(samples):
        tally.add(record_sample(split, f"image {index}", image, mask, labels))
    return tally


def kinds(tally: Tally) -> list[tuple[str, str, str]]:
    return [(found.kind, found.split, found.name) for found in (*tally.findings, *tally.of_whole_set())]


def test_a_healthy_set_has_no_findings():
    assert kinds(tallied(("train", picture(0), stripes(0, 1, 2, 255)), ("val", picture(1), stripes(1, 2, 0)))) == []


def test_duplicates_are_found_by_their_pixels():
    mask = stripes(0, 1, 2)
    tally = tallied(
        *((split, picture(seed), mask) for split, seed in (("train", 0), ("train", 0), ("val", 1), ("val", 0)))
    )
    assert kinds(tally) == [("duplicate", "train", "image 1"), ("duplicate_between_splits", "val", "image 3")]
    assert "image 3 in val has the pixels of image 0 in train" in tally.findings[1].detail


def test_equal_bytes_of_another_shape_are_no_duplicate():
    grey = np.full((40, 50, 3), 90, np.uint8)
    tally = tallied(("train", grey, stripes(0, 1, 2)), ("train", grey.reshape(50, 40, 3), stripes(0, 1, 2).T))
    assert kinds(tally) == []


def test_classes_that_never_occur_are_named_by_split():
    tally = tallied(("train", picture(0), stripes(0, 1)), ("val", picture(1), stripes(0, 255)))
    assert [found for found in kinds(tally) if found[0] == "absent_class"] == [
        ("absent_class", "val", "field"),
        ("absent_class", "", "road"),
    ]


def test_ids_counted_from_one():
    tally = tallied(("train", picture(0), stripes(1, 2)), ("train", picture(1), stripes(1, 3)))
    assert ("shifted_labels", "", "") in kinds(tally)
    assert "Class 0 does not occur: if ids were counted from 1, subtract 1" in tally.findings[0].detail
    whole = tallied(("train", picture(0), stripes(0, 2)), ("train", picture(1), stripes(1, 3)))
    assert "shifted_labels" not in {kind for kind, _, _ in kinds(whole)}
    wall = LabelSpec(("unlabelled", "wall", "floor"), ignore_label=0)
    assert "shifted_labels" not in {
        kind for kind, _, _ in kinds(tallied(("a", picture(0), stripes(3, 2)), labels=wall))
    }


@pytest.mark.parametrize(
    "mask, kind",
    [
        (stripes(255), "all_ignored"),
        (stripes(0, 255), "binary_mask"),
        (stripes(0), "one_class"),
        (stripes(2, 2, 255), "one_class"),
        (stripes(0, 1, 255), None),
        (stripes(0, 7), "wrong_values"),
    ],
)
def test_masks_that_teach_little(mask, kind):
    assert [found.kind for found in tallied(("train", picture(0), mask)).findings] == ([kind] if kind else [])


def test_border_of_void_around_background_is_not_taken_for_an_object():
    mask = np.zeros((40, 50), np.uint8)
    mask[:2] = 255
    assert [found.kind for found in tallied(("train", picture(0), mask)).findings] == ["one_class"]


def test_weights_are_those_that_training_counts(tiny):
    expected = count_classes(tiny, "train").class_weights()
    np.testing.assert_allclose(inspect_dataset(tiny.path, "train").class_weights, expected, rtol=1e-12)


def test_weights_of_a_worked_example():
    # Class 0: 1000 of 4000 pixels, class 1: 2000 of 4000, class 2: 1000 of 2000. The median of 1/4, 1/2, 1/2 is 1/2.
    tally = tallied(("train", picture(0), stripes(0, 1)), ("train", picture(1), stripes(1, 2)))
    assert tally.by_class(tally.all_pixels) == (1000, 2000, 1000)
    assert tally.class_weights() == (1.0, 1.0, 1.0)
    tally.add(record_sample("train", "another", picture(2), stripes(1, 1, 1, 1, 1), LABELS))
    # Class 1 now has 4000 of 6000: weights 1/2 over 1/2, 2/3 and 1/2.
    assert tally.class_weights() == pytest.approx((1, 0.75, 1))
