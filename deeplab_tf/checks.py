"""Checks of arguments: each gives the value back, or says what was received, what was expected and what to do."""

from __future__ import annotations

import difflib
import reprlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

SHOWN = 5


def is_whole(value, least: int | None = None, most: int | None = None) -> bool:
    """Whether a value is a whole number in a range, NumPy's included; `True`, `False` and floats are not.

    Example:
        >>> is_whole(np.int64(3)), is_whole(3, least=4), is_whole(True), is_whole(3.0)
        (True, False, False, False)
    """
    value = plain(value)
    if not isinstance(value, Integral) or isinstance(value, bool):
        return False
    return (least is None or value >= least) and (most is None or value <= most)


def is_number(
    value, least: float | None = None, most: float | None = None, *, above: float | None = None, below=None
) -> bool:
    """Whether a value is a finite real number in a range, as for `number`; `True` and `False` are not.

    Example:
        >>> is_number(np.float32(0.5)), is_number(float("nan")), is_number(1, below=1), is_number("1")
        (True, False, False, False)
    """
    value = plain(value)
    # JSON's integers may be larger than any float. A comparison with NaN fails.
    if not isinstance(value, Real) or isinstance(value, bool) or not abs(value) <= sys.float_info.max:
        return False
    ends = (least is None or value >= least) and (most is None or value <= most)
    return ends and (above is None or value > above) and (below is None or value < below)


def expect(valid: bool, name: str, value, expected: str, remedy: str) -> None:
    """The message of every wrong argument.

    Args:
        valid: Whether the value is right.
        name: The argument.
        value: What was received; the message shortens it.
        expected: What it must be.
        remedy: What to do, a sentence.

    Raises:
        ValueError: If it is not valid.

    Example:
        >>> expect(False, "labels", 3.5, "a name or a number of classes", "Try 2.")
        Traceback (most recent call last):
        ValueError: labels must be a name or a number of classes; received 3.5. Try 2.
    """
    if not valid:
        raise ValueError(f"{name} must be {expected}; received {reprlib.repr(plain(value))}. {remedy}")


def whole(name: str, value, *, least: int | None = 1, most: int | None = None, remedy: str) -> int:
    """A whole number in a range.

    Args:
        name: The argument.
        value: Anything.
        least: The smallest allowed, or None.
        most: The largest allowed, or None.
        remedy: What to do, a sentence.

    Returns:
        The number, a Python `int`, so that it can be stored as JSON.

    Raises:
        ValueError: If it is not such a number.

    Example:
        >>> whole("filters", np.int64(256), remedy="Try 256.")
        256
        >>> whole("filters", 0, remedy="Try 256.")
        Traceback (most recent call last):
        ValueError: filters must be a whole number above 0; received 0. Try 256.
    """
    expect(is_whole(value, least, most), name, value, "a whole number" + _whole_range(least, most), remedy)
    return int(value)


def number(
    name: str,
    value,
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    below: float | None = None,
    remedy: str,
) -> float:
    """A finite number in a range.

    Args:
        name: The argument.
        value: Anything.
        least: The smallest allowed, or None.
        most: The largest allowed, or None.
        above: What it has to be larger than, or None.
        below: What it has to be smaller than, or None.
        remedy: What to do, a sentence.

    Returns:
        The number, a Python `float`, or an `int` where it was a whole number.

    Raises:
        ValueError: If it is not such a number.

    Example:
        >>> number("dropout", 1.5, least=0, below=1, remedy="Try 0.1.")
        Traceback (most recent call last):
        ValueError: dropout must be a number from 0 to below 1; received 1.5. Try 0.1.
    """
    valid = is_number(value, least, most, above=above, below=below)
    expect(valid, name, value, "a number" + _range(least, most, above, below), remedy)
    return int(value) if is_whole(value) else float(value)


def whole_numbers(name: str, values, *, least: int = 1, length: int | None = None, remedy: str) -> tuple[int, ...]:
    """A sequence of whole numbers.

    Args:
        name: The argument.
        values: Anything.
        least: The smallest allowed.
        length: How many there have to be; None for any number of them, also none.
        remedy: What to do, a sentence.

    Returns:
        The numbers, Python `int`s.

    Raises:
        ValueError: If it is not such a sequence.

    Example:
        >>> whole_numbers("atrous_rates", np.array([6, 12, 18]), remedy="Try (6, 12, 18).")
        (6, 12, 18)
        >>> whole_numbers("multi_grid", (1, 0), length=3, remedy="Try (1, 2, 4).")
        Traceback (most recent call last):
        ValueError: multi_grid must be 3 whole numbers above 0; received (1, 0). Try (1, 2, 4).
    """
    given = _items(values)
    valid = given is not None and all(is_whole(value, least) for value in given) and length in (None, len(given))
    expected = f"{length or ''} whole numbers".strip() + _whole_range(least)
    expect(valid, name, values, expected, remedy)
    return tuple(int(value) for value in given)


