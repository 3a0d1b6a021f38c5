"""Where pydensecrf2 is missing or broken, TensorFlow serves, and a message names the extra."""

import sys
import types

import numpy as np
import pytest

from deeplab_tf.crf import DenseCRF
from deeplab_tf.crf.pydensecrf2 import pydensecrf2


@pytest.fixture(autouse=True)
def forgotten():
    pydensecrf2.cache_clear()
    yield
    pydensecrf2.cache_clear()


class Broken:
    """What a build for another NumPy does when it is imported."""

    def find_spec(self, name, path=None, target=None):
        if name.startswith("pydensecrf"):
            raise ValueError("numpy.dtype size changed, may indicate binary incompatibility\nmore")


@pytest.mark.parametrize("broken", [False, True])
def test_tensorflow_serves(broken, monkeypatch, logged):
    for name in ("pydensecrf", "pydensecrf.densecrf"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        if not broken:
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(sys, "meta_path", [*([Broken()] if broken else []), *sys.meta_path])
    crf = DenseCRF(engine="pydensecrf2")
    assert crf.engine == "tensorflow"
    assert crf.refine(np.zeros((3, 3, 3), np.uint8), np.full((3, 3, 2), 0.5)).shape == (3, 3, 2)
    DenseCRF(engine="pydensecrf2")
    assert [record.levelname for record in logged.records] == ["WARNING"]
    assert "pip install 'deeplab-tf[crf]'" in logged.text
    assert ("numpy.dtype size changed" in logged.text) == broken


@pytest.mark.parametrize("engine", ["auto", "tensorflow"])
def test_our_engine_does_not_ask_for_it(engine, monkeypatch, logged):
    monkeypatch.setitem(sys.modules, "pydensecrf", None)
    assert DenseCRF(engine=engine).engine == "tensorflow"
    assert not logged.records


def test_it_serves_where_it_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydensecrf", types.ModuleType("pydensecrf"))
    monkeypatch.setitem(sys.modules, "pydensecrf.densecrf", types.ModuleType("pydensecrf.densecrf"))
    assert DenseCRF(engine="pydensecrf2").engine == "pydensecrf2"
