"""Settings in groups: dataclasses whose fields say what they hold, from which checks, options and help are made."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from deeplab_tf import checks

_KEY = "setting"
# What seeds and TensorFlow's own counters hold; no crop of the side fits into memory.
LARGEST_COUNT, LARGEST_SIDE = 2**32 - 1, 2**15


@dataclasses.dataclass(frozen=True)
class Kind:
    """What values a setting takes.

    Args:
        name: By which the command line knows what kind of option it becomes.
        check: A function of the setting's name and a value, which gives the value as it is kept, or raises
            `ValueError`.
        choices: All values, where they are few: a table, whose rows may have a `help`.
    """

    name: str
    check: Callable[[str, Any], Any]
    choices: Iterable[str] = ()


def whole(*, least: int = 1, most: int = LARGEST_COUNT, remedy: str) -> Kind:
    """A whole number in a range; `remedy` says what to do where it is not."""
    return Kind("whole", functools.partial(_whole, least=least, most=most, remedy=remedy))


def number(*, remedy: str, **limits: float) -> Kind:
    """A number; the limits are those of `checks.number`."""
    return Kind("number", functools.partial(checks.number, **limits, remedy=remedy))


def one_of(choices: Iterable[str]) -> Kind:
    """One of a few texts, or a key of a table."""
    return Kind("choice", functools.partial(_one_of, choices=choices), choices)


def size(*, most: int = LARGEST_SIDE, remedy: str) -> Kind:
    """A side, or (height, width)."""
    return Kind("size", functools.partial(_size, most=most, remedy=remedy))


def _whole(name: str, value, *, least: int, most: int, remedy: str) -> int:
    # The largest is what a machine can count, and only of interest to who gave a larger one.
    return checks.whole(name, value, least=least, most=most if checks.is_whole(value, least) else None, remedy=remedy)


def _one_of(name: str, value, *, choices: Iterable[str]) -> str:
    return checks.one_of(name, _text(name, value), choices)


def _size(name: str, value, *, most: int, remedy: str) -> int | tuple[int, int]:
    height, width = checks.sides(name, value, most=most, remedy=remedy)
    return height if checks.is_whole(value) else (height, width)


def _text(name: str, value) -> str:
    # Paths are texts to whoever gives them.
    value = str(value) if hasattr(value, "__fspath__") else value
    checks.expect(isinstance(value, str), name, value, "a text", "Give it in quotation marks.")
    return value


def _filled(name: str, value) -> str:
    value = _text(name, value)
    checks.expect(value != "", name, value, "a text that is not empty", "Leave it out, or say which.")
    return value


def _flag(name: str, value) -> bool:
    checks.expect(isinstance(value, bool), name, value, "true or false", "Give one of the two.")
    return value


def _arguments(name: str, value) -> dict:
    valid = isinstance(value, Mapping) and all(isinstance(key, str) and key.isidentifier() for key in value)
    checks.expect(valid, name, value, "arguments by name", "Give a dictionary.")
    return dict(value)


TEXT, FLAG, ARGUMENTS = Kind("text", _filled), Kind("flag", _flag), Kind("arguments", _arguments)


@dataclasses.dataclass(frozen=True)
class Setting:
    """What there is to know of one field.

    Args:
        kind: What values it takes.
        help: What it is, a sentence or two for everyone.
        more: Further sentences for those who write Python.
        name: What it is called outside its group, if not like the field.
        option: Its option on the command line, if not like the name.
        metavar: What the command line calls its value, if not by the kind.
        unset: What None comes to, where that is its default.
    """

    kind: Kind
    help: str
    more: str = ""
    name: str = ""
    option: str = ""
    metavar: str = ""
    unset: str = ""


def setting(kind: Kind, help: str, *, default: Any = dataclasses.MISSING, **known: str) -> Any:
    """A field of a group of settings.

    Args:
        kind: What values it takes. None is one of them where it is the default.
        help: What it is.
        default: Its default; without one it has to be given.
        **known: The other arguments of `Setting`.

    Example:
        >>> @dataclasses.dataclass(frozen=True, kw_only=True)
        ... class Stop(Settings):
        ...     "When to stop."
        ...
        ...     steps: int = setting(whole(remedy="Try 3000."), "Steps of the whole run.", default=3000)
        >>> Stop(steps=0)
        Traceback (most recent call last):
        ValueError: steps must be a whole number above 0; received 0. Try 3000.
    """
    return dataclasses.field(default=default, metadata={_KEY: Setting(kind, help, **known)})


class Settings:
    """A group of settings that checks itself: the base class of frozen dataclasses whose fields are `setting`s."""

    def __init_subclass__(cls):
        lines = [
            f"    {name}: {_told(found)}" for name, found in vars(cls).items() if isinstance(found, dataclasses.Field)
        ]
        text, raises, rest = inspect.cleandoc(cls.__doc__ or "").partition("\n\nRaises:\n")
        cls.__doc__ = "\n".join([text, "", "Args:", *lines]) + raises + rest

    def __post_init__(self):
        for name, (field, known) in fields_of(type(self)).items():
            value = getattr(self, field.name)
            if value is not None or field.default is not None:
                object.__setattr__(self, field.name, known.kind.check(name, value))

    def changed(self) -> list[str]:
        """The names of the fields that are not at their defaults."""
        return [field.name for field in dataclasses.fields(self) if getattr(self, field.name) != field.default]


def _told(field: dataclasses.Field) -> str:
    known = field.metadata[_KEY]
    default = known.unset or ("" if field.default in (dataclasses.MISSING, None) else repr(field.default))
    default = default and f"Default: {default}{'' if default.endswith('...') else '.'}"
    text = " ".join(filter(None, (known.help, known.more, default)))
    # Options by their names in Python.
    return re.sub("--([a-z-]+)", lambda option: f"`{option[1].replace('-', '_')}`", text)


def option_of(name: str, known: Setting) -> str:
    """What a setting's option is called on the command line."""
    return known.option or f"--{name.replace('_', '-')}"


def fields_of(group: type[Settings]) -> dict[str, tuple[dataclasses.Field, Setting]]:
    """The settings of a group by the names that they have outside it.

    Example:
        >>> field, known = fields_of(Augmentation)["rotate"]
        >>> field.default, known.help
        (0.0, 'Greatest random rotation in degrees.')
    """
    known = [(field, field.metadata[_KEY]) for field in dataclasses.fields(group)]
    return {setting.name or field.name: (field, setting) for field, setting in known}