def sides(name: str, value, *, above: int = 0, most: int | None = None, remedy: str) -> tuple[int, int]:
    """A size: one side of a square, or (height, width).

    Args:
        name: The argument.
        value: Anything.
        above: What each side has to be larger than.
        most: The largest side allowed, or None.
        remedy: What to do, a sentence.

    Returns:
        (height, width), Python `int`s.

    Raises:
        ValueError: If it is not a size.

    Example:
        >>> sides("size", 513, remedy="Try 513."), sides("size", np.array([375, 500]), remedy="Try 513.")
        ((513, 513), (375, 500))
        >>> sides("crop_size", (8, 513), above=16, remedy="Try 513.")
        Traceback (most recent call last):
        ValueError: crop_size must be a side or (height, width) in pixels, above 16; received (8, 513). Try 513.
    """
    given = [value, value] if is_whole(value) else _items(value)
    valid = given is not None and len(given) == 2 and all(is_whole(side, above + 1, most) for side in given)
    limits = _range(None, most, above if above or most else None)
    expected = f"a side or (height, width) in pixels{',' if limits else ''}{limits}"
    expect(valid, name, value, expected, remedy)
    return int(given[0]), int(given[1])


def one_of(name: str, value, choices: Iterable, *, remedy: str | None = None):
    """One of several values.

    Args:
        name: The argument.
        value: Anything.
        choices: What there is.
        remedy: What to do beside taking the nearest choice, which the message names if one is near; a sentence.

    Returns:
        The choice that equals the value.

    Raises:
        ValueError: If none does.

    Example:
        >>> one_of("output_stride", np.int64(16), (8, 16, 32))
        16
        >>> one_of("model", "v3pluss", ("v2", "v3", "v3plus"))
        Traceback (most recent call last):
        ValueError: model must be one of 'v2', 'v3', 'v3plus'; received 'v3pluss'. Did you mean 'v3plus'?
    """
    choices, value = list(choices), plain(value)
    for choice in choices:
        if isinstance(value, bool) == isinstance(choice, bool) and (choice == value) is True:
            return choice
    hints = [f"Did you mean {meant!r}?" for meant in nearest(value, choices)] + ([remedy] if remedy else [])
    remedy = " ".join(hints) or "Choose one of them."
    raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}; received {reprlib.repr(value)}. {remedy}")


def nearest(given, choices: Iterable, most: int = 1) -> list[str]:
    """The texts that were probably meant, the likeliest first; none where none is near.

    Args:
        given: What was given.
        choices: What there is; only its texts are compared, without regard to upper and lower case.
        most: How many to give.

    Example:
        >>> nearest("ResNet-50", ["resnet_50", "xception_65"]), nearest("vgg", ["resnet_50"])
        (['resnet_50'], [])
    """
    texts = {choice.lower(): choice for choice in choices if isinstance(choice, str)}
    return [texts[close] for close in difflib.get_close_matches(str(given).lower(), texts, n=most)]


def meant(given, choices: Iterable, most: int = 1) -> str:
    """A question after what `nearest` finds, for the end of a sentence; empty where it finds nothing."""
    close = nearest(given, choices, most)
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""


def listing(items: Iterable, shown: int = SHOWN, *, separator: str = ", ") -> str:
    """The first of many, and how many more there are.

    Args:
        items: Texts, or what `str` makes texts of.
        shown: How many to show.
        separator: Between two of them.

    Example:
        >>> listing(["a.png", "b.png", "c.png"], 2), listing([1, 2])
        ('a.png, b.png and 1 more', '1, 2')
    """
    texts = [str(item) for item in items]
    return separator.join(texts[:shown]) + (f" and {len(texts) - shown} more" if len(texts) > shown else "")


def plain(value: Any) -> Any:
    """NumPy's numbers as Python's, which can be stored as JSON; anything else as it is.

    Args:
        value: Anything; lists, tuples and dictionaries are gone through.

    Example:
        >>> plain(np.int64(3)), plain((np.float32(0.5), "a")), plain(np.array([6, 12]))
        (3, (0.5, 'a'), [6, 12])
    """
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(plain(item) for item in value)
    return value.tolist() if type(value).__module__ == "numpy" and hasattr(value, "tolist") else value


def _items(value) -> list | None:
    """What a sequence or an array holds, or None where it is neither."""
    if isinstance(value, str | bytes | Mapping) or not (isinstance(value, Sequence) or hasattr(value, "__array__")):
        return None
    return list(value) if getattr(value, "shape", None) != () else None


def _whole_range(least, most=None) -> str:
    return " above 0" if (least, most) == (1, None) else _range(least, most)


def _range(least, most, above=None, below=None) -> str:
    low = f"from {least}" if least is not None else f"above {above}" if above is not None else ""
    if most is not None:
        high = f"to {most}" if least is not None else f"at most {most}" if above is not None else f"of at most {most}"
    elif below is not None:
        high = f"to below {below}" if least is not None else f"below {below}"
    else:
        high = "up" if least is not None else ""
    joint = " and " if above is not None and high else " " if low and high else ""
    return f" {low}{joint}{high}" if low or high else ""
