"""The pages name what exists, and their Python code runs, or says why not."""

import ast
import inspect
import pkgutil
import re
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

from deeplab_tf import datasets
from deeplab_tf.cli import cli
from deeplab_tf.models import MODELS
from harness.tiny_model import photo

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}


@pytest.mark.parametrize("page", TEXTS)
def test_files_that_it_names_exist(page):
    files = re.findall(r"\b((?:deeplab_tf|datasets|export|tests|benchmarks)/[\w./]*\.\w+)\b", TEXTS[page])
    assert [file for file in files if "mine" not in file and not (ROOT / file).exists()] == []


@pytest.mark.parametrize("page", TEXTS)
def test_names_of_the_package_that_it_shows_exist(page):
    names = set(re.findall(r"\bdeeplab_tf(?:\.\w+)+\b(?!\.\w)", TEXTS[page])) - {"deeplab_tf.keras"}
    assert [name for name in sorted(names) if not resolves(name)] == []


def resolves(name):
    try:
        return pkgutil.resolve_name(name) is not None
    except (ImportError, AttributeError):
        return False


# By its page: the blocks of code, each with the reason why it is not run, if any.
BLOCKS = {
    page: re.findall(r"(?:<!-- not run: (.+?) -->\n *)?```python\n(.*?)```", text, re.DOTALL)
    for page, text in TEXTS.items()
}
ROW = "a row of a table"
HAVE_TESTS = ("docs/training_with_keras.md", "docs/deploy.md", "docs/serving.md", "docs/tuning.md")
MODULES = ("deeplab_tf", "datasets", "evaluation", "export", "training")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the pages call photos, masks and mine."""
    folder = tmp_path_factory.mktemp("pages")
    for name in ("photos", "masks"):
        (folder / name).mkdir()
    for index in range(8):
        Image.fromarray(photo(40, 60)).save(folder / f"photos/{index}.jpg")
        mask = np.arange(40 * 60).reshape(40, 60) % 3
        Image.fromarray(mask.astype(np.uint8)).save(folder / f"masks/{index}.png")
    datasets.convert_folder(folder / "photos", folder / "masks", folder / "mine")
    return folder


@pytest.mark.parametrize("page", [page for page in BLOCKS if BLOCKS[page] and page not in HAVE_TESTS])
def test_its_code_runs(page, folder, monkeypatch):
    monkeypatch.chdir(folder)
    names, done = {}, 0
    for reason, block in BLOCKS[page]:
        done += 1
        if not reason:
            exec(block, names)
        elif reason != ROW:
            imports = [node for node in ast.parse(block).body if isinstance(node, ast.Import | ast.ImportFrom)]
            exec(compile(ast.Module(imports, []), page, "exec"), names)
    assert done == len(BLOCKS[page])


@pytest.mark.parametrize("page", [page for page in BLOCKS if BLOCKS[page]])
def test_what_its_code_calls_exists(page):
    code = "".join(block for reason, block in BLOCKS[page] if reason != ROW)
    called = [
        f"{'' if node.value.id == 'deeplab_tf' else 'deeplab_tf.'}{node.value.id}:{node.attr}"
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in MODULES
    ]
    assert [name for name in called if not resolves(name)] == []


def subcommand(command, name):
    """The command of a group; None where it has none of that name, or is not a group."""
    return command.get_command(click.Context(command), name) if isinstance(command, click.Group) else None


def options(command):
    """Those of a command, and of all below it."""
    names = {name for given in command.params for name in (*given.opts, *given.secondary_opts)}
    below = command.list_commands(click.Context(command)) if isinstance(command, click.Group) else ()
    return names.union({"--help"}, *(options(subcommand(command, name)) for name in below))


@pytest.mark.parametrize("page", TEXTS)
def test_options_of_the_commands_that_it_shows_exist(page):
    unknown = []
    for shown in re.findall(r"\bdeeplab-tf ((?:[^\n`|\\]|\\\n)*)", TEXTS[page]):
        command, words = cli, shown.replace("\\\n", " ").split()
        while words and (found := subcommand(command, words[0])):
            command = found
            words.pop(0)
        given = [word for word in words if re.fullmatch("--[a-z-]+", word)]
        unknown += [f"{command.name} {name}" for name in given if name not in options(command)]
    assert unknown == []


@pytest.mark.parametrize("page", [page for page in TEXTS if "migration" in page])
def test_what_a_migration_page_leads_to_exists(page):
    # The first column is the other package's.
    ours = " ".join(" ".join(row.split("|")[2:]) for row in TEXTS[page].splitlines() if row.startswith("|"))
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", ours)) - options(cli) == set()
    arguments = set().union(*(inspect.signature(model).parameters for model in MODELS.values()))
    assert set(re.findall(r"--set (\w+)=", ours)) - arguments == set()
    named = re.findall(r"`((?:losses|metrics)\.\w+)", ours)
    assert [name for name in named if not resolves(f"deeplab_tf.{name.replace('.', ':')}")] == []
