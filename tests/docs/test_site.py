"""The site has every page, its links lead somewhere, and it builds without a warning."""

import json
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from harness.public_names import public_names

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ROOT_PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
NAVIGATION = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
ENTRIES = re.findall(r"- (\S+\.md)$", NAVIGATION, re.M)
# Where pages lead to. Tests have no network, so a new place is looked at by the one who adds it.
HOSTS = {
    "ai.google.dev", "arxiv.org", "colab.research.google.com", "coral.ai",
    "creativecommons.org", "docs.ray.io", "github.com", "keras.io", "semver.org",
    "www.npmjs.com",
}  # fmt: skip
CODE = re.compile(r"^ *```.*?^ *```|`[^`\n]+`", re.M | re.DOTALL)


def test_the_navigation_has_every_page():
    modules = {name.rpartition(".")[0].removeprefix("training.") or "index" for name in public_names("inference")}
    expected = [path.name for path in DOCS] + ["index.md", "contributing.md", "changelog.md"]
    expected += [f"notebooks/{path.stem}.md" for path in NOTEBOOKS]
    expected += [f"reference/{module}.md" for module in modules]
    assert sorted(ENTRIES) == sorted(expected)


def anchors(path):
    """By each of the two that show pages, GitHub and Python-Markdown, what a link to a heading ends with."""
    text = re.sub(r"^ *```.*?^ *```", "", path.read_text(encoding="utf-8"), flags=re.M | re.DOTALL)
    titles = [re.sub(r"[`*]|\]\([^)]*\)|\[", "", title) for title in re.findall(r"^#+ (.+)$", text, re.M)]
    github = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    ascii_titles = [unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode() for title in titles]
    markdown = {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower()) for title in ascii_titles}
    return github & markdown


def written(path):
    """The text of a page, or of a notebook."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
    return "\n\n".join("".join(cell["source"]) for cell in cells)


@pytest.mark.parametrize("page", [*ROOT_PAGES, *DOCS, *NOTEBOOKS], ids=lambda page: page.name)
def test_its_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", CODE.sub("", written(page)))
    broken = []
    for link in map("".join, links):
        if re.match(r"\w+:", link):
            if not re.fullmatch(r"https://([\w.]+)(/\S*)?", link) or link.split("/")[2] not in HOSTS:
                broken.append(link)
            continue
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("mkdocs", reason='MkDocs is not installed: pip install -e ".[docs]"')
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_it_builds_without_a_warning(site):
    built = {path.relative_to(site).with_suffix(".md").as_posix() for path in site.rglob("*.html")}
    assert built - {"404.md"} == set(ENTRIES)


def test_the_reference_has_what_is_composed_at_runtime(site):
    """Shared arguments, converters made of rows, callbacks by their public name, what a call takes and gives."""
    for page, expected in [
        ("index", "The ASPP has its image-level branch."),
        ("datasets", "convert_voc"),
        ("callbacks", "deeplab_tf.callbacks.BestModel"),
        ("layers", "<strong><code>inputs</code></strong> – A pair"),
        ("layers", "from 0 to 1.00002: the constant"),
    ]:
        assert expected in (site / f"reference/{page}.html").read_text(encoding="utf-8")


def test_pages_fetch_nothing_from_elsewhere(site):
    fetched = re.compile(
        r"<(?:script|img|iframe|source|link rel=.?(?:stylesheet|preconnect|icon))\b[^>]*=.?(?:https?:)?//[^>]*>"
    )
    found = {page.name: fetched.findall(page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}
    assert {name: tags for name, tags in found.items() if tags} == {}


def test_files_that_pages_link_to_are_there(site):
    links = {
        (page.parent / link).resolve()
        for page in site.rglob("*.html")
        for link in re.findall(r'(?:src|href)="([^"#?:]+)"', page.read_text(encoding="utf-8"))
        if not link.startswith("/")
    }
    assert [str(link) for link in links if not link.exists()] == []


@pytest.mark.parametrize("page", [*ROOT_PAGES, *DOCS], ids=lambda page: page.name)
def test_what_belongs_to_an_item_of_a_list_is_four_spaces_in(page):
    """With fewer, as GitHub takes them, the site ends the list; the next item stands after an empty line."""
    text = re.sub(r"^```.*?^```", "", written(page), flags=re.M | re.DOTALL)
    assert re.findall(r"\n\n( {1,3}\S.*)", text) == []
    assert re.findall(r"\n\n(?: {4}.*\n)+((?:[-*]|\d+\.) .*)", text) == []


def test_nothing_is_left_of_markdown(site):
    """A list without an empty line before it would be text, as would a comment that is not closed."""
    code = re.compile(r"<(pre|code|script|style|title)\b.*?</\1>|<!--.*?-->|<[^>]+>", re.DOTALL)
    left = {
        page.name: found
        for page in site.rglob("*.html")
        if (found := re.findall(r"^(?:[-*|] .*)|&lt;!--.*|`.*|\]\(.*", code.sub("", page.read_text("utf-8")), re.M))
    }
    assert left == {}
