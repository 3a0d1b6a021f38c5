"""The pages name what exists, and their Python code runs, or says why not."""

import pkgutil
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}


@pytest.mark.parametrize("page", TEXTS)
def test_files_that_it_names_exist(page):
    links = re.findall(r"\]\(([\w./-]+)\)", TEXTS[page])
    files = re.findall(r"\b((?:deeplab_tf|datasets|export|tests|benchmarks)/[\w./]*\.\w+)\b", TEXTS[page])
    named = [(ROOT / page).parent / link for link in links] + [ROOT / file for file in files if "mine" not in file]
    assert [path for path in named if not path.exists()] == []


@pytest.mark.parametrize("page", TEXTS)
def test_names_of_the_package_that_it_shows_exist(page):
    names = set(re.findall(r"\bdeeplab_tf(?:\.\w+)+\b(?!\.\w)", TEXTS[page])) - {"deeplab_tf.keras"}
    for name in names:
        pkgutil.resolve_name(name)
