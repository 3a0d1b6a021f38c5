"""Class names as annotators type them: blanks that nobody sees, and names that look alike."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable

# As labelme writes it, and as people do.
BACKGROUNDS = ("_background_", "background", "__background__")


def tidy_label(label: str) -> str:
    """The label without blanks around it or more than one within.

    Example:
        >>> tidy_label(" traffic  light")
        'traffic light'
    """
    # Half of a surrogate pair could be neither printed nor stored.
    return " ".join(label.split()).encode("utf-8", "backslashreplace").decode()


def label_notes(labels: Iterable[str], untidy: Iterable[str]) -> tuple[str, ...]:
    """What to tell about labels that look alike.

    Args:
        labels: The labels of a folder.
        untidy: Those that had needless blanks.

    Example:
        >>> label_notes(["cat", "Cat"], [" cat"])[1]
        "The labels 'Cat' and 'cat' differ in case alone, and are two classes. Rename one if they are to be one."
    """
    labels, untidy = sorted(set(labels)), sorted(set(untidy))
    notes = []
    if untidy:
        notes.append(f"Needless blanks in labels do not count: {reprlib.repr(untidy)[1:-1]}.")
    by_case: dict[str, list[str]] = {}
    for label in labels:
        by_case.setdefault(label.casefold(), []).append(label)
    for alike in by_case.values():
        if len(alike) > 1:
            names = " and ".join(map(repr, alike))
            notes.append(
                f"The labels {names} differ in case alone, and are {'two' if len(alike) == 2 else len(alike)} classes. "
                "Rename one if they are to be one."
            )
    return tuple(notes)
