"""What this package offers its users."""

import functools
import importlib
import types

import deeplab_tf

MEMBERS = types.FunctionType | property | functools.cached_property | classmethod | staticmethod


def public_names(*further):
    """By its whole name, everything that can be called by a public name; by the first of them if it has several.

    `further` are modules that are not names of the package itself, such as `"inference"`.
    """
    found = {}

    def visit(module):
        own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
        for name in getattr(module, "__all__", [name for name in own if not name.startswith("_")]):
            value = getattr(module, name)
            if isinstance(value, types.ModuleType):
                visit(value)
            elif callable(value):
                found.setdefault(id(value), (f"{module.__name__}.{name}".removeprefix("deeplab_tf."), value))

    visit(deeplab_tf)
    for name in further:
        visit(importlib.import_module(f"deeplab_tf.{name}"))
    return dict(found.values())


def own_methods(kind):
    """By name, the methods and properties of a class that no foreign class, Keras's for instance, has too.

    How it is called is one of them; what else begins with underscores is Python's or its own business.
    """
    foreign = {name for base in kind.__mro__ if not base.__module__.startswith("deeplab_tf") for name in vars(base)}
    return {
        name: member
        for name, member in vars(kind).items()
        if (name == "__call__" or not name.startswith("_")) and name not in foreign and isinstance(member, MEMBERS)
    }
