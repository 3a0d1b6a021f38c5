"""The page on exports does what it says, and gives the labels of this package."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deeplab_tf.inference import Segmenter
from harness.tiny_model import photo

PAGE = Path(__file__).resolve().parents[2] / "docs/deploy.md"
# In front of the script: what is not there on a small device.
WITHOUT_TENSORFLOW = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("tensorflow", "keras", "deeplab_tf"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
"""


@pytest.fixture(scope="module")
def folder(tiny_exports, tmp_path_factory):
    folder = tmp_path_factory.mktemp("deployment")
    shutil.copytree(tiny_exports.folder / "saved", folder / "serving/mine/1")
    shutil.copy(tiny_exports.folder / "logits.tflite", folder / "mine.tflite")
    return folder


def block(holding):
    """The page's Python code that holds a text."""
    (found,) = (
        code for code in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL) if holding in code
    )
    return found


def test_its_saved_model_gives_the_labels_of_the_segmenter(folder, monkeypatch):
    monkeypatch.chdir(folder)
    Image.fromarray(photo(40, 60)).save("photo.jpg")
    names = {}
    exec(block('signatures["serving_default"]'), names)
    expected = Segmenter("serving/mine/1")("photo.jpg").labels
    assert len(np.unique(expected)) > 1
    assert (names["labels"] == expected).all()


# One that fits, one that is scaled by a whole factor, and one upright.
@pytest.mark.parametrize("size", [(40, 60), (130, 195), (301, 222)])
def test_its_litert_script_agrees_with_the_segmenter_and_needs_no_tensorflow(folder, size):
    Image.fromarray(photo(*size)).save(folder / "photo.jpg")
    code = f"{WITHOUT_TENSORFLOW}\n{block('ai_edge_litert')}\nnp.save('labels.npy', labels)"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    labels, expected = np.load(folder / "labels.npy"), Segmenter(folder / "mine.tflite")(folder / "photo.jpg").labels
    assert labels.shape == size
    assert len(np.unique(expected)) > 1
    assert (labels == expected).mean() >= 0.999
