"""The draw of validation images."""

from pathlib import Path

import pytest

from deeplab_tf.datasets.builders.division import divide
from deeplab_tf.datasets.records.pairs import Pair


def pairs(count):
    return [Pair(str(index), Path(f"{index}.png"), Path(f"{index}.png")) for index in range(count)]


def sides(classes, share, seed):
    found = divide(pairs(len(classes)), "train", share, seed, classes)
    return {name: [classes[int(pair.name)] for pair in members] for name, members in found.items()}


@pytest.mark.parametrize(
    "classes, share, val",
    [
        # One cat of three must go to val, of five images one.
        (["c", "c", "c", "cd", "cd"], 0.2, 1),
        (["cd", "c", "c", "d", ""], 0.2, 1),
        # No one image has all: val gets two.
        (["c", "c", "d", "d", "b"], 0.2, 2),
        (["c", "d", "e", "c", "d", "e"], 0.2, 3),
        # train is the smaller side here.
        (["c", "c", "d", "d", "c"], 0.8, 3),
    ],
)
@pytest.mark.parametrize("seed", range(12))
def test_every_class_of_two_images_is_on_both_sides(classes, share, val, seed):
    found = sides(classes, share, seed)
    assert len(found["val"]) == val
    assert len(found["train"]) == len(classes) - val
    for name in set("".join(classes)):
        if sum(name in one for one in classes) >= 2:
            assert all(any(name in one for one in side) for side in found.values())


def test_a_draw_that_has_all_classes_stays():
    classes = ["c"] * 10
    for seed in range(5):
        with_classes = divide(pairs(10), "train", 0.3, seed, classes)
        assert with_classes == divide(pairs(10), "train", 0.3, seed)


def test_rare_classes_among_many_images():
    classes = ["a"] * 2000
    for rare, name in enumerate("bcdef"):
        classes[7 + 300 * rare] = classes[8 + 300 * rare] = "a" + name
    found = sides(classes, 0.05, seed=3)
    assert len(found["val"]) == 100
    assert all(any(name in one for one in side) for name in "bcdef" for side in found.values())
