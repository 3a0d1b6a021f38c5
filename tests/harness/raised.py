"""Which errors a function's code raises, itself or by the helpers of the package that it calls: read, not run."""

import ast
import builtins
import functools
import inspect
import textwrap

from deeplab_tf import checks
from harness.docstrings import underlying

# What runs when a class is called.
MADE = ("__init__", "__post_init__")
CHECKS = (checks.expect, checks.number, checks.one_of, checks.sides, checks.whole, checks.whole_numbers)


def raised(value, depth=1):
    """The classes of errors that are raised within so many calls of helpers; not those of an interruption.

    What a helper raises counts whatever it is given, and whether it is caught does not: a table may know better.
    """
    if inspect.isclass(value):
        makers = (inspect.getattr_static(value, name, None) for name in MADE)
        return frozenset().union(*(_raised(maker, depth, value) for maker in makers if inspect.isfunction(maker)))
    return _raised(inspect.unwrap(value), depth, _owner(value))


def _owner(function):
    return getattr(inspect.getmodule(function), function.__qualname__.rpartition(".")[0], None)


@functools.cache
def _raised(function, depth, owner):
    function = inspect.unwrap(function)
    written = not function.__code__.co_filename.startswith("<")  # what dataclasses make is not
    if not written or not function.__module__.startswith("deeplab_tf"):
        return frozenset()
    if function in CHECKS:
        return frozenset({ValueError})
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    found = set()
    for node in _own(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            found |= _classes(node.exc, function, owner)
        elif isinstance(node, ast.Call):
            called = _resolved(node.func, function, owner)
            # Checks of arguments, and what a class builds upon, are no further away.
            near = called in CHECKS or _is_super(node.func)
            if not near and not depth:
                continue
            if inspect.isclass(called) and called.__module__.startswith("deeplab_tf"):
                found |= raised(called, depth - 1)
            elif inspect.isfunction(called):
                own = _is_own(node.func) or _is_super(node.func)
                found |= _raised(called, depth - (not near), owner if own else _owner(called))
    return frozenset(found)


def _own(tree):
    """The nodes of a function, except those of functions within it."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            yield node
            yield from _own(node)


def _classes(node, function, owner):
    """Of `raise Error(...)` the class; of `raise explained(...)` what the function says that it returns."""
    named = _resolved(node.func if isinstance(node, ast.Call) else node, function, owner)
    if inspect.isfunction(named):
        text = inspect.signature(named).return_annotation
        named = named.__globals__.get(text) or getattr(builtins, str(text), None)
    return {named} if inspect.isclass(named) and issubclass(named, Exception) else set()


def _is_own(node):
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


def _is_super(node):
    return isinstance(node, ast.Attribute) and ast.unparse(node.value) == "super()"


def _resolved(node, function, owner):
    if _is_super(node):
        above = _owner(function).__mro__[1:]
        return next((underlying(vars(base)[node.attr]) for base in above if node.attr in vars(base)), None)
    if _is_own(node):
        return underlying(inspect.getattr_static(owner, node.attr, None)) if owner else None
    if isinstance(node, ast.Name):
        return function.__globals__.get(node.id) or getattr(builtins, node.id, None)
    if isinstance(node, ast.Attribute):
        holder = _resolved(node.value, function, owner)
        within = inspect.ismodule(holder) or inspect.isclass(holder)
        return underlying(inspect.getattr_static(holder, node.attr, None)) if within else None
    return None
