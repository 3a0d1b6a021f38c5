"""The glossary's worked examples, by Keras's own layers."""

import re
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image, ImageChops

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from valid_weights import draw, shares, table, valid_weights  # noqa: E402 (a script, not part of the package)

PAGE = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")


def test_weights_of_a_plain_and_a_separable_convolution(capsys):
    block = re.search(r"```python\n(.*?SeparableConv2D.*?)```", PAGE, re.DOTALL)[1]
    exec(block, {})
    assert capsys.readouterr().out.split() == ["108", "39"]
    parts = keras.layers.DepthwiseConv2D(3, use_bias=False), keras.layers.Conv2D(4, 1, use_bias=False)
    for part in parts:
        part.build((None, None, None, 3))
    assert [part.count_params() for part in parts] == [27, 12]


@pytest.mark.parametrize("rate", [1, 6, 12, 24, 32, 33, 36, 64, 65, 70])
def test_valid_weights_are_what_a_convolution_of_ones_sums(rate):
    ones = keras.layers.Conv2D(1, 3, dilation_rate=rate, padding="same", use_bias=False, kernel_initializer="ones")
    summed = ones(np.ones((1, 65, 65, 1), np.float32))[0, ..., 0]
    np.testing.assert_array_equal(valid_weights(rate), summed)


def test_at_the_side_of_the_map_only_the_centre_is_left():
    assert shares(65) == {1: 1}
    assert shares(64)[4] > 0


def test_the_table_is_what_the_script_prints():
    rows = re.findall(r"^\| (\d+) \| [\d.]+ % \| [\d.]+ \|$", PAGE, re.MULTILINE)
    assert rows
    assert table([int(rate) for rate in rows]) in PAGE


def test_the_picture_is_what_the_script_draws(tmp_path):
    draw(tmp_path / "drawn.png")
    drawn, stored = (
        Image.open(path).convert("L") for path in (tmp_path / "drawn.png", ROOT / "docs/valid_weights.png")
    )
    assert drawn.size == stored.size
    # Versions of Matplotlib and its fonts draw edges of letters otherwise.
    assert np.mean(np.asarray(ImageChops.difference(drawn, stored)) > 40) < 0.01
