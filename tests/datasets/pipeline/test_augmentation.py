"""The settings of the augmentation: what they come to, and the refusal of what makes no sense."""

import numpy as np
import pytest

from deeplab_tf.datasets import Augmentation


def test_one_number_gives_hue_a_quarter():
    assert Augmentation(color_jitter=0.4).color_changes == (0.4, 0.4, 0.4, 0.1)
    assert Augmentation(color_jitter=[0.4, 0.3, 0.2, 0.1]).color_changes == (0.4, 0.3, 0.2, 0.1)


def test_numbers_of_numpy_are_numbers():
    assert Augmentation(rotate=np.float64(10), min_scale=np.int64(1)) == Augmentation(rotate=10, min_scale=1)


def test_settings_are_told_in_the_documentation():
    assert "    rotate: Greatest random rotation in degrees. " in Augmentation.__doc__
    assert "Default: 0.25." in Augmentation.__doc__


BAD = {
    "min_scale": (0, 3.0, "a", None),
    "scale_step": (-0.1, float("nan")),
    "rotate": (-1, 181, "a", True, None),
    "color_jitter": (-0.1, 1.1, (0.1, 0.1, 0.1), (0, 0, 0, 0.6), "strong", True, float("nan"), None),
    "blur": (-1, float("inf"), "a", None),
    "flip": (1, "yes", None),
}


@pytest.mark.parametrize("name, value", [(name, value) for name, values in BAD.items() for value in values])
def test_bad_values_are_refused(name, value):
    with pytest.raises(ValueError, match=rf"{name}.* must be .*received .*\. (Try|The release has|Give)"):
        Augmentation(**{name: value})
