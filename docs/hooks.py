"""What the site has beside the pages of this folder: the root's pages, notebooks, and the reference.

MkDocs calls the functions `on_...`. A link is written as it works in the repository; here it is turned to the page or
file that the site has of it.
"""

import json
import os
import posixpath
import re
import sys
import tempfile
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
ROOT_PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
BADGE = re.compile(r"\[!\[([^]]+)\]\([^)]+\)\](?=\()")
LINK = re.compile(r"(\]\(|src=\"|href=\")([\w./-]+)(?=[)#\"])")
# A link whose text may be the name of a page's file.
NAMED = re.compile(r"\[([\w./]+)\]\(([\w./-]+)(?=[)#])")
# The public package as mkdocstrings reads it, and its names by module.
FOLDER = tempfile.TemporaryDirectory()
REFERENCE: dict[str, list[str]] = {}

sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from reference import write_package  # noqa: E402


@event_priority(100)
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Gives mkdocstrings the public package to read, before it looks for one."""
    REFERENCE.update(write_package(Path(FOLDER.name)))
    config.plugins["mkdocstrings"].config.handlers["python"]["paths"] = [FOLDER.name]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds what this folder does not have."""
    for name, page in ROOT_PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / name)))
    for notebook in sorted(ROOT.glob("notebooks/*.ipynb")):
        page = f"notebooks/{notebook.stem}.md"
        files.append(File.generated(config, page, content=notebook_page(notebook)))
        files.append(File.generated(config, f"notebooks/{notebook.name}", abs_src_path=str(notebook)))
    for module, names in REFERENCE.items():
        files.append(File.generated(config, reference_uri(module), content=reference_page(module, names)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turns links to files of the repository to their places on the site."""
    source = Path(page.file.abs_src_path) if page.file.abs_src_path else ROOT / page.file.src_uri
    start = posixpath.dirname(page.file.src_uri)

    def turned(match: re.Match) -> str:
        before, link = match.groups()
        target = Path(os.path.normpath(source.parent / link))
        if not target.is_file() or not target.is_relative_to(ROOT):
            return match[0]
        path = target.relative_to(ROOT).as_posix()
        place = ROOT_PAGES.get(path, path.removeprefix("docs/"))
        if before == "](" and path.startswith("notebooks/"):
            place = place.replace(".ipynb", ".md")
        if files.get_file_from_path(place) is None:
            files.append(File.generated(config, place, abs_src_path=str(target)))
        # MkDocs makes `.html` of `.md` in Markdown's links only.
        return before + posixpath.relpath(place if before == "](" else place.replace(".md", ".html"), start)

    def titled(match: re.Match) -> str:
        text, link = match.groups()
        name = title(source.parent / link) if Path(text).stem == Path(link).stem else None
        return f"[{name}]({link}" if name else match[0]

    return LINK.sub(turned, NAMED.sub(titled, markdown))


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Takes away the dash before what has neither a name nor a type."""
    return re.sub(r"(<li class=\"doc-section-item field-body\">)\s*–\s", r"\1", html)


def title(path: Path) -> str | None:
    """The heading of a page or notebook; None where it has none."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if path.suffix == ".ipynb":
        text = "".join(json.loads(text)["cells"][0]["source"])
    found = re.search(r"^# (.+)", text, re.MULTILINE)
    return found and found[1]


def notebook_page(path: Path) -> str:
    """A notebook's cells as they are written, with what they printed and drew where it is stored."""
    blocks = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        # A badge is a picture from elsewhere.
        text = BADGE.sub(r"[\1]", "".join(cell["source"]))
        blocks.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if kinds := data.keys() & {"image/png", "image/jpeg"}:
                kind = kinds.pop()
                blocks.append(f"![](data:{kind};base64,{''.join(data[kind]).strip()})")
            elif said := "".join(output.get("text", data.get("text/plain", []))):
                blocks.append(f"```text\n{said}\n```")
    blocks.insert(1, f'<a href="{path.name}" download>Download this notebook</a>')
    return "\n\n".join(blocks) + "\n"


def reference_uri(module: str) -> str:
    """The page of a public module; the package's own is the first."""
    return f"reference/{module.partition('.')[2] or 'index'}.md"


def reference_page(module: str, names: list[str]) -> str:
    """What mkdocstrings fills."""
    whole = f"::: {module}\n    options: {{members: [], show_root_heading: false, show_root_toc_entry: false}}"
    return "\n\n".join([f"# {module}", whole, *(f"::: {module}.{name}" for name in names)])
