"""The rules of the code itself: lint, format, who may import whom, public interfaces only."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [path for folder in ("deeplab_tf", "datasets", "export") for path in (ROOT / folder).rglob("*.py")]


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=["check", "format"])
def test_ruff(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "."], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture
def tree(tmp_path):
    """The package with its parts in the places where they are installed: the linter looks for files only."""
    python_only = shutil.ignore_patterns("__pycache__")
    package = tmp_path / "deeplab_tf"
    shutil.copytree(ROOT / "deeplab_tf", package, ignore=python_only)
    for part in ("datasets", "export"):
        shutil.copytree(ROOT / part, package / part, ignore=python_only)
    return tmp_path


def lint_imports(tree):
    """Exit code and report of the linter."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
            "--config",
            str(ROOT / "pyproject.toml"),
        ],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_imports_go_downwards(tree):
    code, report = lint_imports(tree)
    assert code == 0, report
    assert "Contracts: 2 kept, 0 broken" in report


@pytest.mark.parametrize(
    "file, planted, broken",
    [
        ("layers/resize.py", "from deeplab_tf import models", "Nothing imports upwards"),
        ("models/saving.py", "from deeplab_tf.weights import load_released", "Nothing imports upwards"),
        ("export/report.py", "from deeplab_tf import evaluation", "Nothing imports upwards"),
        ("new_module.py", "import os", "Nothing imports upwards"),
        ("datasets/records/pairs.py", "from deeplab_tf import models", "Data sets know labels"),
    ],
)
def test_a_planted_import_is_found(tree, file, planted, broken):
    with (tree / "deeplab_tf" / file).open("a") as source:
        source.write(f"\n{planted}\n")
    code, report = lint_imports(tree)
    assert code != 0
    assert re.search(rf"{broken}.* BROKEN", report), report


def test_public_interfaces_only():
    # The runtime's predecessor inside TensorFlow is imported by name, where the reason stands.
    private = re.compile(r"^\s*(from|import)\s+(keras\.src|tensorflow\.python|tf_keras)|\btf\.__internal__", re.M)
    found = [str(path.relative_to(ROOT)) for path in SOURCES if private.search(path.read_text(encoding="utf-8"))]
    assert not found


def test_the_first_line_of_an_error_has_one_source():
    # An error may have no text, and then no first line either; `reason` knows.
    found = [str(path.relative_to(ROOT)) for path in SOURCES if "splitlines()[0]" in path.read_text(encoding="utf-8")]
    assert found == ["deeplab_tf/files/reading.py"]
