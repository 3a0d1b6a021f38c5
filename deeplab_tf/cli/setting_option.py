"""Options whose defaults are those of `TrainConfig`."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import click

SOURCE = Path(__file__).resolve().parents[1] / "training" / "config.py"


@functools.cache
def setting_defaults() -> dict:
    """The default of every field of `TrainConfig` that has one.

    They are read from its source: importing it takes TensorFlow, too long for a help text.
    """
    module = ast.parse(SOURCE.read_text(encoding="utf-8"))
    fields = next(node.body for node in module.body if isinstance(node, ast.ClassDef) and node.name == "TrainConfig")
    given = [field for field in fields if isinstance(field, ast.AnnAssign) and field.value is not None]
    return {field.target.id: ast.literal_eval(field.value) for field in given}


class SettingOption(click.Option):
    """An option that leaves its setting alone when it is not given; the help shows the default."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        name, text = super().get_help_record(ctx)
        default = setting_defaults().get(self.name)
        if default is None or isinstance(default, bool) or "[default: " in text:
            return name, text
        shown = f"{default:g}" if isinstance(default, float) else default
        return name, f"{text}  [default: {shown}]"
