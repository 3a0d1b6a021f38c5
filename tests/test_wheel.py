"""The wheel holds every package, and works where nothing else of the clone is in reach."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import deeplab_tf

ROOT = Path(__file__).resolve().parents[1]
BESIDE = ("datasets", "export")
# Code, its types and the mark that says that they are there, and the files of the page for browsers.
KINDS = (".py", ".pyi", ".typed", ".html", ".css", ".js")
SMOKE = """
import importlib, pkgutil, sys
import deeplab_tf
names = [name for _, name, _ in pkgutil.walk_packages(deeplab_tf.__path__, "deeplab_tf.") if "__main__" not in name]
for name in names:
    importlib.import_module(name)
import numpy as np
model = deeplab_tf.DeepLabV3("mobilenet_v2", classes=3, depth_multiplier=0.25, atrous_rates=())
print(deeplab_tf.Segmenter(model)(np.zeros((40, 50, 3), np.uint8)).labels.shape, len(names), deeplab_tf.__file__)
"""


def run(arguments, folder, **environment):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    # A copy: building leaves folders beside the sources.
    run(["-c", COPY, str(ROOT), str(folder / "clone")], folder)
    run(["-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(folder / "clone")], folder)
    return next(folder.glob("*.whl"))


COPY = """
import shutil, sys
shutil.copytree(*sys.argv[1:], ignore=shutil.ignore_patterns(".*", "__pycache__", "tests", "*.egg-info", "build"))
"""


def modules_of_the_tree():
    found = [path.relative_to(ROOT) for part in ("deeplab_tf", *BESIDE) for path in (ROOT / part).rglob("*.*")]
    return {
        (Path("deeplab_tf", path) if path.parts[0] in BESIDE else path).as_posix()
        for path in found
        if path.suffix in KINDS
    }


def test_nothing_is_missing(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.endswith(KINDS)}
    assert packed == modules_of_the_tree()
    assert {"deeplab_tf/py.typed", "deeplab_tf/__init__.pyi", "deeplab_tf/training/__init__.pyi"} <= packed


def test_the_version_stands_once(wheel):
    citation = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)[1]
    assert [deeplab_tf.__version__, citation] == [wheel.name.split("-")[1]] * 2


def test_the_oldest_versions_that_are_tested_are_the_oldest_allowed(wheel):
    with zipfile.ZipFile(wheel) as archive:
        metadata = next(archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA"))
    needed = map(Requirement, re.findall(r"^Requires-Dist: (.+)$", metadata, re.M))
    allowed = {one.name: Version(*[bound.version for bound in one.specifier]) for one in needed if is_for_tests(one)}
    pinned = dict(re.findall(r"^([\w-]+)==(.+)$", (ROOT / "tests/oldest.txt").read_text(encoding="utf-8"), re.M))
    assert allowed == {name: Version(pinned[name]) for name in allowed}


def is_for_tests(requirement):
    return requirement.marker is None or requirement.marker.evaluate({"extra": "test"})


def test_it_works_by_itself(wheel, tmp_path):
    installed = tmp_path / "installed"
    run(["-m", "pip", "install", "--quiet", "--no-deps", "--target", str(installed), str(wheel)], tmp_path)
    shape, count, file = run(["-c", SMOKE], tmp_path, PYTHONPATH=str(installed)).rsplit(maxsplit=2)
    assert shape == "(40, 50)"
    assert int(count) > 100
    assert Path(file) == installed / "deeplab_tf" / "__init__.py"
    assert "Usage: deeplab-tf" in run(["-m", "deeplab_tf", "--help"], tmp_path, PYTHONPATH=str(installed))
