"""Sizes of a data set's images, and what is said of photographs far larger than a crop."""

from deeplab_tf.datasets.pipeline.image_sizes import advice_on_size, median_size, typical_size


def test_typical_and_median_sizes():
    assert typical_size([(1024, 2048)] * 20) == (1024, 2048)
    assert typical_size([(375, 500)] * 60 + [(500, 375)] * 30 + [(3000, 4000)] * 4) == (500, 500)
    assert typical_size([(187, 250)] * 23 + [(250, 187)]) == (250, 250)
    assert typical_size([(178, 239)] * 40 + [(179, 240)]) == (179, 240)
    assert typical_size([]) is None
    assert median_size([(3000, 4000), (30, 40), (4000, 3000)]) == (3000, 4000)


def test_advice_names_share_and_remedy():
    assert advice_on_size((1024, 2048), (769, 769)) is None
    assert advice_on_size((1028, 700), (257, 257)) is None
    text = advice_on_size((3000, 4000), (257, 257))
    assert "a crop of 257x257 is 0.6 % of it" in text
    assert "--max-side 514" in text
