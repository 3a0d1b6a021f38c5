"""Writes the package as its users see it, for mkdocstrings: every public name in its public place, with no code.

Names are imported lazily, converters, models and settings get their arguments and their documentation when they are
imported, and `datasets/` and `export/` lie elsewhere: what reads sources alone would miss half of it.
"""

import ast
import functools
import inspect
import pkgutil
import re
import textwrap
import types
from collections import defaultdict
from pathlib import Path

from harness.public_names import own_methods, public_names

PACKAGE = "deeplab_tf"


def write_package(folder: Path) -> dict[str, list[str]]:
    """Writes one file without code for each public module.

    Args:
        folder: Where the package is written.

    Returns:
        By public module, `deeplab_tf` first, its names.
    """
    modules = defaultdict(dict)
    for path, value in public_names("inference").items():
        module, _, name = f"{PACKAGE}.{path}".replace("training.callbacks", "callbacks").rpartition(".")
        modules[module][name] = value
    for module, names in modules.items():
        file = folder.joinpath(*module.split("."), "__init__.py")
        file.parent.mkdir(parents=True, exist_ok=True)
        blocks = [_literal(pkgutil.resolve_name(module)), *(_outline(*item) for item in names.items())]
        file.write_text("\n\n".join(blocks), encoding="utf-8")
    return {module: list(names) for module, names in sorted(modules.items())}


def _literal(value: object) -> str:
    """A docstring without what is for contributors only, in the words that readers of Google's style know."""
    text, _, _ = (inspect.getdoc(value) or "").partition("\n\nThe public names stand in `__init__.pyi`")
    text = text.replace("\nExample:\n", "\nExamples:\n")
    # What stands before the first colon would be read as the type.
    text = re.sub(r"\n(Returns|Yields):\n {4}", r"\n\1:\n    : ", text)
    return repr(re.sub(r"\nCall arguments:\n((?: {4}.+\n)+)", _call_arguments, text))


def _call_arguments(section: re.Match) -> str:
    """A section that Google's style does not have, as the page shows the others."""
    items = re.split(r"\n(?=\S)", textwrap.dedent(section[1]).strip())
    lines = [re.sub(r"^(\w+): ", r"**`\1`** – ", " ".join(item.split())) for item in items]
    return '\n<span class="doc-section-title">Call arguments:</span>\n\n' + "".join(f"- {line}\n" for line in lines)


def _outline(name: str, value: object) -> str:
    if not inspect.isclass(value):
        return _function(name, value)
    members = [_literal(value)]
    if not issubclass(value, Exception) or "__init__" in vars(value):  # other exceptions have no signature
        members.append(_function("__init__", value, documented=False))
    members += [_member(name, member) for name, member in own_methods(value).items()]
    return f"class {name}:\n" + textwrap.indent("\n\n".join(members), "    ")


def _member(name: str, member: object) -> str:
    if isinstance(member, property | functools.cached_property):
        function = member.fget if isinstance(member, property) else member.func
        return "@property\n" + _function(name, function)
    if isinstance(member, classmethod | staticmethod):
        return f"@{type(member).__name__}\n" + _function(name, member.__func__)
    return _function(name, member)


def _function(name: str, value: object, *, documented: bool = True) -> str:
    signature = inspect.signature(value)
    parameters = [
        one.replace(
            annotation=one.annotation if one.annotation is one.empty else _Shown(_annotation(one.annotation)),
            default=one.default if one.default is one.empty else _Shown(_default(one.default)),
        )
        for one in signature.parameters.values()
    ]
    returned = signature.return_annotation
    if name == "__init__":
        parameters.insert(0, inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY))
        returned = None
    returned = returned if returned is signature.empty else _Shown(_annotation(returned))
    body = _literal(value) if documented else "..."
    return f"def {name}{inspect.Signature(parameters, return_annotation=returned)}:\n    {body}"


class _Shown(str):
    """Source text, which a signature shows without quotes."""

    __slots__ = ()

    def __repr__(self):
        return str(self)


def _annotation(kind: object) -> str:
    return kind if isinstance(kind, str) else inspect.formatannotation(kind).replace("collections.abc.", "")


def _default(value: object) -> str:
    """How a source would write it; what has no such form is left open."""
    if isinstance(value, types.FunctionType | type):
        return value.__name__
    try:
        ast.parse(repr(value), mode="eval")
    except SyntaxError:
        return "..."
    return repr(value)
