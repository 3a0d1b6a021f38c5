"""The repository's pages and their blocks of code."""

import pkgutil
import re
import textwrap
from pathlib import Path
from typing import NamedTuple

import click

from deeplab_tf.cli import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# By its path from the root.
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
_BLOCK = re.compile(r"(?:<!-- not run: (.+?) -->\n)?^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of code, and why it is not run, if the page says so."""

    reason: str
    language: str
    code: str


def blocks(text: str) -> list[Block]:
    return [Block(reason, language, textwrap.dedent(code)) for reason, language, code in _BLOCK.findall(text)]


def without_blocks(text: str) -> str:
    return _BLOCK.sub("", text)


def find_command(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command of `deeplab-tf` that words begin with, and the words after it."""
    command, words = cli, list(words)
    while words and (found := subcommand(command, words[0])):
        command = found
        words.pop(0)
    return command, words


def subcommand(command: click.Command, name: str) -> click.Command | None:
    """The command of a group; None where it has none of that name, or is not a group."""
    return command.get_command(click.Context(command), name) if isinstance(command, click.Group) else None


def resolves(name: str) -> bool:
    """Whether a name exists, such as `deeplab_tf.training:train`."""
    try:
        return pkgutil.resolve_name(name) is not None
    except (ImportError, AttributeError):
        return False
