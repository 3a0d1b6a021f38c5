"""The pages name what exists."""

import inspect
import re

import click
import pytest

from deeplab_tf.cli import cli
from deeplab_tf.models import MODELS
from harness.pages import ROOT, TEXTS, find_command, resolves, subcommand


@pytest.mark.parametrize("page", TEXTS)
def test_files_that_it_names_exist(page):
    files = re.findall(r"\b((?:deeplab_tf|datasets|export|tests|benchmarks)/[\w./]*\.\w+)\b", TEXTS[page])
    assert [file for file in files if "mine" not in file and not (ROOT / file).exists()] == []


@pytest.mark.parametrize("page", TEXTS)
def test_names_of_the_package_that_it_shows_exist(page):
    names = set(re.findall(r"\bdeeplab_tf(?:\.\w+)+\b(?!\.\w)", TEXTS[page])) - {"deeplab_tf.keras"}
    assert [name for name in sorted(names) if not resolves(name)] == []


def options(command):
    """Those of a command, and of all below it."""
    names = {name for given in command.params for name in (*given.opts, *given.secondary_opts)}
    below = command.list_commands(click.Context(command)) if isinstance(command, click.Group) else ()
    return names.union({"--help"}, *(options(subcommand(command, name)) for name in below))


@pytest.mark.parametrize("page", TEXTS)
def test_options_of_the_commands_that_it_shows_exist(page):
    unknown = []
    for shown in re.findall(r"\bdeeplab-tf ((?:[^\n`|\\]|\\\n)*)", TEXTS[page]):
        command, words = find_command(shown.replace("\\\n", " ").split())
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
