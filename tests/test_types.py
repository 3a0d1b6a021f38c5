"""The types that public modules state hold in them: basedpyright, as pyproject.toml sets it."""

import importlib.util
import json
import subprocess
import sys

import pytest

from harness.package_tree import ROOT, package_tree
from harness.public_names import public_names

# Neither states its types in a way that a checker can use.
UNTYPED = ("tensorflow", "keras")
ANYTHING = "from typing import Any\n\ndef __getattr__(name: str) -> Any: ...\n"


def faults(tree):
    """By module, what the checker finds in the modules that define public names."""
    tomllib = pytest.importorskip("tomllib", reason="Python 3.11 reads pyproject.toml")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["basedpyright"]
    (tree / "pyrightconfig.json").write_text(json.dumps(settings))
    for name in UNTYPED:
        stub = tree / settings["stubPath"] / name / "__init__.pyi"
        stub.parent.mkdir(parents=True)
        stub.write_text(ANYTHING)
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    public = {value.__module__.replace(".", "/") + ".py" for value in public_names().values()}
    found = json.loads(done.stdout)["generalDiagnostics"]
    return [
        f"{entry['file']}:{entry['range']['start']['line'] + 1}: {entry['message']}"
        for entry in found
        if entry["severity"] == "error" and any(entry["file"].endswith("/" + module) for module in public)
    ]


@pytest.mark.skipif(importlib.util.find_spec("basedpyright") is None, reason='needs pip install -e ".[dev]"')
def test_public_modules(tmp_path):
    tree = package_tree(tmp_path)
    assert faults(tree) == []


@pytest.mark.skipif(importlib.util.find_spec("basedpyright") is None, reason='needs pip install -e ".[dev]"')
def test_a_planted_type_is_found(tmp_path):
    tree = package_tree(tmp_path)
    with (tree / "deeplab_tf/labels/spec.py").open("a") as source:
        source.write('\nPLANTED: int = "no number"\n')
    (found,) = faults(tree)
    assert "labels/spec.py" in found
