"""The package with its parts in the places where they are installed, for tools that look for files only."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def package_tree(folder: Path) -> Path:
    """Copies the package into `folder`, datasets/ and export/ inside it."""
    python_only = shutil.ignore_patterns("__pycache__")
    package = folder / "deeplab_tf"
    shutil.copytree(ROOT / "deeplab_tf", package, ignore=python_only)
    for part in ("datasets", "export"):
        shutil.copytree(ROOT / part, package / part, ignore=python_only)
    return folder
