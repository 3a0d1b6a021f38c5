"""What a docstring in Google's style says, section by section."""

import functools
import inspect

from harness.public_names import own_methods

SECTIONS = ("Args", "Returns", "Yields", "Raises", "Example", "Call arguments")


def section(text, name):
    """The lines of a section, without their indentation; none where there is no such section."""
    _, found, rest = f"\n{text}".partition(f"\n{name}:\n")
    lines = []
    for line in rest.splitlines() if found else ():
        if line and not line.startswith(" "):
            break
        lines.append(line[4:])
    return lines


def entries(text, name):
    """What a section has entries for: its arguments, or its errors."""
    heads = (line.partition(":") for line in section(text, name) if line and not line.startswith(" "))
    return {part.strip().lstrip("*") for head, colon, _ in heads if colon for part in head.split(",")}


def underlying(member):
    """The function that a class has as a method; that of a property is what reads it."""
    if isinstance(member, property):
        return member.fget
    if isinstance(member, functools.cached_property):
        return member.func
    return getattr(member, "__func__", member)


def described(value):
    return inspect.getdoc(value) or ""


def callables(public):
    """By name, the public names and their methods: (value, docstrings that may tell, whether it is a method).

    Of a method, what a base class of the package says of it counts too.
    """
    for name, value in public.items():
        yield name, value, [described(value)]
        for part, member in own_methods(value).items() if inspect.isclass(value) else ():
            bases = [base for base in value.__mro__[1:] if part in vars(base)]
            texts = [described(member), *(described(vars(base)[part]) for base in bases)]
            if not isinstance(member, property | functools.cached_property):
                yield f"{name}.{part}", underlying(member), texts


def arguments(value):
    """The names of what a call takes; not those that only a class of Keras's or Python's states."""
    if inspect.isclass(value):
        makers = [base for base in value.__mro__ if {"__init__", "__new__"} & set(vars(base))]
        if not makers[0].__module__.startswith("deeplab_tf"):
            return []
    return [name for name in inspect.signature(value).parameters if name not in ("self", "cls")]
