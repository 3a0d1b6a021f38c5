"""The rules of the code itself: lint, format, who may import whom, public interfaces only."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.package_tree import package_tree

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
SOURCES = [path for folder in ("deeplab_tf", "datasets", "export") for path in (ROOT / folder).rglob("*.py")]


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=["check", "format"])
def test_ruff(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "."], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture
def tree(tmp_path):
    return package_tree(tmp_path)


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
        ("datasets/records/pairs.py", "from deeplab_tf import models", "Data sets know no network"),
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


@pytest.mark.parametrize(
    "what, source",
    [
        # An error may have no text, and then no first line either; `reason` knows.
        ("splitlines()[0]", "deeplab_tf/files/reading.py"),
        # Overlays, contact sheets and pages draw text and legends in one way.
        ("truetype(", "deeplab_tf/visualize.py"),
    ],
)
def test_what_has_one_source(what, source):
    found = [str(path.relative_to(ROOT)) for path in SOURCES if what in path.read_text(encoding="utf-8")]
    assert found == [source]


# Tests of an idea that no one module has, each with the idea; all others are named after the module that they test.
IDEAS = {
    "test_docstring_sections.py": "what docstrings of public names say of arguments, results, errors and sources",
    "test_docstrings.py": "every public name is described, and its example runs",
    "test_earlier_files.py": "files and runs of earlier versions",
    "test_fuzz.py": "damaged files of every format",
    "test_house_rules.py": "the code itself",
    "test_types.py": "the types that public modules state",
    "test_wheel.py": "the package, installed",
    "backbones/test_atrous_consistency.py": "backbones that have no harness of their own",
    "cli/test_cli.py": "all commands, and the path through them",
    "cli/test_full_disk.py": "a full disk under every command",
    "datasets/audit/test_damaged_voc.py": "a damaged devkit under audit and conversion",
    "datasets/test_max_side.py": "large images, from conversion to training",
    "docs/test_blocks.py": "the code of all pages",
    "docs/test_pages.py": "all pages",
    "docs/test_readme.py": "README, the first page",
    "docs/test_site.py": "the pages as a site",
    "export/browser/test_page.py": "the page, in a real browser",
    "export/test_killed_export.py": "a kill of either export",
    "inference/test_large_images.py": "large images, by every kind of predictor",
    "models/test_backbone_families.py": "heads on every family of backbones",
    "models/test_every_model.py": "every network at full width",
    "models/test_keras_state.py": "what Keras keeps of a model",
    "models/test_layouts.py": "the four layouts of the v3 paper",
    "models/test_parameter_counts.py": "the large models in one table",
    "models/test_short_fit.py": "a few steps of fit, by the statistics of the moment",
    "training/recipes/test_published.py": "the settings of all recipes, as published",
    "training/test_reproducible.py": "every operation of a training step",
}


def test_tests_mirror_the_package():
    """`tests/a/test_b*.py` tests `a/b.py`, whatever more its name says; pages and notebooks count as modules."""
    others = (path for folder in ("docs", "notebooks") for path in (ROOT / folder).glob("*.*"))
    modules = [path.relative_to(ROOT).as_posix().removeprefix("deeplab_tf/") for path in (*SOURCES, *others)]
    tested = "|".join(re.sub(r"([^/]+)\.\w+$", r"test_\1", module) for module in modules)
    files = [path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")]
    strange = [file for file in files if not re.fullmatch(rf"({tested})(_\w+)?\.py", file)]
    # Name a file after the module that it tests, in the module's folder, or give its idea above.
    assert sorted(strange) == sorted(IDEAS)


def test_no_file_is_longer_than_300_lines():
    folders = (ROOT / name for name in ("deeplab_tf", "datasets", "export", "tests", "benchmarks"))
    files = [path for folder in folders for path in folder.rglob("*.py")]
    lines = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: count for name, count in lines.items() if count > 300} == {}
