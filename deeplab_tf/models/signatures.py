"""Constructors that show their shared arguments as their own, explain wrong ones, and take Keras's clones."""

from __future__ import annotations

import functools
import inspect
import re
import textwrap
import typing
from collections.abc import Callable, Mapping, Sequence

import keras

from deeplab_tf.checks import plain
from deeplab_tf.models.arguments import check_names
from deeplab_tf.models.shared_settings import SECTIONS, Argument

WIDTH, INDENT = 116, 4


def parameters_of(init: Callable) -> list[inspect.Parameter]:
    """A constructor's parameters, without `self`; those of `**settings: Unpack[...]` follow its own.

    Args:
        init: The constructor.

    Example:
        >>> def init(self, backbone: str, **settings: Unpack[ModelSettings]): ...
        >>> [parameter.name for parameter in parameters_of(init)][:3]
        ['backbone', 'labels', 'input_shape']
    """
    _, *own = inspect.signature(init).parameters.values()
    if not (own and "Unpack[" in str(own[-1].annotation)):
        return own
    _, *own = inspect.signature(init, eval_str=True).parameters.values()
    shared = _shared(own.pop())
    return own + [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=argument.default, annotation=kind)
        for name, (kind, argument) in shared.items()
    ]


def _shared(keywords: inspect.Parameter) -> Mapping[str, tuple[object, Argument]]:
    """By name of a shared argument, its type, and its default and meaning."""
    (settings,) = typing.get_args(keywords.annotation)
    hints = typing.get_type_hints(settings, include_extras=True)
    return {name: typing.get_args(hint) for name, hint in hints.items()}


def documentation_of(kind: type, sections: Mapping[str, str] = SECTIONS) -> str:
    """A class's docstring with the shared arguments in the place of `**settings`, and the sections that all have.

    Args:
        kind: The class.
        sections: Text by title, for whoever lacks it; those of models when left out.
    """
    *_, keywords = inspect.signature(kind.__init__, eval_str=True).parameters.values()
    text = inspect.cleandoc(kind.__doc__)
    shared = [f"{name}: {argument.text}" for name, (_, argument) in _shared(keywords).items()]
    text = re.sub(rf"^ +\*\*{keywords.name}: (?:.+\n)+", lambda _: "".join(map(_paragraph, shared)), text, flags=re.M)
    for title, content in sections.items():
        if f"\n{title}:\n" not in text:
            text = text.replace("\nExample:\n", f"\n{title}:\n{_paragraph(content)}\nExample:\n")
    return text


def show_shared(kind: type, sections: Mapping[str, str]) -> None:
    """Shows the shared arguments of a class that is no model as its own, in its signature and its docstring.

    Args:
        kind: A class, changed in place if its `__init__` has `**settings: Unpack[...]`.
        sections: As for `documentation_of`.
    """
    *_, keywords = inspect.signature(kind.__init__).parameters.values()
    if "Unpack[" not in str(keywords.annotation):
        return
    kind.__doc__ = documentation_of(kind, sections)
    kind.__signature__ = _OfTheClass(inspect.Signature(parameters_of(kind.__init__)))


def _paragraph(text: str) -> str:
    further = " " * 2 * INDENT if re.match(r"\w+: ", text) else " " * INDENT
    return textwrap.fill(text, WIDTH, initial_indent=" " * INDENT, subsequent_indent=further) + "\n"


def take_clones(kind: type) -> None:
    """Makes a constructor explain unknown and misplaced arguments, and take `(inputs, outputs)` as Keras gives them.

    Keras clones and restores a model as its own kind only if its constructor has `*args` and `**kwargs`; whoever asks
    for the signature of the class still sees its arguments.

    Args:
        kind: A model class that defines `__init__` and has `from_layers`; changed in place.
    """
    init = kind.__init__
    parameters = parameters_of(init)
    names = [one.name for one in parameters if one.kind is not one.VAR_KEYWORD]
    ordered = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    any_number = any(one.kind is one.VAR_POSITIONAL for one in parameters)
    if kind.__doc__ and "**settings: " in kind.__doc__:
        kind.__doc__ = documentation_of(kind)

    @functools.wraps(init)
    def constructor(self, *args, **kwargs):
        if _are_tensors(args[:2]) or _are_tensors([kwargs.get("inputs"), kwargs.get("outputs")]):
            return self.from_layers(*args, **kwargs)
        if len(args) > len(ordered) and not any_number:
            raise ValueError(
                f"{type(self).__name__} takes {' and '.join(ordered)} by position and all else by name; received "
                f"{len(args)} arguments by position. Write for instance output_stride=16."
            )
        if len(names) == len(parameters):
            check_names(type(self).__name__, kwargs, names)
        # A model's settings are stored as JSON.
        return init(self, *(plain(value) for value in args), **{name: plain(value) for name, value in kwargs.items()})

    # Keras compares the signature with what it sees of the function itself.
    del constructor.__wrapped__
    constructor.__annotations__ = {one.name: one.annotation for one in parameters if one.annotation is not one.empty}
    kind.__init__, kind.__signature__ = constructor, _OfTheClass(inspect.Signature(parameters))


class _OfTheClass:
    """An attribute that the class has and its instances have not: a model's call has a signature of its own."""

    def __init__(self, value):
        self._value = value

    def __get__(self, instance, owner):
        if instance is not None:
            raise AttributeError("only the class has it")
        return self._value


def _are_tensors(values: Sequence) -> bool:
    flat = [keras.tree.flatten(value) for value in values]
    return len(flat) == 2 and all(found and isinstance(found[0], keras.KerasTensor) for found in flat)
