"""The page on exports does what it says, and gives the labels of this package."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.inference import Segmenter
from harness.tiny_model import photo

PAGE = Path(__file__).resolve().parents[2] / "docs/deploy.md"


@pytest.fixture(scope="module")
def folder(tiny_exports, tmp_path_factory):
    folder = tmp_path_factory.mktemp("deployment")
    shutil.copytree(tiny_exports.folder / "saved", folder / "serving/mine/1")
    shutil.copy(tiny_exports.folder / "probabilities.tflite", folder / "mine.tflite")
    Image.fromarray(photo(40, 60)).save(folder / "photo.jpg")
    return folder


@pytest.mark.parametrize("number, path, found", [(0, "serving/mine/1", "labels"), (1, "mine.tflite", "small_labels")])
def test_its_code_gives_the_labels_of_the_segmenter(folder, monkeypatch, number, path, found):
    monkeypatch.chdir(folder)
    names = {}
    exec(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[number], names)
    expected = Segmenter(path)("photo.jpg").labels
    assert len(np.unique(expected)) > 1
    assert (names[found] == expected).all()
