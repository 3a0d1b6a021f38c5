"""A worker whose data are others is named on all of them."""

import numpy as np
import pytest
import tensorflow as tf

from deeplab_tf.datasets import draw_shapes
from deeplab_tf.training.data import opened_data
from deeplab_tf.training.same_data import check_same_everywhere
from deeplab_tf.training.strategy import OneDevice
from deeplab_tf.training.workers import Workers

TASKS = (("worker", 0, "a:1"), ("worker", 1, "b:1"), ("worker", 2, "c:1"))


class Heard(OneDevice):
    """A worker, of two devices, which hears what others have said."""

    def __init__(self, number, others=()):
        self.workers, self._others, self.said = Workers(TASKS, number), others, None

    def sum(self, values):
        self.said = 2 * values.numpy()
        return tf.constant(np.sum([self.said, *(each.said for each in self._others)], axis=0))


def check(config, number, others=()):
    """Says what one worker has, or checks it against the others; gives the worker."""
    worker = Heard(number, others)
    with opened_data(config) as dataset, np.errstate(invalid="ignore"):
        try:
            check_same_everywhere(worker, config, dataset)
        except ValueError:
            # Nobody has spoken but itself.
            if len(others) == 2:
                raise
    return worker


@pytest.fixture
def other(config, shapes, tmp_path):
    """The settings of a worker that has the folder which the others' records are made of, with an image changed."""
    folder = draw_shapes(tmp_path / "drawn", 16, size=(48, 72))
    image = folder / "images/00001.jpg"
    image.write_bytes(image.read_bytes() + b"\0")
    return config.replace(data=str(folder), val_share=0.25)


def test_another_folder_is_named(config, shapes, other):
    same = other.replace(data=str(shapes.parent / "drawn"))
    said = [check(same, 0), check(other, 1), check(same, 2)]
    for number, config_there in enumerate((same, other, same)):
        others = [said[one] for one in range(3) if one != number]
        with pytest.raises(ValueError, match=r"^worker 1 \(b:1\) read other data than worker 0 \(a:1\): numbers of"):
            check(config_there, number, others)
    check(same, 0, [check(same, 1), check(same, 2)])


def test_one_process_has_nothing_to_compare(config):
    check_same_everywhere(OneDevice(), config, None)
