"""What all converters take besides their own arguments: the options of `convert_pairs`."""

from __future__ import annotations

import functools
import inspect
import re
import textwrap
from collections.abc import Callable
from typing import TypeVar

from deeplab_tf.datasets.convert import convert_pairs

COMMON = {
    name: parameter
    for name, parameter in inspect.signature(convert_pairs).parameters.items()
    if parameter.kind is parameter.KEYWORD_ONLY and name != "source"
}
_PLACE = "    **options: `shards`, `workers`, `skip_bad`, `overwrite` and `max_side`, as for `convert_pairs`."
_Converter = TypeVar("_Converter", bound=Callable)


def with_common_options(converter: _Converter) -> _Converter:
    """Shows the options of `convert_pairs` in the signature and the description of a converter that hands them on.

    Args:
        converter: A function with `**options`, of which its docstring says what that of `convert_folder` says.

    Returns:
        The function, which refuses other options at once.
    """
    shown = inspect.signature(converter)
    own = [parameter for parameter in shown.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
    shown = shown.replace(parameters=[*own, *COMMON.values()])

    @functools.wraps(converter)
    def convert(*arguments, **options):
        shown.bind(*arguments, **options)
        return converter(*arguments, **options)

    convert.__signature__ = shown
    common = sections(convert_pairs)[1]["Args"]
    convert.__doc__ = inspect.getdoc(converter).replace(_PLACE, "\n".join(common[name] for name in COMMON))
    return convert


def sections(function: Callable) -> tuple[list[str], dict[str, dict[str, str]]]:
    """The paragraphs of a description, and the entries of its sections by name, as they stand there."""
    paragraphs, found = [], {}
    for block in (inspect.getdoc(function) or "").split("\n\n"):
        title, _, body = block.partition(":\n")
        if re.fullmatch(r"[A-Z]\w+", title):
            entries = re.split(r"\n(?=\S)", textwrap.dedent(body))
            found[title] = {entry.partition(":")[0].strip("*"): textwrap.indent(entry, "    ") for entry in entries}
        else:
            paragraphs.append(block)
    return paragraphs, found
