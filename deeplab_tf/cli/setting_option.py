"""Options made from the fields of settings."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from deeplab_tf.cli.group import QuietCommand
from deeplab_tf.cli.options import LABELS, Assignment, Ids, MaxSide, Numbers, OrNone, Rates, Side
from deeplab_tf.settings import Setting, Settings, fields_of, option_of

REGISTRY = Path(__file__).resolve().parents[1] / "models" / "registry.py"


def model_names() -> list[str]:
    """The keys of `MODELS`, read from its source: importing it takes TensorFlow, too long for a help text."""
    module = ast.parse(REGISTRY.read_text(encoding="utf-8"))
    tables = [node for node in module.body if isinstance(node, ast.AnnAssign) and node.target.id == "MODELS"]
    return [ast.literal_eval(key) for key in tables[0].value.keys]


# By the name of the kind.
TYPES: dict[str, Callable[[Iterable[str]], Any]] = {
    "text": lambda choices: str,
    "whole": lambda choices: int,
    "number": lambda choices: float,
    "choice": lambda choices: click.Choice(list(choices)),
    "model": lambda choices: click.Choice(model_names()),
    "size": lambda choices: Side(),
    "limit": lambda choices: MaxSide(),
    "rates": lambda choices: Rates(),
    "numbers": lambda choices: Numbers(),
    "labels": lambda choices: LABELS,
    "ids": lambda choices: Ids(),
    "class_weights": lambda choices: OrNone(),
    "arguments": lambda choices: Assignment(),
}


class SettingOption(click.Option):
    """An option that the help lists under the title of its group."""

    def __init__(self, *args, title: str = "", **kwargs):
        super().__init__(*args, **kwargs)
        self.title = title


class SettingsCommand(QuietCommand):
    """A command whose help lists settings by their groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        titles = {"Options": []}
        for param in self.get_params(ctx):
            if (record := param.get_help_record(ctx)) is not None:
                titles.setdefault(getattr(param, "title", "") or "Options", []).append(record)
        for title, records in titles.items():
            with formatter.section(title):
                formatter.write_dl(records)


def setting_options(groups: Mapping[str, type[Settings]]) -> Callable:
    """Gives a command an option for every setting of some groups, first of all those that have no default.

    One that is not given is None, so that it leaves its setting alone; the help shows the default.

    Args:
        groups: The groups by title.
    """
    options = [
        _option(name, field, known, "" if field.default is dataclasses.MISSING else title.capitalize())
        for title, group in groups.items()
        for name, (field, known) in fields_of(group).items()
    ]

    def decorate(command):
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def given_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those options of the command that runs which were given; None is what some say by `none`."""
    source = click.get_current_context().get_parameter_source
    return {name: value for name, value in options.items() if source(name) is not ParameterSource.DEFAULT}


def _option(name: str, field: dataclasses.Field, known: Setting, title: str) -> Callable:
    flag = option_of(name, known)
    extra: dict[str, Any] = {"metavar": known.metavar} if known.metavar else {}
    if known.kind.name == "flag":
        flag += f"/--no-{flag[2:]}"
        extra["default"] = None
    else:
        extra["type"] = TYPES[known.kind.name](known.kind.choices)
    if known.kind.name == "arguments":
        extra |= {"multiple": True, "callback": lambda ctx, param, value: dict(value) or None}
    return click.option(flag, name, cls=SettingOption, title=title, help=_help(field, known), **extra)


def _help(field: dataclasses.Field, known: Setting) -> str:
    table = known.kind.choices
    rows = [f"{name}: {row.help}" for name, row in table.items()] if isinstance(table, Mapping) else []
    text = known.help + (f" {'; '.join(rows)}." if rows else "")
    default = known.unset or _shown(field.default)
    return f"{text}  [default: {default}]" if default else text


def _shown(default) -> str:
    if default in (None, dataclasses.MISSING):
        return ""
    if isinstance(default, bool):
        return "yes" if default else "no"
    return f"{default:g}" if isinstance(default, float) else str(default)
